import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  attachPyramid,
  buildPyramid,
  clearPyramidCache,
  createGeoTiffWriter,
  noGeoTags,
  openRaster,
  type Raster,
} from "./index.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "orthomask-pyramid-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const width = 2500;
const height = 1100;

/** A raster whose every 2 × 2 square holds v, v + 2, v + 4, v + 6. */
async function makeRaster(): Promise<Raster> {
  const path = join(folder, "a.tif");
  const writer = await createGeoTiffWriter(path, {
    width,
    height,
    bands: 1,
    dtype: "uint8",
    geoTags: noGeoTags,
  });
  for (let row = 0; row < writer.tilesDown; row += 1) {
    for (let column = 0; column < writer.tilesAcross; column += 1) {
      const tile = new Uint8Array(512 * 512);
      for (let pixel = 0; pixel < tile.length; pixel += 1) {
        const x = column * 512 + (pixel % 512);
        const y = row * 512 + Math.floor(pixel / 512);
        tile[pixel] = (((x >> 1) + (y >> 1)) % 200) + (x & 1) * 2 + (y & 1) * 4;
      }
      await writer.writeTile(column, row, tile);
    }
  }
  await writer.finish();
  return openRaster(path);
}

test("a pyramid holds the means, is used at once, found again, and cleared", async () => {
  const cache = join(folder, "cache");
  const raster = await makeRaster();
  const shares: number[] = [];
  const outcome = await buildPyramid(raster, cache, { onProgress: (share) => shares.push(share) });
  expect(outcome.kind).toBe("built");
  expect(shares.at(-1)).toBe(1);
  expect(shares).toEqual([...shares].sort((first, second) => first - second));
  expect(raster.description.overviews).toEqual([2, 4, 8]);
  const half = await raster.readWindow({
    pixelWindow: { x: 1000, y: 600, width: 600, height: 200 },
    bands: [0],
    outputSize: { width: 300, height: 100 },
  });
  for (const [x, y] of [
    [0, 0],
    [17, 3],
    [299, 99],
  ] as const) {
    expect(half.data[y * 300 + x]).toBe(((500 + x + 300 + y) % 200) + (0 + 2 + 4 + 6) / 4);
  }
  await raster.close();

  const again = await openRaster(join(folder, "a.tif"));
  expect(await attachPyramid(again, cache)).toBe(true);
  expect(await buildPyramid(again, cache)).toEqual({ kind: "not-needed" });
  await again.close();

  const touched = await openRaster(join(folder, "a.tif"));
  await touched.close();
  await utimes(join(folder, "a.tif"), new Date(0), new Date(0));
  const changed = await openRaster(join(folder, "a.tif"));
  expect(await attachPyramid(changed, cache)).toBe(false);
  await changed.close();

  expect(await clearPyramidCache(cache)).toBeGreaterThan(0);
  expect(await readdir(cache)).toEqual([]);
});

test("an aborted pyramid leaves nothing, a damaged one is made again", async () => {
  const cache = join(folder, "cache");
  const raster = await makeRaster();
  await expect(buildPyramid(raster, cache, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    name: "AbortError",
  });
  expect(await readdir(cache)).toEqual([]);
  const first = await buildPyramid(raster, cache);
  await raster.close();
  const [name = ""] = await readdir(cache);
  await writeFile(join(cache, name), "II*\0nonsense");
  const again = await openRaster(join(folder, "a.tif"));
  expect(await buildPyramid(again, cache)).toEqual(first);
  await again.close();
});

test("pyramids beyond the limit go, the one just made stays", async () => {
  const cache = join(folder, "cache");
  const raster = await makeRaster();
  await buildPyramid(raster, cache);
  await raster.close();
  await utimes(join(folder, "a.tif"), new Date(1000), new Date(1000));
  const other = await openRaster(join(folder, "a.tif"));
  await buildPyramid(other, cache, { maxCacheBytes: 1 });
  expect(await readdir(cache)).toHaveLength(1);
  expect(await attachPyramid(other, cache)).toBe(false);
  expect(other.description.overviews).toEqual([2, 4, 8]);
  await other.close();
});
