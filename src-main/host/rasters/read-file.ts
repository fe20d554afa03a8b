import type { RasterDescription } from "#shared/geo/raster-description.ts";
import { openRaster } from "../../raster/index.ts";
import { countMask } from "../projects/index.ts";
import type { MaskCounts } from "../projects/index.ts";

interface Options {
  readonly signal?: AbortSignal | undefined;
}

/** Everything about a raster file but its pixels, for code that is no part of a project. */
export async function describeRasterFile(
  filePath: string,
  options: Options = {},
): Promise<RasterDescription> {
  const raster = await openRaster(filePath, options);
  try {
    return raster.description;
  } finally {
    await raster.close();
  }
}

/** Pixels of a mask file by class id. */
export async function countMaskFile(filePath: string, options: Options = {}): Promise<MaskCounts> {
  const mask = await openRaster(filePath, options);
  try {
    return await countMask(mask, options);
  } finally {
    await mask.close();
  }
}
