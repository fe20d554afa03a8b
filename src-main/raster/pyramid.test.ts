import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { buildRasterChild } from "../../fixtures/build-raster-child.ts";
import {
  attachPyramid,
  buildPyramid,
  createGeoTiffWriter,
  detachPyramid,
  listPyramids,
  noGeoTags,
  openRaster,
  sweepInterruptedPyramids,
  trimPyramids,
  type GeoTiffOptions,
  type Raster,
} from "./index.ts";
import { markOf, ownMark } from "./write/process-mark.ts";

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

  expect(await trimPyramids(cache, 0)).toBeGreaterThan(0);
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

test("pyramids beyond the limit go, least recently used first, those in use last", async () => {
  const cache = join(folder, "cache");
  const rasters: Raster[] = [await makeRaster()];
  await buildPyramid(rasters[0] ?? expect.unreachable(), cache);
  for (const seconds of [1000, 2000]) {
    await utimes(join(folder, "a.tif"), new Date(seconds), new Date(seconds));
    const other = await openRaster(join(folder, "a.tif"));
    await buildPyramid(other, cache);
    rasters.push(other);
  }
  const [first, second, third] = await listPyramids(cache);
  const each = first?.bytes ?? 0;
  const removed: string[] = [];
  const beforeRemoval = (path: string): Promise<void> => {
    removed.push(path);
    return Promise.resolve();
  };
  const inUse = new Set([first?.path ?? ""]);
  expect(await trimPyramids(cache, each * 2.5, { inUse, beforeRemoval })).toBe(second?.bytes);
  expect(await trimPyramids(cache, each * 1.5, { inUse, beforeRemoval })).toBe(third?.bytes);
  expect(removed).toEqual([second?.path, third?.path]);
  expect((await listPyramids(cache)).map(({ path }) => path)).toEqual([first?.path]);
  await Promise.all(rasters.map((raster) => raster.close()));
});

test("a pyramid can be taken away while windows are being read, and the raster goes on without it", async () => {
  const cache = join(folder, "cache");
  const raster = await makeRaster();
  await buildPyramid(raster, cache);
  const window = {
    pixelWindow: { x: 0, y: 0, width: 2000, height: 1000 },
    bands: [0],
    outputSize: { width: 1000, height: 500 },
  };
  const under = raster.readWindow({ ...window, resampling: "average" });
  await detachPyramid(raster);
  await trimPyramids(cache, 0);
  expect(raster.description.overviews).toEqual([]);
  const before = await under;
  const after = await raster.readWindow({ ...window, resampling: "average" });
  expect(Buffer.from(after.data.buffer).equals(Buffer.from(before.data.buffer))).toBe(true);
  await raster.close();
});

test("what a killed process left half-made goes, what a running one makes stays", async () => {
  const cache = join(folder, "cache");
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
  await once(child, "spawn");
  const folders = [`building-${markOf(child.pid ?? 0)}`, `building-${ownMark}`];
  for (const name of folders) {
    await mkdir(join(cache, name), { recursive: true });
    await writeFile(join(cache, name, ".x.pyramid.tif.tiles.0.partial"), "half");
  }
  await sweepInterruptedPyramids(cache);
  expect((await readdir(cache)).sort()).toEqual([...folders].sort());
  child.kill("SIGKILL");
  await once(child, "exit");
  await sweepInterruptedPyramids(cache);
  expect(await readdir(cache)).toEqual([`building-${ownMark}`]);
});

test("an interrupted pyramid is gone on with, and becomes the same to the last byte", async () => {
  const raster = await makeRaster();
  const whole = await buildPyramid(raster, join(folder, "whole"));
  await raster.close();
  const [name = ""] = await readdir(join(folder, "whole"));
  const expected = await readFile(join(folder, "whole", name));
  expect(whole.kind).toBe("built");

  const cache = join(folder, "cache");
  const { script, remove } = await buildRasterChild();
  // Of the six tiles of the first level it makes four, and is killed then.
  const child = fork(script, ["pyramid", join(folder, "a.tif"), cache, "4"], { execArgv: [] });
  await once(child, "message");
  child.kill("SIGKILL");
  await once(child, "exit");
  await remove();
  await sweepInterruptedPyramids(cache);
  expect((await listPyramids(cache)).map(({ kind }) => kind)).toEqual(["unfinished"]);

  // Cancelled at the fifth, it still has four: three are made at once.
  const again = await openRaster(join(folder, "a.tif"));
  const stop = new AbortController();
  const cancelled = buildPyramid(again, cache, { signal: stop.signal, beforeTile: aborting(stop) });
  await expect(cancelled).rejects.toMatchObject({ name: "AbortError" });
  expect((await listPyramids(cache)).map(({ kind }) => kind)).toEqual(["unfinished"]);

  const [unfinished] = await listPyramids(cache);
  // What comes behind is no tile: the last one was half written when the power went.
  await appendFile(unfinished?.path ?? "", Buffer.alloc(5000, 7));
  let made = 0;
  const beforeTile = (): Promise<void> => {
    made += 1;
    return Promise.resolve();
  };
  expect(await buildPyramid(again, cache, { beforeTile })).toEqual(whole);
  expect(made).toBe(2);
  await again.close();
  expect(await readdir(cache)).toEqual([name]);
  expect((await readFile(join(cache, name))).equals(expected)).toBe(true);
}, 60_000);

/** Cancels when the first tile is about to be made. */
function aborting(stop: AbortController): () => Promise<void> {
  return () => {
    stop.abort();
    return Promise.resolve();
  };
}

test("of a raster with a mask, what is hidden stays hidden and colours nothing", async () => {
  const cache = join(folder, "cache");
  await (await makeRaster()).close();
  const mask = await createGeoTiffWriter(join(folder, "a.tif.msk"), {
    ...{ width, height, bands: 1, dtype: "uint8", geoTags: noGeoTags },
  });
  // Seen inside a circle.
  for (let row = 0; row < mask.tilesDown; row += 1) {
    for (let column = 0; column < mask.tilesAcross; column += 1) {
      const tile = Uint8Array.from({ length: 512 * 512 }, (_, pixel) =>
        Math.hypot(column * 512 + (pixel % 512) - 1200, row * 512 + Math.floor(pixel / 512) - 500) < 480
          ? 255
          : 0,
      );
      await mask.writeTile(column, row, tile);
    }
  }
  await mask.finish();
  const raster = await openRaster(join(folder, "a.tif"));
  expect(raster.description.hasMaskBand).toBe(true);
  // The third level is a fraction of a pixel wider than an eighth.
  const windows = [2, 4].map((factor) => ({
    ...{ pixelWindow: { x: 0, y: 0, width: 2496, height: 1096 }, bands: [0] },
    ...{ outputSize: { width: 2496 / factor, height: 1096 / factor }, resampling: "average" as const },
  }));
  const before = await Promise.all(windows.map((window) => raster.readWindow(window)));
  expect((await buildPyramid(raster, cache)).kind).toBe("built");
  expect(raster.description.overviews).toEqual([2, 4, 8]);
  for (const [index, window] of windows.entries()) {
    const { data, valid } = await raster.readWindow(window);
    const shown = before[index]?.valid ?? expect.unreachable();
    expect(Buffer.from(valid ?? []).equals(Buffer.from(shown))).toBe(true);
    expect(shown.includes(0)).toBe(true);
    let largest = 0;
    for (const [at, value] of data.entries()) {
      if (valid?.[at] === 1) {
        largest = Math.max(largest, Math.abs(value - (before[index]?.data[at] ?? NaN)));
      }
    }
    // Rounded once a level.
    expect(largest).toBeLessThanOrEqual(2);
  }
  await raster.close();
  const again = await openRaster(join(folder, "a.tif"));
  expect(await attachPyramid(again, cache)).toBe(true);
  await again.close();
});

test("of class ids with a mask, what is hidden has no vote", async () => {
  const cache = join(folder, "cache");
  const ids = (x: number, y: number): number => {
    // Of every four pixels three are hidden, all of them 9, and one is seen; elsewhere all are.
    const isHidden = x < 1024 && !(x % 2 === 1 && y % 2 === 1);
    return isHidden ? 9 : ((x >> 4) + (y >> 4)) % 4;
  };
  const write = async (
    name: string,
    valueAt: (x: number, y: number) => number,
    options: Partial<GeoTiffOptions>,
  ): Promise<void> => {
    const how = { width, height, bands: 1, dtype: "uint8", geoTags: noGeoTags } as const;
    const writer = await createGeoTiffWriter(join(folder, name), { ...how, ...options });
    for (let row = 0; row < writer.tilesDown; row += 1) {
      for (let column = 0; column < writer.tilesAcross; column += 1) {
        const tile = Uint8Array.from({ length: 512 * 512 }, (_, pixel) =>
          valueAt(column * 512 + (pixel % 512), row * 512 + Math.floor(pixel / 512)),
        );
        await writer.writeTile(column, row, tile);
      }
    }
    await writer.finish();
  };
  await write("a.tif", ids, { colorTable: { "0": "#000000", "9": "#ffffff" } });
  await write("a.tif.msk", (x, y) => (ids(x, y) === 9 ? 0 : 255), {});
  const raster = await openRaster(join(folder, "a.tif"));
  expect((await buildPyramid(raster, cache)).kind).toBe("built");
  for (const factor of [2, 4]) {
    const outputSize = { width: 2048 / factor, height: 1024 / factor };
    const { data, valid } = await raster.readWindow({
      ...{ pixelWindow: { x: 0, y: 0, width: 2048, height: 1024 }, bands: [0], outputSize },
      resampling: "nearest",
    });
    expect(valid?.every((seen) => seen === 1) ?? true).toBe(true);
    const expected = Uint8Array.from(
      { length: data.length },
      (_, pixel) =>
        ((((pixel % outputSize.width) * factor) >> 4) +
          ((Math.floor(pixel / outputSize.width) * factor) >> 4)) %
        4,
    );
    expect(Buffer.from(data.buffer).equals(Buffer.from(expected))).toBe(true);
  }
  await raster.close();
});
