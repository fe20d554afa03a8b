import type { Raster } from "./raster.ts";

/** Blocks up to this many bytes are decoded just to see whether the file is whole. */
const PROBED_BLOCK_BYTES = 64 * 2 ** 20;
const LARGEST_SAMPLE_BYTES = 8;

/**
 * Reads the last pixel of a TIFF: a file that was cut short opens well, since its directory may come first, and would
 * only fail when its lower end is wanted, or not at all where overviews before it are read. Images that are decoded whole
 * are left until they are wanted. Throws `RasterError` where the file isn't whole.
 */
export async function probeEnd(
  raster: Raster,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const { format, width, height, blockSize, bands } = raster.description;
  if (
    format === "GeoTIFF" &&
    blockSize[0] * blockSize[1] * bands * LARGEST_SAMPLE_BYTES <= PROBED_BLOCK_BYTES
  ) {
    await raster.readWindow(
      { pixelWindow: { x: width - 1, y: height - 1, width: 1, height: 1 }, bands: [0] },
      options,
    );
  }
}
