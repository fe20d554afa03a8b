import { describe, expect, it } from "vitest";
import { ConfusionMatrix } from "#shared/metrics/confusion-matrix.ts";
import { evaluationDetailSchema } from "#shared/metrics/evaluation-detail.ts";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import { seededRandom } from "#shared/training/seeded-random.ts";
import { compareRuns } from "./compare-runs.ts";
import { evaluateInDetail, type ComparedMosaic } from "./detail.ts";
import { findPlaces } from "./places.ts";

const classes = [
  { id: 1, name: "field", color: "#00ff00" },
  { id: 4, name: "road", color: "#888888" },
];

/** A raster in memory that answers windows as files do: 255 outside. */
function windows(values: Uint8Array, width: number, height: number, outside: number) {
  return (pixelWindow: PixelWindow): Promise<Uint8Array> => {
    const out = new Uint8Array(pixelWindow.width * pixelWindow.height).fill(outside);
    for (let y = 0; y < pixelWindow.height; y++) {
      for (let x = 0; x < pixelWindow.width; x++) {
        const [column, row] = [x + pixelWindow.x, y + pixelWindow.y];
        if (column >= 0 && column < width && row >= 0 && row < height) {
          out[y * pixelWindow.width + x] = values[row * width + column]!;
        }
      }
    }
    return Promise.resolve(out);
  };
}

interface Drawn {
  readonly mosaic: ComparedMosaic;
  readonly truth: Uint8Array;
  readonly prediction: Uint8Array;
  readonly confidence: Uint8Array;
}

function drawn(mosaicId: string, width: number, height: number): Drawn {
  const random = seededRandom(1, mosaicId);
  const any = (ids: readonly number[]): number => ids[random.integer(ids.length)]!;
  const truth = Uint8Array.from({ length: width * height }, () => any([1, 4, 4, 255, 9]));
  const prediction = truth.map((id) => (random.next() < 0.8 ? id : any([1, 4, 255])));
  const confidence = truth.map(() => random.integer(256));
  const ids = windows(prediction, width, height, 255);
  const confidences = windows(confidence, width, height, 0);
  return {
    truth,
    prediction,
    confidence,
    mosaic: {
      mosaicId,
      size: { width, height },
      truth: windows(truth, width, height, 255),
      prediction: async (pixelWindow) => ({
        ids: await ids(pixelWindow),
        confidence: await confidences(pixelWindow),
      }),
      pixelArea: () => 0.25,
    },
  };
}

describe("evaluateInDetail", () => {
  const parts = [drawn("a", 700, 1100), drawn("b", 40, 30)];
  const mosaics = parts.map(({ mosaic }) => mosaic);

  it("counts what a plain count does, block by block", async () => {
    const { detail, blocks } = await evaluateInDetail(mosaics, classes);
    expect(evaluationDetailSchema.parse(detail)).toEqual(detail);
    const plain = new ConfusionMatrix([1, 4]);
    for (const { truth, prediction } of parts) {
      plain.add(truth, prediction);
    }
    expect(detail.report.confusion).toEqual(plain.toRows());
    expect(detail.report.unpredictedPixels).toBe(plain.unpredictedPixels);
    const summed = new ConfusionMatrix([1, 4]);
    for (const { confusion } of blocks) {
      summed.addCounts(confusion);
    }
    expect(summed.toRows()).toEqual(plain.toRows());
    // Two columns and three rows of blocks in the first, one in the second.
    expect(detail.blocks).toHaveLength(2 * 3 + 1);
  });

  it("maps every predicted pixel, labelled or not", async () => {
    const { detail } = await evaluateInDetail(mosaics, classes);
    const pixels = parts.flatMap(({ prediction }) => [...prediction]).filter((id) => id === 4).length;
    expect(detail.areas?.classes[1]?.mapped).toBeCloseTo(pixels * 0.25, 6);
    const nowhere = mosaics.map((mosaic) => ({ ...mosaic, pixelArea: () => null }));
    expect((await evaluateInDetail(nowhere, classes)).detail.areas).toBeNull();
  });

  it("finds calibration and curve from the same pixels", async () => {
    const { detail } = await evaluateInDetail(mosaics, classes);
    let positives = 0;
    let called = 0;
    for (const { truth, prediction, confidence } of parts) {
      for (const [index, id] of truth.entries()) {
        const said = prediction[index];
        if ((id === 1 || id === 4) && (said === 1 || said === 4)) {
          const score = said === 4 ? confidence[index]! : 255 - confidence[index]!;
          called += score >= 128 ? 1 : 0;
          positives += score >= 128 && id === 4 ? 1 : 0;
        }
      }
    }
    expect(detail.precisionRecall?.positiveClassId).toBe(4);
    expect(detail.precisionRecall?.points[128]?.precision).toBeCloseTo(positives / called, 12);
    const counted = detail.report.confusion.flat().reduce((sum, count) => sum + count, 0);
    const inBins = detail.calibration?.bins.reduce((sum, { pixels }) => sum + pixels, 0);
    expect(inBins).toBe(counted);
  });

  it("leaves pixels beside borders out, across bands too", async () => {
    const [width, height] = [20, 1100];
    // A border at row 511/512, where two bands meet.
    const truth = Uint8Array.from({ length: width * height }, (_, index) => (index < 512 * width ? 1 : 4));
    const mosaic: ComparedMosaic = {
      mosaicId: "halves",
      size: { width, height },
      truth: windows(truth, width, height, 255),
      prediction: async (pixelWindow) => ({
        ids: await windows(truth, width, height, 255)(pixelWindow),
        confidence: null,
      }),
      pixelArea: () => 1,
    };
    const { detail } = await evaluateInDetail([mosaic], classes, { borderTolerancePixels: 3 });
    expect(detail.report.confusion).toEqual([
      [(512 - 3) * width, 0],
      [0, (height - 512 - 3) * width],
    ]);
    expect(detail.calibration).toBeNull();
  });

  it("finds the places of a cell over all mosaics", async () => {
    const selection = { kind: "cell", truthId: 4, predictionId: 1 } as const;
    const { detail } = await evaluateInDetail(mosaics, classes);
    const { largest, pixels } = await findPlaces(mosaics, [1, 4], { selection, most: 5 });
    expect(pixels).toBe(detail.report.confusion[1]?.[0]);
    expect(largest).toHaveLength(5);
    for (const { mosaicId, anchor } of largest) {
      const part = parts[mosaicId === "a" ? 0 : 1]!;
      const at = Math.floor(anchor[1]) * part.mosaic.size.width + Math.floor(anchor[0]);
      expect([part.truth[at], part.prediction[at]]).toEqual([4, 1]);
    }
  });
});

describe("compareRuns", () => {
  it("judges both on what both have predicted, and says who was right", async () => {
    const one = drawn("a", 700, 600);
    const size = { width: 700, height: 600 };
    // Right wherever it says anything: it may gain nothing from what it leaves empty.
    const better = one.truth.map((id, index) => (index % 3 === 0 ? 255 : id));
    const source = (ids: Uint8Array) => windows(ids, size.width, size.height, 255);
    const comparison = await compareRuns(
      [{ size, truth: source(one.truth), first: source(one.prediction), second: source(better) }],
      classes,
    );
    const plain = new ConfusionMatrix([1, 4]);
    plain.add(
      one.truth.map((id, index) => (index % 3 === 0 ? 255 : id)),
      one.prediction,
    );
    expect(comparison.first.confusion).toEqual(plain.toRows());
    expect(comparison.second.meanIou).toBe(1);
    const wrong = plain.count(0, 1) + plain.count(1, 0);
    expect(comparison.disagreement).toEqual({ firstRight: 0, secondRight: wrong, bothWrong: 0 });
    expect(comparison.blocks).toBe(4);
    expect(comparison.meanIou.first).toBeCloseTo(comparison.first.meanIou ?? 0, 12);
    expect(comparison.meanIou.difference?.low).toBeGreaterThan(0);
    expect(comparison.meanIou.difference?.difference).toBeCloseTo(1 - (comparison.first.meanIou ?? 0), 12);
  });
});
