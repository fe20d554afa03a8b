import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import { withoutBorders } from "#shared/metrics/border-tolerance.ts";
import type { ComparedWindow } from "#shared/metrics/evaluation-tally.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";

/** Reads class ids of a window at full resolution, row-major; 255 for none and outside. */
export type IdSource = (pixelWindow: PixelWindow) => Promise<Uint8Array>;

/** Two rasters on one grid, as they are compared. */
export interface ComparedRasters {
  readonly size: PixelSize;
  readonly truth: IdSource;
  readonly prediction: (
    pixelWindow: PixelWindow,
  ) => Promise<{ readonly ids: Uint8Array; readonly confidence: Uint8Array | null }>;
}

export interface BandOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (share: number) => void;
  /** Pixels within this distance of a border between true classes count as unlabelled; 0 for none. */
  readonly borderTolerancePixels?: number;
}

/** A band's rows: one row of a class grid's chunks, and whole blocks of most files. */
export const BAND_ROWS = 512;

/** A row wider than this gets lower bands, so that a band of truth, prediction and confidence stays below 50 MB. */
const MOST_BAND_PIXELS = 2 ** 24;

/**
 * Reads truth and prediction of a whole raster in full-width bands from the top, the next one while `visit` looks at this one: memory doesn't grow
 * with the raster's height.
 */
export async function eachBand(
  rasters: ComparedRasters,
  visit: (window: ComparedWindow, pixelWindow: PixelWindow) => void,
  options: BandOptions = {},
): Promise<void> {
  const { width, height } = rasters.size;
  const rows = Math.max(1, Math.min(BAND_ROWS, Math.floor(MOST_BAND_PIXELS / width)));
  const bandAt = (y: number): PixelWindow => ({ x: 0, y, width, height: Math.min(rows, height - y) });
  let next = readBand(rasters, bandAt(0), options);
  for (let y = 0; y < height; y += rows) {
    const window = await next;
    options.signal?.throwIfAborted();
    if (y + rows < height) {
      next = readBand(rasters, bandAt(y + rows), options);
      // Whoever stops before it is needed hears of the failure by what stopped them.
      next.catch(() => undefined);
    }
    visit(window, bandAt(y));
    options.onProgress?.(Math.min(1, (y + rows) / height));
  }
}

async function readBand(
  { truth, prediction }: ComparedRasters,
  band: PixelWindow,
  { borderTolerancePixels = 0 }: BandOptions,
): Promise<ComparedWindow> {
  const [trueIds, { ids, confidence }] = await Promise.all([
    borderTolerancePixels === 0 ? truth(band) : truthWithoutBorders(truth, band, borderTolerancePixels),
    prediction(band),
  ]);
  return { truth: trueIds, prediction: ids, confidence, width: band.width };
}

async function truthWithoutBorders(
  truth: IdSource,
  band: PixelWindow,
  tolerancePixels: number,
): Promise<Uint8Array> {
  // What lies outside the raster reads as unlabelled, which makes no border.
  const height = band.height + 2 * tolerancePixels;
  const ids = await truth({ ...band, y: band.y - tolerancePixels, height });
  const kept = withoutBorders({ ids, width: band.width, height }, tolerancePixels);
  return kept.subarray(tolerancePixels * band.width, (tolerancePixels + band.height) * band.width);
}

/** Which class ids of a comparison are chosen, as a table: 1 at `truth · 256 + prediction`. */
export function chosenPairs(
  classIds: readonly number[],
  isChosen: (truthId: number, predictionId: number) => boolean,
): Uint8Array {
  const table = new Uint8Array(256 * 256);
  for (const truthId of classIds) {
    for (const predictionId of classIds) {
      if (truthId !== UNLABELLED_ID && isChosen(truthId, predictionId)) {
        table[truthId * 256 + predictionId] = 1;
      }
    }
  }
  return table;
}
