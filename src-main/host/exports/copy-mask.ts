import { cogTileSize, createGeoTiffWriter, eachInParallel, geoTagsLike } from "../../raster/index.ts";
import type { GeoTiffOptions, Raster } from "../../raster/index.ts";
import { openMask } from "../projects/index.ts";
import { maskSource, type ClassSource } from "./class-source.ts";
import { classesBeside, classesIn } from "./export-polygons.ts";
import { maskCompanions } from "./merge-files.ts";
import type { StyledClass } from "./qgis-style.ts";
import { classBandOptions } from "./write-export.ts";
import { writeWithCompanions } from "./write-with-companions.ts";

/** Tiles read and compressed at once: enough for the pool of threads. */
const tilesAtOnce = 6;

interface Options {
  readonly beforeRename?: (() => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (share: number) => void;
}

/** Writes ids as a Cloud Optimized GeoTIFF, a few tiles at a time; nothing is left behind when it fails. */
export async function writeClassFile(
  filePath: string,
  source: ClassSource,
  read: "readIds" | "readConfidence",
  fileOptions: GeoTiffOptions,
  options: Options,
): Promise<void> {
  const writer = await createGeoTiffWriter(filePath, { ...fileOptions, tileSize: cogTileSize(fileOptions) });
  const side = writer.tileSize;
  try {
    const total = writer.tilesAcross * writer.tilesDown;
    let done = 0;
    await eachInParallel(total, tilesAtOnce, async (index) => {
      options.signal?.throwIfAborted();
      const column = index % writer.tilesAcross;
      const row = Math.floor(index / writer.tilesAcross);
      const pixelWindow = { x: column * side, y: row * side, width: side, height: side };
      const ids = await source[read](pixelWindow, options);
      await writer.writeTile(column, row, ids ?? new Uint8Array(side * side));
      done += 1;
      options.onProgress?.(done / total);
    });
    await writer.finish({ beforeRename: options.beforeRename, signal: options.signal });
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** What a file of class ids is like, on the grid of another raster. */
export function classFileOptions(
  like: Raster,
  classes: readonly StyledClass[],
  metadata: Readonly<Record<string, string>>,
): GeoTiffOptions {
  const { width, height } = like.description;
  return { width, height, ...classBandOptions(geoTagsLike(like), classes, metadata) };
}

/** Copies a mask file into a Cloud Optimized GeoTIFF on the same grid, with what belongs beside it. */
export async function copyMask(
  maskPath: string,
  outputPath: string,
  options: Options & { readonly version: string },
): Promise<void> {
  const mask = await openMask(maskPath, { signal: options.signal });
  try {
    const told = classesIn(mask.description);
    const classes = told.length > 0 ? told : await classesBeside(maskPath);
    await writeWithCompanions(outputPath, (stage) =>
      writeClassFile(
        outputPath,
        maskSource(mask),
        "readIds",
        classFileOptions(mask, classes, {
          ORTHOMASK_VERSION: options.version,
          ORTHOMASK_CONTENT: "labels",
        }),
        { ...options, beforeRename: () => stage(maskCompanions(outputPath, classes)) },
      ),
    );
  } finally {
    await mask.close();
  }
}
