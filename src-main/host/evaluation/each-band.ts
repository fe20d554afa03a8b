import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";

export interface BandOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (share: number) => void;
}

/** A band's rows, and a block's sides: one chunk of a class grid, and whole blocks of most files. */
export const BLOCK_PIXELS = 512;

/** A row wider than this gets lower bands, so that a band of truth, prediction and confidence stays below 50 MB. */
const MOST_BAND_PIXELS = 2 ** 24;

/**
 * Reads a whole raster in full-width bands from the top, the next one while `visit` looks at this one: memory doesn't grow with the
 * raster's height.
 */
export async function eachBand<Band>(
  { width, height }: PixelSize,
  read: (pixelWindow: PixelWindow) => Promise<Band>,
  visit: (band: Band, pixelWindow: PixelWindow) => void,
  options: BandOptions = {},
): Promise<void> {
  const rows = Math.max(1, Math.min(BLOCK_PIXELS, Math.floor(MOST_BAND_PIXELS / width)));
  const windowAt = (y: number): PixelWindow => ({ x: 0, y, width, height: Math.min(rows, height - y) });
  let next = read(windowAt(0));
  for (let y = 0; y < height; y += rows) {
    const band = await next;
    options.signal?.throwIfAborted();
    if (y + rows < height) {
      next = read(windowAt(y + rows));
      // Whoever stops before it is needed hears of the failure by what stopped them.
      next.catch(() => undefined);
    }
    visit(band, windowAt(y));
    options.onProgress?.(Math.min(1, (y + rows) / height));
  }
}

/** The blocks of a band, on a grid that begins at the raster's left edge. */
export function blocksOf({ y, width, height }: PixelWindow): PixelWindow[] {
  return Array.from({ length: Math.ceil(width / BLOCK_PIXELS) }, (_, column) => {
    const x = column * BLOCK_PIXELS;
    return { x, y, width: Math.min(BLOCK_PIXELS, width - x), height };
  });
}
