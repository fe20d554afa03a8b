import { bootstrapDifference } from "#shared/metrics/bootstrap.ts";
import { evaluationReport, type ReportClass } from "#shared/metrics/build-report.ts";
import { EvaluationTally } from "#shared/metrics/evaluation-tally.ts";
import { accuracyOf, classIouOf, meanIouOf } from "#shared/metrics/matrix-measures.ts";
import type { ComparedMeasure, RunComparison } from "#shared/metrics/run-comparison.ts";
import type { PixelSize } from "#shared/geo/pixel-window.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import type { IdSource } from "./compared-rasters.ts";
import { blocksOf, eachBand, type BandOptions } from "./each-band.ts";

/** One mosaic with its truth and what two runs say of it. */
export interface TwicePredictedMosaic {
  readonly size: PixelSize;
  readonly truth: IdSource;
  readonly first: IdSource;
  readonly second: IdSource;
}

/** Resamples whose 2.5 % and 97.5 % quantiles are steady to about a twentieth of the interval. */
const RESAMPLES = 2000;

/**
 * Compares two runs on the ground that both have predicted: pixels that either leaves empty count for neither, so that a run can't win by leaving
 * out what is hard.
 */
export async function compareRuns(
  mosaics: readonly TwicePredictedMosaic[],
  classes: readonly ReportClass[],
  options: BandOptions = {},
): Promise<Omit<RunComparison, "data" | "beware">> {
  const size = classes.length;
  const classIds = classes.map(({ id }) => id);
  const isCounted = new Uint8Array(256);
  for (const id of classIds) {
    isCounted[id] = 1;
  }
  const firstTally = new EvaluationTally(classIds);
  const secondTally = new EvaluationTally(classIds);
  const blocks: [Float64Array[], Float64Array[]] = [[], []];
  const disagreement = { firstRight: 0, secondRight: 0, bothWrong: 0 };
  for (const [index, mosaic] of mosaics.entries()) {
    await eachBand(
      mosaic.size,
      (band) => Promise.all([mosaic.truth(band), mosaic.first(band), mosaic.second(band)]),
      ([truth, first, second], band) => {
        const shared = truth.slice();
        for (let pixel = 0; pixel < shared.length; pixel++) {
          const [one, other] = [first[pixel]!, second[pixel]!];
          if (isCounted[one] === 0 || isCounted[other] === 0) {
            shared[pixel] = UNLABELLED_ID;
          } else if (one !== other && isCounted[shared[pixel]!] === 1) {
            disagreement[
              one === shared[pixel] ? "firstRight" : other === shared[pixel] ? "secondRight" : "bothWrong"
            ]++;
          }
        }
        for (const part of blocksOf(band)) {
          const inBand = { ...part, y: part.y - band.y };
          const counted = (tally: EvaluationTally, prediction: Uint8Array): Float64Array =>
            tally.add({ truth: shared, prediction, confidence: null, width: band.width }, inBand).confusion;
          const counts = [counted(firstTally, first), counted(secondTally, second)] as const;
          if (counts[0].some((count) => count > 0)) {
            blocks[0].push(counts[0]);
            blocks[1].push(counts[1]);
          }
        }
      },
      { ...options, onProgress: (share) => options.onProgress?.((index + share) / mosaics.length) },
    );
  }
  const measures = [
    (confusion: Float64Array) => meanIouOf(confusion, size),
    (confusion: Float64Array) => accuracyOf(confusion, size),
    ...classes.map((_, row) => (confusion: Float64Array) => classIouOf(confusion, size, row)),
  ];
  const intervals = bootstrapDifference(blocks[0], blocks[1], measures, { resamples: RESAMPLES, seed: 0 });
  const [first, second] = [firstTally.matrix, secondTally.matrix];
  const [meanIou, accuracy, ...classIou] = measures.map((measure, index): ComparedMeasure => ({
    first: measure(Float64Array.from(first.toRows().flat())),
    second: measure(Float64Array.from(second.toRows().flat())),
    difference: intervals[index] ?? null,
  }));
  return {
    first: evaluationReport(first, classes),
    second: evaluationReport(second, classes),
    meanIou: meanIou!,
    accuracy: accuracy!,
    classIou,
    blocks: blocks[0].length,
    disagreement,
  };
}
