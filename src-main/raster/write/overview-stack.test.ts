import { expect, test } from "vitest";
import type { SampleArray } from "../typed-pixels.ts";
import { levelSizes, OverviewStack, type LevelTile } from "./overview-stack.ts";

const tileSize = 16;
const nodata = 255;

/** The most frequent of each four pixels that aren't nodata, the first in a tie; written without regard to speed. */
function halvedByCounting(ids: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> {
  const [halfWidth, halfHeight] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  return Uint8Array.from({ length: halfWidth * halfHeight }, (_, at) => {
    const [column, row] = [(at % halfWidth) * 2, Math.floor(at / halfWidth) * 2];
    const counts = new Map<number, number>();
    for (const [x, y] of [
      [column, row],
      [column + 1, row],
      [column, row + 1],
      [column + 1, row + 1],
    ] as const) {
      const id = ids[y * width + x] ?? nodata;
      if (x < width && y < height && id !== nodata) {
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
    }
    return [...counts].reduce<[number, number]>(
      (best, next) => (next[1] > best[1] ? next : best),
      [nodata, 0],
    )[0];
  });
}

function tileOf(
  ids: Uint8Array,
  width: number,
  height: number,
  column: number,
  row: number,
): Uint8Array<ArrayBuffer> {
  const tile = new Uint8Array(tileSize * tileSize).fill(nodata);
  for (let y = 0; y < tileSize && row * tileSize + y < height; y += 1) {
    for (let x = 0; x < tileSize && column * tileSize + x < width; x += 1) {
      tile[y * tileSize + x] = ids[(row * tileSize + y) * width + column * tileSize + x] ?? nodata;
    }
  }
  return tile;
}

/** Numbers that look random and are the same at each run. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const size = { width: 101, height: 70 };
const random = noise(7);
// Patches, so that the quick path for equal neighbours is taken too.
const image = Uint8Array.from({ length: size.width * size.height }, (_, at) =>
  random() < 0.2 ? ([0, 3, 9, nodata][Math.floor(random() * 4)] ?? 0) : (at >> 4) & 1,
);

test.each([
  ["row by row", Infinity, "rows"],
  ["in any order", Infinity, "shuffled"],
  ["in any order with room for two", 2 * tileSize ** 2, "shuffled"],
  ["with no room at all", 0, "rows"],
  ["with a tile given twice", Infinity, "twice"],
] as const)("overviews of tiles that come %s are those of the whole", async (_, maxSamples, order) => {
  const levels = levelSizes(size, tileSize, true);
  expect(levels.map(({ width, height }) => [width, height])).toEqual([
    [101, 70],
    [51, 35],
    [26, 18],
    [13, 9],
  ]);
  const kept = levels.map(() => new Map<number, SampleArray>());
  const stack = new OverviewStack({
    levels,
    tileSize,
    bands: 1,
    nodata,
    opacityBand: null,
    resampling: "mode",
    maxSamples,
    blankTile: () => new Uint8Array(tileSize * tileSize).fill(nodata),
  });
  const keep = ({ level, index, samples }: LevelTile & { readonly samples: SampleArray }): void => {
    kept[level]?.set(index, samples);
    const above = stack.add({ level, index }, samples);
    if (above !== null) {
      keep(above);
    }
  };
  const [full] = levels;
  const { tilesAcross, tilesDown } = full as (typeof levels)[number];
  const indices = Array.from({ length: tilesAcross * tilesDown }, (_, index) => index);
  if (order === "shuffled") {
    const shuffle = noise(3);
    indices.sort(() => shuffle() - 0.5);
  }
  for (const index of indices) {
    const samples = tileOf(
      image,
      size.width,
      size.height,
      index % tilesAcross,
      Math.floor(index / tilesAcross),
    );
    if (order === "twice" && index === 8) {
      keep({ level: 0, index, samples: samples.map(() => 77) });
      stack.forget({ level: 0, index });
      kept[0]?.set(index, samples);
    } else {
      keep({ level: 0, index, samples });
    }
  }
  for (const level of levels.keys()) {
    stack.flush(level).forEach(keep);
    for (const index of stack.stale(level)) {
      const rebuilt = await stack.rebuild({ level, index }, (child) =>
        Promise.resolve(kept[level - 1]?.get(child) as SampleArray),
      );
      kept[level]?.set(index, rebuilt);
    }
  }
  let [ids, { width, height }] = [image, size];
  for (const [level, { tilesAcross: across, tilesDown: down }] of levels.entries()) {
    for (let index = 0; index < across * down; index += 1) {
      const expected = tileOf(ids, width, height, index % across, Math.floor(index / across));
      expect({ level, index, ids: kept[level]?.get(index) }).toEqual({ level, index, ids: expected });
    }
    ids = halvedByCounting(ids, width, height);
    [width, height] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  }
});
