import { createHash, randomBytes } from "node:crypto";
import { mkdir, rename, rm, rmdir, stat, utimes } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { eachInParallel } from "./blocks/limiter.ts";
import { openFileSource, type ByteSource } from "./byte-source.ts";
import { blockEnvironment } from "./environment.ts";
import { RasterError } from "./raster-error.ts";
import { LeveledRaster } from "./leveled-raster.ts";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { Pixels, Raster } from "./raster.ts";
import { readOverviewFile, type Level } from "./tiff/dataset.ts";
import { noGeoTags } from "./tiff/geo-tags.ts";
import { allocateSamples, type SampleArray } from "./typed-pixels.ts";
import { halveInto } from "./write/decimate.ts";
import { createGeoTiffWriter, type KeptWriting } from "./write/geotiff-writer.ts";
import { markPattern, ownMark } from "./write/process-mark.ts";

/** How a pyramid is made. */
export interface PyramidOptions {
  readonly signal?: AbortSignal | undefined;
  /** Share of the work that is done, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
  /** Waited for before each tile, so that more urgent reading can go first, and the work can be paused. */
  readonly beforeTile?: (() => Promise<void>) | undefined;
}

/** What became of a request for a pyramid. */
export type PyramidOutcome =
  | { readonly kind: "built" | "found"; readonly bytes: number }
  /** The raster is small, or brings overviews of its own. */
  | { readonly kind: "not-needed" };

/** Below this side a decimated read from the full resolution is quick enough. */
const smallSide = 2048;
const tileSize = 512;
/** While one is decoded, another is compressed. */
const tilesAtOnce = 3;
/** What the files of a cache folder end in. */
export const pyramidExtension = ".pyramid.tif";
/** What the tiles of a pyramid that was interrupted end in. */
export const unfinishedExtension = ".pyramid.unfinished";
/** To be raised when the same raster gives other pixels than before: tiles of before are not gone on with then. */
const pyramidVersion = 1;

/** The levels that a raster got from a pyramid, to be taken away again. */
const attached = new WeakMap<
  LeveledRaster,
  { readonly levels: readonly Level[]; readonly source: ByteSource }
>();

/**
 * Gives a raster without overviews a pyramid in the cache folder, made by reading it through once, and lets it use it at once.
 *
 * The pyramid's name is made from the raster's path, size and date, so that a changed file gets a new one. One that was cancelled, or
 * whose process was killed, is gone on with: what is done of it waits in the cache folder.
 */
export async function buildPyramid(
  raster: Raster,
  cacheFolder: string,
  options: PyramidOptions = {},
): Promise<PyramidOutcome> {
  if (!(raster instanceof LeveledRaster) || !needsPyramid(raster)) {
    return { kind: "not-needed" };
  }
  const path = pyramidPath(raster, cacheFolder);
  if (await attachPyramid(raster, cacheFolder)) {
    return { kind: "found", bytes: (await stat(path)).size };
  }
  // Apart, and named after this process, so that what a killed one left can be told from what is being made.
  const building = join(cacheFolder, buildingFolder(ownMark));
  await mkdir(building, { recursive: true });
  const made = join(building, basename(path));
  const unfinished = unfinishedPath(path);
  const tiles = join(building, `${basename(unfinished)}.${randomBytes(4).toString("hex")}`);
  // Whoever comes first has it; another begins anew.
  await rename(unfinished, tiles).catch(() => undefined);
  try {
    await writePyramid(raster, made, { tilesPath: tiles, identity: String(pyramidVersion) }, options);
    await rename(made, path);
  } finally {
    await rename(tiles, unfinished).catch(() => undefined);
    // Another may be in the making there; the last to end takes the folder away.
    await rmdir(building).catch(() => undefined);
  }
  await attachPyramid(raster, cacheFolder);
  return { kind: "built", bytes: (await stat(path)).size };
}

/** The subfolder of a cache folder where a process makes its pyramids. */
function buildingFolder(mark: string): string {
  return `building-${mark}`;
}

/** The process whose subfolder this is, if it is one. */
export function builderOf(folderName: string): string | null {
  return new RegExp(`^building-(${markPattern})$`).exec(folderName)?.[1] ?? null;
}

/** Where the tiles wait that are done of an interrupted pyramid. */
function unfinishedPath(path: string): string {
  return path.slice(0, -pyramidExtension.length) + unfinishedExtension;
}

/** The file that holds, or would hold, a raster's pyramid; null for rasters that can't have one. */
export function pyramidFile(raster: Raster, cacheFolder: string): string | null {
  return raster instanceof LeveledRaster ? pyramidPath(raster, cacheFolder) : null;
}

/** Takes a raster's pyramid away from it, so that its file can be removed; it is then read from its full resolution. */
export async function detachPyramid(raster: Raster): Promise<void> {
  const parts = raster instanceof LeveledRaster ? attached.get(raster) : undefined;
  if (raster instanceof LeveledRaster && parts !== undefined) {
    attached.delete(raster);
    await raster.removeLevels(parts.levels, parts.source);
  }
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
    const { hasMaskBand, bands, nodata } = raster.description;
    const { layout } = full.pixels;
    const stored = await readOverviewFile(
      source,
      blockEnvironment,
      keyPrefix,
      hasMaskBand ? { ...layout, bands: bands + 1 } : layout,
      nodata,
    );
    const levels = hasMaskBand
      ? stored.map((level) => ({ ...level, mask: level.pixels, maskBand: bands }))
      : stored;
    if (levels.length === 0) {
      throw new RasterError("damaged", path, "it holds no overview");
    }
    raster.addLevels(levels, source);
    attached.set(raster, { levels, source });
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

function pyramidPath(raster: LeveledRaster, cacheFolder: string): string {
  const { filePath, size, modifiedMs } = raster.source;
  const identity = createHash("sha256")
    .update(`${resolve(filePath)}\n${size}\n${modifiedMs}`)
    .digest("hex");
  return join(cacheFolder, identity.slice(0, 32) + pyramidExtension);
}

async function writePyramid(
  raster: LeveledRaster,
  path: string,
  kept: KeptWriting,
  options: PyramidOptions,
): Promise<void> {
  const { description } = raster;
  const width = Math.ceil(description.width / 2);
  const height = Math.ceil(description.height / 2);
  const isClasses = description.colorTable !== null;
  const how = {
    width,
    height,
    bands: description.bands + (description.hasMaskBand ? 1 : 0),
    dtype: description.dtype,
    geoTags: noGeoTags,
    tileSize,
    predictor: ["uint8", "uint16", "int16"].includes(description.dtype) && !isClasses ? "horizontal" : "none",
    nodata: description.nodata,
    // A mask becomes one band more, that says what is seen as opacity does.
    alphaBand: description.hasMaskBand ? description.bands : description.alphaBand,
    overviews: isClasses ? "mode" : "average",
    // A cache is made while someone waits, and thrown away.
    compressionLevel: 1,
  } as const;
  const writer = await createGeoTiffWriter(path, how, kept);
  try {
    const bands = Array.from({ length: description.bands }, (_, band) => band);
    const total = writer.tilesAcross * writer.tilesDown;
    let done = 0;
    await eachInParallel(total, tilesAtOnce, async (index) => {
      const column = index % writer.tilesAcross;
      const row = Math.floor(index / writer.tilesAcross);
      if (!writer.has(column, row)) {
        await options.beforeTile?.();
        options.signal?.throwIfAborted();
        const tile = await halvedTile(raster, column, row, bands, isClasses, options.signal);
        await writer.writeTile(column, row, tile);
      }
      done += 1;
      // Overviews of the overview are the last fifth.
      options.onProgress?.((0.8 * done) / total);
    });
    await writer.finish({ signal: options.signal });
    options.onProgress?.(1);
  } catch (error) {
    await writer.abort({ keepsTiles: options.signal?.aborted === true });
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
  if (raster.description.hasMaskBand) {
    return halvedWithMask(pixels, pixelWindow, isClasses, raster.description.nodata);
  }
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

/** The same of a raster with a mask: pixels with what is seen of them as one band more. */
function halvedWithMask(
  { data, valid, bands, dtype }: Pixels,
  { width, height }: PixelWindow,
  isClasses: boolean,
  nodata: number | null,
): SampleArray {
  const whole = dtype === "int8" ? 127 : 255;
  const samples = allocateSamples(dtype, width * height * (bands + 1));
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    for (let band = 0; band < bands; band += 1) {
      samples[pixel * (bands + 1) + band] = data[pixel * bands + band] as number;
    }
    samples[pixel * (bands + 1) + bands] = valid === null || valid[pixel] === 1 ? whole : 0;
  }
  const half = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
  const halved = allocateSamples(dtype, half.width * half.height * (bands + 1));
  halveInto(
    { samples, width, height, bands: bands + 1 },
    { samples: halved, ...half, bands: bands + 1 },
    0,
    0,
    isClasses ? "mode" : "average",
    isClasses ? nodata : null,
    bands,
  );
  return halved;
}
