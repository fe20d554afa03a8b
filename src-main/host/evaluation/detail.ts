import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import { stratifiedAccuracy } from "#shared/metrics/area-estimate.ts";
import { evaluationReport, type ReportClass } from "#shared/metrics/build-report.ts";
import { calibration } from "#shared/metrics/calibration.ts";
import { meanIouOf } from "#shared/metrics/matrix-measures.ts";
import type { EvaluatedBlock, EvaluationDetail } from "#shared/metrics/evaluation-detail.ts";
import { EvaluationTally, type ComparedWindow } from "#shared/metrics/evaluation-tally.ts";
import { precisionRecall } from "#shared/metrics/precision-recall.ts";
import { eachComparedBand, type ComparedRasters, type ComparisonOptions } from "./compared-rasters.ts";
import { blocksOf } from "./each-band.ts";

/** One mosaic of an evaluation: its truth and prediction, and what its pixels are on the ground. */
export interface ComparedMosaic extends ComparedRasters {
  readonly mosaicId: string;
  /** Square metres of the pixel at a position; null where unknown. */
  readonly pixelArea: (column: number, row: number) => number | null;
}

/** A block with its confusion counts, `size · size` cells row-major. */
export interface CountedBlock {
  readonly mosaicId: string;
  readonly pixelWindow: PixelWindow;
  readonly confusion: Float64Array;
}

/** A detail with the counts of its blocks, which add up to its matrix. */
export interface CountedDetail {
  readonly detail: EvaluationDetail;
  readonly blocks: readonly CountedBlock[];
}

/** How mosaics are compared in detail, and who looks on. */
export interface DetailOptions extends ComparisonOptions {
  /** Sees each window of a mosaic as well, from the top: what else is wanted of the same pixels. */
  readonly onWindow?: ((mosaicId: string, window: ComparedWindow) => void) | undefined;
}

/** Compares whole mosaics in one pass and works out everything that an evaluation shows. */
export async function evaluateInDetail(
  mosaics: readonly ComparedMosaic[],
  classes: readonly ReportClass[],
  options: DetailOptions = {},
): Promise<CountedDetail> {
  const size = classes.length;
  const tally = new EvaluationTally(classes.map(({ id }) => id));
  const mappedAreas = new Float64Array(size);
  let areaIsKnown = true;
  const blocks: CountedBlock[] = [];
  for (const [index, mosaic] of mosaics.entries()) {
    await eachComparedBand(
      mosaic,
      (window, band) => {
        options.onWindow?.(mosaic.mosaicId, window);
        for (const part of blocksOf(band)) {
          const { confusion, mappedPixels } = tally.add(window, { ...part, y: part.y - band.y });
          const area = mosaic.pixelArea(part.x + part.width / 2, part.y + part.height / 2);
          areaIsKnown &&= area !== null;
          for (let column = 0; column < size; column++) {
            mappedAreas[column]! += mappedPixels[column]! * (area ?? 0);
          }
          if (confusion.some((count) => count > 0)) {
            blocks.push({ mosaicId: mosaic.mosaicId, pixelWindow: part, confusion });
          }
        }
      },
      { ...options, onProgress: (share) => options.onProgress?.((index + share) / mosaics.length) },
    );
  }
  const report = evaluationReport(tally.matrix, classes);
  const confidence = tally.confidenceCounts();
  const scores = tally.scoreCounts();
  const curve = scores === null ? null : precisionRecall(scores.positives, scores.negatives);
  const positive = classes[1];
  return {
    blocks,
    detail: {
      report,
      areas: areaIsKnown ? areasOf(report.confusion, [...mappedAreas], classes) : null,
      calibration: confidence === null ? null : mutable(calibration(confidence)),
      precisionRecall:
        curve === null || positive === undefined
          ? null
          : {
              positiveClassId: positive.id,
              averagePrecision: curve.averagePrecision,
              points: [...curve.points],
            },
      blocks: blocks.map((block) => evaluatedBlock(block, size)).toSorted(worstFirst),
    },
  };
}

function areasOf(
  confusion: readonly (readonly number[])[],
  mappedAreas: readonly number[],
  classes: readonly ReportClass[],
): EvaluationDetail["areas"] {
  const { areas, users, producers, overall } = stratifiedAccuracy(confusion, mappedAreas);
  return {
    overallAccuracy: overall,
    classes: classes.map(({ id }, index) => ({
      classId: id,
      ...areas[index]!,
      usersAccuracy: users[index] ?? null,
      producersAccuracy: producers[index] ?? null,
    })),
  };
}

function evaluatedBlock({ mosaicId, pixelWindow, confusion }: CountedBlock, size: number): EvaluatedBlock {
  let rightPixels = 0;
  for (let index = 0; index < size; index++) {
    rightPixels += confusion[index * (size + 1)] ?? 0;
  }
  return {
    mosaicId,
    pixelWindow,
    labelledPixels: confusion.reduce((sum, count) => sum + count, 0),
    rightPixels,
    meanIou: meanIouOf(confusion, size),
  };
}

function worstFirst(one: EvaluatedBlock, other: EvaluatedBlock): number {
  return (one.meanIou ?? 1) - (other.meanIou ?? 1);
}

function mutable({
  bins,
  expectedCalibrationError,
}: ReturnType<typeof calibration>): EvaluationDetail["calibration"] {
  return { bins: [...bins], expectedCalibrationError };
}
