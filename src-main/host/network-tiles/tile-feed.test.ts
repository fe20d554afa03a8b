import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawFolder, drawMosaic, type DrawnMosaic } from "../../../fixtures/learning/draw-folder.ts";
import { noAugmentation } from "#shared/training/training-settings.ts";
import { Projects } from "../projects/index.ts";
import type { Project } from "../projects/project.ts";
import { LabelCensus } from "../training/label-census.ts";
import { defaultSettings } from "../training/presets.ts";
import { TileCache } from "./tile-cache.ts";
import { TileFeed, type TileBatch, type TileVariation } from "./tile-feed.ts";
import { prepareTrainingData, type TrainingData } from "../training/training-data.ts";

let folder: string;
let projects: Projects;
let project: Project;
let data: TrainingData;
const drawn = [drawMosaic("a", 150, 100, 1), drawMosaic("b", 96, 64, 2)];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-feed-"));
  await drawFolder(path.join(folder, "set"), drawn);
  projects = new Projects({ dataDirectory: path.join(folder, "data") });
  project = await projects.open(path.join(folder, "set"), { remember: false });
  data = await prepared(null);
});

afterAll(async () => {
  await projects.close();
  await rm(folder, { recursive: true, force: true });
});

function prepared(inputPixels: number | null): Promise<TrainingData> {
  return prepareTrainingData(
    project,
    { ...defaultSettings, tilePixels: 32, inputPixels, split: { kind: "mosaic", share: 0.3 }, seed: 3 },
    { census: new LabelCensus(), count: "wait", stride: 8 },
  );
}

function feedOf(
  source: TrainingData,
  cacheBytes = 2 ** 24,
  variation: Partial<TileVariation> = {},
): TileFeed {
  return new TileFeed(project, source.split.training, {
    shape: source.shape,
    normalization: { kind: "uint8" },
    batch: 4,
    cache: new TileCache(cacheBytes),
    variation: {
      sampling: "grid",
      augmentation: { ...noAugmentation, flips: true, quarterTurns: true },
      labels: source.labels,
      ...variation,
    },
  });
}

async function collected(batches: AsyncIterable<TileBatch>): Promise<TileBatch[]> {
  const all: TileBatch[] = [];
  for await (const batch of batches) {
    all.push(batch);
  }
  return all;
}

function drawnOf(mosaicId: string): DrawnMosaic {
  const { name } = project.mosaic(mosaicId);
  const found = drawn.find((mosaic) => mosaic.name === name);
  if (found === undefined) {
    throw new Error(`${name} was not drawn`);
  }
  return found;
}

/** Output channel of a class id; 9 is ignored, 255 unlabelled. */
const channelOfId: Readonly<Record<number, number>> = { 1: 0, 2: 1, 4: 2, 9: 255, 255: 255 };

describe("a feed's tiles", () => {
  it("are the mosaic's pixels and the mask's classes as channels", async () => {
    const [batch] = await collected(feedOf(data).batches({ shuffle: null }));
    const [tile] = data.split.training;
    if (batch === undefined || tile === undefined) {
      throw new Error("there is no tile");
    }
    const source = drawnOf(tile.mosaicId);
    for (let row = 0; row < 32; row++) {
      for (let column = 0; column < 32; column++) {
        const from = (tile.pixelWindow.y + row) * source.width + tile.pixelWindow.x + column;
        const to = row * 32 + column;
        expect(batch.channels[to]).toBe(channelOfId[source.mask[from] ?? 255]);
        expect([...batch.images.subarray(to * 3, to * 3 + 3)]).toEqual([
          ...source.image.subarray(from * 3, from * 3 + 3),
        ]);
      }
    }
  });

  it("average the image and take the nearest label when they are made smaller", async () => {
    const half = await prepared(16);
    const [tile] = half.split.training;
    const { image, channels } = await feedOf(half).tile(0);
    if (tile === undefined) {
      throw new Error("there is no tile");
    }
    const source = drawnOf(tile.mosaicId);
    const { x, y } = tile.pixelWindow;
    for (const [row, column] of [
      [3, 5],
      [0, 0],
      [15, 15],
      [7, 12],
    ] as const) {
      const corner = (y + 2 * row) * source.width + x + 2 * column;
      const four = [corner, corner + 1, corner + source.width, corner + source.width + 1];
      const mean = four.reduce((sum, pixel) => sum + (source.image[pixel * 3] ?? 0), 0) / 4;
      expect(Math.abs((image[(row * 16 + column) * 3] ?? 0) - mean)).toBeLessThanOrEqual(0.5);
      const candidates = four.map((pixel) => channelOfId[source.mask[pixel] ?? 255]);
      expect(candidates).toContain(channels[row * 16 + column]);
    }
  });

  it("are each fed once an epoch, in an order of its own, the last batch with what is left", async () => {
    const feed = feedOf(data);
    const orders = await Promise.all(
      [1, 2].map(async (epoch) =>
        (await collected(feed.batches({ shuffle: { seed: 5, epoch } }))).flatMap(
          ({ tileIndices }) => tileIndices,
        ),
      ),
    );
    const all = data.split.training.map((_, index) => index);
    expect(orders[0]?.toSorted((first, second) => first - second)).toEqual(all);
    expect(orders[1]?.toSorted((first, second) => first - second)).toEqual(all);
    expect(orders[0]).not.toEqual(orders[1]);
    const batches = await collected(feed.batches({ shuffle: null }));
    expect(batches.map(({ count }) => count).at(-1)).toBe(all.length % 4 === 0 ? 4 : all.length % 4);
  });

  it("are the same for the same seed, whatever the cache holds", async () => {
    const pass = { shuffle: { seed: 5, epoch: 3 } };
    const cold = await collected(feedOf(data).batches(pass));
    const warmFeed = feedOf(data);
    await collected(warmFeed.batches({ shuffle: null }));
    expect(await collected(warmFeed.batches(pass))).toEqual(cold);
    expect(await collected(feedOf(data, 0).batches(pass))).toEqual(cold);
    expect(await collected(warmFeed.batches({ shuffle: { ...pass.shuffle, seed: 6 } }))).not.toEqual(cold);
  });

  it("are flipped and turned with their masks, and nothing is made up", async () => {
    const feed = feedOf(data);
    const batches = await collected(feed.batches({ shuffle: { seed: 9, epoch: 1 } }));
    let turned = 0;
    for (const { images, channels, tileIndices } of batches) {
      for (const [slot, tileIndex] of tileIndices.entries()) {
        const plain = await feed.tile(tileIndex);
        const pairs = pixelPairs(
          images.subarray(slot * 3072, (slot + 1) * 3072),
          channels.subarray(slot * 1024, (slot + 1) * 1024),
        );
        const plainPairs = pixelPairs(plain.image, plain.channels);
        expect(pairs.toSorted()).toEqual(plainPairs.toSorted());
        turned += pairs.join() === plainPairs.join() ? 0 : 1;
      }
    }
    expect(turned).toBeGreaterThan(data.split.training.length / 2);
  });

  it("never hold what a flip or turn could change", async () => {
    const feed = feedOf(data);
    const before = Uint8Array.from((await feed.tile(0)).channels);
    await collected(feed.batches({ shuffle: { seed: 1, epoch: 1 } }));
    expect((await feed.tile(0)).channels).toEqual(before);
  });

  it("stop being read when the loop is left", async () => {
    for await (const batch of feedOf(data, 0).batches({ shuffle: null })) {
      expect(batch.count).toBe(4);
      break;
    }
    const aborted = AbortSignal.abort(new Error("enough"));
    await expect(collected(feedOf(data, 0).batches({ shuffle: null }, { signal: aborted }))).rejects.toThrow(
      "enough",
    );
  });
});

describe("label census", () => {
  it("counts every labelled pixel of a whole mosaic exactly", () => {
    for (const { id, name } of data.mosaics) {
      const source = drawn.find((mosaic) => mosaic.name === name);
      const counted = data.labels?.classPixels(id, {
        x: 0,
        y: 0,
        width: source?.width ?? 0,
        height: source?.height ?? 0,
      });
      expect(counted).toEqual(
        [1, 2, 4].map((classId) => source?.mask.filter((value) => value === classId).length),
      );
    }
  });
});

/** Each pixel as one text: its colour and its label. */
function pixelPairs(image: ArrayLike<number>, channels: Uint8Array): string[] {
  return Array.from(channels, (channel, pixel) =>
    [image[pixel * 3], image[pixel * 3 + 1], image[pixel * 3 + 2], channel].join(" "),
  );
}
