import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawFolder, drawMosaic } from "../../../fixtures/learning/draw-folder.ts";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { openRaster, type Raster } from "../../raster/index.ts";
import { averagedPredictor } from "./averaged-predictor.ts";
import { blendChunk } from "./blend-chunk.ts";
import type { TilePredictor } from "../engine/index.ts";
import { predictRaster, type PredictRasterOptions } from "./predict-raster.ts";
import { predictionGrid } from "./prediction-grid.ts";
import { predictionSchedule } from "./prediction-schedule.ts";

let folder: string;
let raster: Raster;
/** Larger than a chunk in both directions, and a multiple of nothing. */
const drawn = drawMosaic("a", 1101, 707, 4);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-predict-"));
  await drawFolder(folder, [drawn]);
  raster = await openRaster(path.join(folder, "images", "a.png"));
});

afterAll(async () => {
  await raster.close();
  await rm(folder, { recursive: true, force: true });
});

type PixelAnswer = (
  color: readonly [number, number, number],
  column: number,
  row: number,
) => readonly number[];

/** A network that answers each pixel by a formula. */
function formulaPredictor(answer: PixelAnswer, inputPixels = 64, tilePixels = inputPixels): TilePredictor {
  return {
    tilePixels,
    inputPixels,
    input: { bands: [0, 1, 2], normalization: { kind: "uint8" } },
    idOfChannel: [1, 2, 4],
    batch: 5,
    predict: (images, count) => {
      const pixels = inputPixels ** 2;
      const probabilities = new Float32Array(count * pixels * 3);
      for (let pixel = 0; pixel < count * pixels; pixel++) {
        const color = [
          images[pixel * 3] ?? 0,
          images[pixel * 3 + 1] ?? 0,
          images[pixel * 3 + 2] ?? 0,
        ] as const;
        const place = pixel % pixels;
        probabilities.set(answer(color, place % inputPixels, Math.floor(place / inputPixels)), pixel * 3);
      }
      return Promise.resolve(probabilities);
    },
  };
}

/** By the drawn colours: field is the reddest, water is bluer than green, wood is the rest. */
const byColor: PixelAnswer = ([red, green, blue]) =>
  red > 150 ? [1, 0, 0] : blue > green ? [0, 0, 1] : [0, 1, 0];

async function predicted(
  predictor: TilePredictor,
  options: Partial<PredictRasterOptions> = {},
): Promise<{ ids: Uint8Array; confidence: Uint8Array; order: string[] }> {
  const { width, height } = raster.description;
  const ids = new Uint8Array(width * height).fill(77);
  const confidence = new Uint8Array(width * height);
  const order: string[] = [];
  await predictRaster(raster, predictor, { overlap: 0.25, ...options }, (chunk) => {
    order.push(`${chunk.column},${chunk.row}`);
    const { x, y, width: chunkWidth, height: chunkHeight } = chunk.pixelWindow;
    for (let row = 0; row < chunkHeight; row++) {
      const line = row * chunkWidth;
      ids.set(chunk.ids.subarray(line, line + chunkWidth), (y + row) * width + x);
      confidence.set(chunk.confidence.subarray(line, line + chunkWidth), (y + row) * width + x);
    }
    return Promise.resolve();
  });
  return { ids, confidence, order };
}

/** The formula over the whole image at once: what tiles must not change. */
function expectedIds(): Uint8Array {
  return Uint8Array.from({ length: drawn.width * drawn.height }, (_, pixel) => {
    const [red = 0, green = 0, blue = 0] = drawn.image.subarray(pixel * 3, pixel * 3 + 3);
    return [1, 2, 4][byColor([red, green, blue], 0, 0).indexOf(1)] ?? 0;
  });
}

describe("predictRaster", () => {
  it.each([0, 0.25, 0.5, 0.75])(
    "answers each pixel as if there were no tiles, at an overlap of %d",
    async (overlap) => {
      const { ids } = await predicted(formulaPredictor(byColor), { overlap });
      expect(Buffer.compare(ids, expectedIds())).toBe(0);
    },
  );

  it("keeps constant probabilities constant, also where input is coarser than the mosaic", async () => {
    for (const inputPixels of [64, 32, 48]) {
      const { ids, confidence } = await predicted(formulaPredictor(() => [0.2, 0.71, 0.09], inputPixels, 96));
      expect(new Set(ids)).toEqual(new Set([2]));
      expect(new Set(confidence)).toEqual(new Set([Math.round(255 * 0.71)]));
    }
  });

  it("leaves no seam where tiles disagree", async () => {
    // Each tile is surer the further right it looks, so that neighbours contradict each other where they meet.
    const slanted: PixelAnswer = (_, column) => [0.4 + (0.6 * column) / 64, 0.6 - (0.6 * column) / 64, 0];
    const largestStep = async (overlap: number): Promise<number> => {
      const { confidence } = await predicted(formulaPredictor(slanted), { overlap });
      let largest = 0;
      for (let x = 1; x < 400; x++) {
        const [left = 0, right = 0] = confidence.subarray(
          300 * drawn.width + x - 1,
          300 * drawn.width + x + 1,
        );
        largest = Math.max(largest, Math.abs(right - left));
      }
      return largest;
    };
    expect(await largestStep(0)).toBeGreaterThan(90);
    // The slant itself is 0.6 · 255 / 64 = 2.4 a pixel; from tile to tile (0.3 · 255 apart) the Hann weights pass at π / 64 a pixel at most.
    expect(await largestStep(0.5)).toBeLessThanOrEqual(Math.ceil(2.4 + 0.3 * 255 * (Math.PI / 64)) + 1);
  });

  it("mirrors at the edges: a tile never sees black there", async () => {
    const black = await predicted(
      formulaPredictor(([red, green, blue]) => (red + green + blue === 0 ? [0, 0, 1] : [1, 0, 0])),
    );
    expect(new Set(black.ids)).toEqual(new Set([1]));
  });

  it("begins with what is in view and writes each chunk once", async () => {
    const { order } = await predicted(formulaPredictor(byColor), {
      viewed: [{ x: 1050, y: 600, width: 40, height: 40 }],
    });
    expect(order[0]).toBe("2,1");
    expect(order.toSorted()).toEqual(["0,0", "0,1", "1,0", "1,1", "2,0", "2,1"]);
  });

  it("gives the same with little memory", async () => {
    const { ids } = await predicted(formulaPredictor(byColor), {
      heldBytes: 0,
      viewed: [{ x: 600, y: 100, width: 9, height: 9 }],
    });
    expect(Buffer.compare(ids, expectedIds())).toBe(0);
  });

  it("gives the same averaged over flips and turns, for a formula that doesn't care", async () => {
    const { ids } = await predicted(averagedPredictor(formulaPredictor(byColor)));
    expect(Buffer.compare(ids, expectedIds())).toBe(0);
  });

  it("ends when it is cancelled", async () => {
    const controller = new AbortController();
    const running = predictRaster(
      raster,
      formulaPredictor(byColor),
      { overlap: 0.25, signal: controller.signal },
      () => {
        controller.abort(new Error("enough"));
        return Promise.resolve();
      },
    );
    await expect(running).rejects.toThrow("enough");
  });
});

describe("predictionSchedule", () => {
  it.each([20, 60, 1000])("never holds more than %d tiles and has what each chunk needs", (heldTiles) => {
    const grid = predictionGrid(
      { width: 5000, height: 3000 },
      { tilePixels: 256, inputPixels: 256, overlap: 0.25 },
    );
    const steps = predictionSchedule(grid, {
      batch: 4,
      heldTiles,
      viewed: [{ x: 2500, y: 1500, width: 700, height: 500 }],
    });
    const held = new Set<number>();
    const finished: number[] = [];
    let predictedTiles = 0;
    let most = 0;
    for (const step of steps) {
      switch (step.kind) {
        case "predict":
          expect(step.tileIndices.length).toBeLessThanOrEqual(4);
          step.tileIndices.forEach((tile) => held.add(tile));
          predictedTiles += step.tileIndices.length;
          break;
        case "finish":
          expect(grid.chunks[step.chunkIndex]?.tileIndices.every((tile) => held.has(tile))).toBe(true);
          finished.push(step.chunkIndex);
          break;
        case "release":
          step.tileIndices.forEach((tile) => held.delete(tile));
          break;
      }
      most = Math.max(most, held.size);
    }
    expect(finished.toSorted((first, second) => first - second)).toEqual(
      grid.chunks.map((_, index) => index),
    );
    expect(most).toBeLessThanOrEqual(Math.max(heldTiles, 16 + 4));
    expect(held.size).toBe(0);
    if (heldTiles === 1000) {
      expect(predictedTiles).toBe(grid.tiles.length);
    }
  });
});

describe("blendChunk", () => {
  it("says how undecided probabilities are as SciPy does (skipped without the Python peers)", async (context) => {
    context.skip(peerPython() === undefined);
    const rows = [
      [1, 0, 0],
      [0.5, 0.5, 0],
      [1 / 3, 1 / 3, 1 / 3],
      [0.7, 0.2, 0.1],
    ];
    const tile = {
      pixelWindow: { x: 0, y: 0, width: 2, height: 2 },
      inputPixels: 2,
      probabilities: Float32Array.from(rows.flat()),
    };
    const { entropy } = blendChunk(tile.pixelWindow, [tile], [1, 2, 4], null);
    const expected = (await runPeer(
      `
import json, sys
from scipy.stats import entropy
print(json.dumps([float(entropy(row, base=3)) for row in json.loads(sys.argv[1])]))
`,
      [JSON.stringify(rows)],
    )) as number[];
    expect([...entropy]).toEqual(expected.map((value) => Math.round(255 * value)));
  });

  it("keeps 255 where the image has no data, and where no tile is", () => {
    const probabilities = new Float32Array(4 * 4 * 2).map((_, index) => (index % 2 === 0 ? 0.91 : 0.09));
    const tile = { pixelWindow: { x: 0, y: 0, width: 4, height: 4 }, inputPixels: 4, probabilities };
    const valid = Uint8Array.from([0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    const { ids, confidence } = blendChunk({ x: 2, y: 0, width: 3, height: 4 }, [tile], [3, 5], valid);
    expect([...ids]).toEqual([255, 3, 255, 3, 3, 255, 3, 3, 255, 3, 3, 255]);
    expect(confidence[0]).toBe(0);
    expect(confidence[1]).toBe(Math.round(0.91 * 255));
  });
});
