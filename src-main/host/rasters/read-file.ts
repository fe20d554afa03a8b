import type { RasterDescription } from "#shared/geo/raster-description.ts";
import { openRaster } from "../../raster/index.ts";

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
