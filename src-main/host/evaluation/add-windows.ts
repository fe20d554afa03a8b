import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { ConfusionMatrix } from "#shared/metrics/confusion-matrix.ts";

/** Reads class ids of a window at full resolution, row-major; 255 for none. */
export type IdSource = (pixelWindow: PixelWindow) => Promise<Uint8Array>;

/** Rows compared at once: one row of a class grid's chunks, and whole blocks of most files. */
const BAND_ROWS = 512;
/** Pixels compared at once, at most. */
const MOST_PIXELS = 2 ** 22;

/** Counts a whole raster pair in windows, so that memory doesn't grow with the raster. */
export async function addWindows(
  matrix: ConfusionMatrix,
  { width, height }: PixelSize,
  truth: IdSource,
  prediction: IdSource,
  options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: (share: number) => void } = {},
): Promise<void> {
  const windowWidth = Math.min(width, Math.floor(MOST_PIXELS / BAND_ROWS));
  for (let y = 0; y < height; y += BAND_ROWS) {
    for (let x = 0; x < width; x += windowWidth) {
      options.signal?.throwIfAborted();
      const pixelWindow = {
        x,
        y,
        width: Math.min(windowWidth, width - x),
        height: Math.min(BAND_ROWS, height - y),
      };
      const [trueIds, predictedIds] = await Promise.all([truth(pixelWindow), prediction(pixelWindow)]);
      matrix.add(trueIds, predictedIds);
    }
    options.onProgress?.(Math.min(1, (y + BAND_ROWS) / height));
  }
}
