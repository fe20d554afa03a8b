import { createHash } from "node:crypto";
import { mkdir, readdir, rm, stat, utimes } from "node:fs/promises";
import { join, resolve } from "node:path";
import { eachInParallel } from "./blocks/limiter.ts";
import { openFileSource } from "./byte-source.ts";
import { blockEnvironment } from "./environment.ts";
import { LeveledRaster } from "./leveled-raster.ts";
import type { Raster } from "./raster.ts";
import { readOverviewFile } from "./tiff/dataset.ts";
import { noGeoTags } from "./tiff/geo-tags.ts";
import { allocateSamples, type SampleArray } from "./typed-pixels.ts";
import { halveInto } from "./write/decimate.ts";
import { createGeoTiffWriter } from "./write/geotiff-writer.ts";

/** How a pyramid is made. */
export interface PyramidOptions {
  readonly signal?: AbortSignal | undefined;
  /** Share of the work that is done, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
  /** Bytes of all pyramids together; the ones not used for longest go first. */
  readonly maxCacheBytes?: number;
}

/** What became of a request for a pyramid. */
export type PyramidOutcome =
  | { readonly kind: "built" | "found"; readonly bytes: number }
  /** The raster is small, or brings overviews of its own. */
  | { readonly kind: "not-needed" }
  /** Its mask would need a pyramid too; it is read from its full resolution instead. */
  | { readonly kind: "unsupported"; readonly reason: string };

const defaultCacheBytes = 8 * 2 ** 30;
/** Below this side a decimated read from the full resolution is quick enough. */
const smallSide = 2048;
const tileSize = 512;
/** While one is decoded, another is compressed. */
const tilesAtOnce = 3;
const extension = ".pyramid.tif";

/**
 * Gives a raster without overviews a pyramid in the cache folder, made by reading it through once, and lets it use it at once.
 *
 * The pyramid's name is made from the raster's path, size and date, so that a changed file gets a new one.
 */
export async function buildPyramid(
  raster: Raster,
  cacheFolder: string,
  options: PyramidOptions = {},
): Promise<PyramidOutcome> {
  const { description } = raster;
  if (!(raster instanceof LeveledRaster) || !needsPyramid(raster)) {
    return { kind: "not-needed" };
  }
  if (description.hasMaskBand) {
    return { kind: "unsupported", reason: "it has a mask band" };
  }
  await mkdir(cacheFolder, { recursive: true });
  const path = pyramidPath(raster, cacheFolder);
  if (await attachPyramid(raster, cacheFolder)) {
    return { kind: "found", bytes: (await stat(path)).size };
  }
  await writePyramid(raster, path, options);
  await attachPyramid(raster, cacheFolder);
  await trimCache(cacheFolder, options.maxCacheBytes ?? defaultCacheBytes, path);
  return { kind: "built", bytes: (await stat(path)).size };
}

/** Whether zooming out of this raster would be slow without a pyramid. */
export function needsPyramid(raster: Raster): boolean {
  const { width, height, overviews } = raster.description;
  return overviews.length === 0 && Math.max(width, height) > smallSide;
}

/** Lets a raster use the pyramid that an earlier session made, and says whether there is one. */
export async function attachPyramid(raster: Raster, cacheFolder: string): Promise<boolean> {
  if (!(raster instanceof LeveledRaster) || !needsPyramid(raster)) {
    return false;
  }
  const path = pyramidPath(raster, cacheFolder);
  const [full] = raster.levels;
  if (full === undefined || (await stat(path).catch(() => null)) === null) {
    return false;
  }
  const source = await openFileSource(path);
  try {
    const keyPrefix = `${raster.keyPrefix}pyramid:`;
    const levels = await readOverviewFile(
      source,
      blockEnvironment,
      keyPrefix,
      full.pixels.layout,
      raster.description.nodata,
    );
    raster.addLevels(levels, source);
  } catch {
    // A damaged pyramid is only a cache: it is made again.
    await source.close();
    await rm(path, { force: true });
    return false;
  }
  const now = new Date();
  await utimes(path, now, now);
  return true;
}

/** Removes all pyramids of a cache folder and says how many bytes that freed. */
export async function clearPyramidCache(cacheFolder: string): Promise<number> {
  let freed = 0;
  for (const { path, bytes } of await pyramidsIn(cacheFolder)) {
    await rm(path, { force: true });
    freed += bytes;
  }
  return freed;
}

function pyramidPath(raster: LeveledRaster, cacheFolder: string): string {
  const { filePath, size, modifiedMs } = raster.source;
  const identity = createHash("sha256")
    .update(`${resolve(filePath)}\n${size}\n${modifiedMs}`)
    .digest("hex");
  return join(cacheFolder, identity.slice(0, 32) + extension);
}

async function writePyramid(raster: LeveledRaster, path: string, options: PyramidOptions): Promise<void> {
  const { description } = raster;
  const width = Math.ceil(description.width / 2);
  const height = Math.ceil(description.height / 2);
  const isClasses = description.colorTable !== null;
  const writer = await createGeoTiffWriter(path, {
    width,
    height,
    bands: description.bands,
    dtype: description.dtype,
    geoTags: noGeoTags,
    tileSize,
    predictor: ["uint8", "uint16", "int16"].includes(description.dtype) && !isClasses ? "horizontal" : "none",
    nodata: description.nodata,
    alphaBand: description.alphaBand,
    overviews: isClasses ? "mode" : "average",
    // A cache is made while someone waits, and thrown away.
    compressionLevel: 1,
  });
  try {
    const bands = Array.from({ length: description.bands }, (_, band) => band);
    const total = writer.tilesAcross * writer.tilesDown;
    let done = 0;
    await eachInParallel(total, tilesAtOnce, async (index) => {
      options.signal?.throwIfAborted();
      const column = index % writer.tilesAcross;
      const row = Math.floor(index / writer.tilesAcross);
      await writer.writeTile(
        column,
        row,
        await halvedTile(raster, column, row, bands, isClasses, options.signal),
      );
      done += 1;
      // Overviews of the overview are the last fifth.
      options.onProgress?.((0.8 * done) / total);
    });
    await writer.finish({ signal: options.signal });
    options.onProgress?.(1);
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** One tile of the first level, from the full resolution. */
async function halvedTile(
  raster: LeveledRaster,
  column: number,
  row: number,
  bands: readonly number[],
  isClasses: boolean,
  signal: AbortSignal | undefined,
): Promise<SampleArray> {
  const { width, height, dtype } = raster.description;
  const x = column * tileSize * 2;
  const y = row * tileSize * 2;
  const pixelWindow = {
    x,
    y,
    width: Math.min(tileSize * 2, width - x),
    height: Math.min(tileSize * 2, height - y),
  };
  const pixels = await raster.readWindow({ pixelWindow, bands }, { signal });
  const half = { width: Math.ceil(pixelWindow.width / 2), height: Math.ceil(pixelWindow.height / 2) };
  if (pixels.valid !== null && !isClasses) {
    // Transparent and nodata pixels must not colour their neighbours.
    const averaged = await raster.readWindow(
      {
        pixelWindow: { ...pixelWindow, width: half.width * 2, height: half.height * 2 },
        bands,
        outputSize: half,
        resampling: "average",
      },
      { signal },
    );
    return averaged.data;
  }
  const samples = allocateSamples(dtype, half.width * half.height * bands.length);
  halveInto(
    { samples: pixels.data, width: pixelWindow.width, height: pixelWindow.height, bands: bands.length },
    { samples, width: half.width, height: half.height, bands: bands.length },
    0,
    0,
    isClasses ? "mode" : "average",
    raster.description.nodata,
  );
  return samples;
}

async function trimCache(cacheFolder: string, maxBytes: number, keep: string): Promise<void> {
  const pyramids = await pyramidsIn(cacheFolder);
  let total = pyramids.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { path, bytes } of pyramids.sort((first, second) => first.usedMs - second.usedMs)) {
    if (total <= maxBytes) {
      return;
    }
    if (path !== keep) {
      await rm(path, { force: true });
      total -= bytes;
    }
  }
}

async function pyramidsIn(cacheFolder: string): Promise<{ path: string; bytes: number; usedMs: number }[]> {
  const names = await readdir(cacheFolder).catch(() => []);
  const found: { path: string; bytes: number; usedMs: number }[] = [];
  for (const name of names) {
    if (name.endsWith(extension)) {
      const path = join(cacheFolder, name);
      const facts = await stat(path).catch(() => null);
      if (facts !== null) {
        found.push({ path, bytes: facts.size, usedMs: facts.mtimeMs });
      }
    }
  }
  return found;
}
