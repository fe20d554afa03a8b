import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import { withoutBorders } from "#shared/metrics/border-tolerance.ts";
import type { ComparedWindow } from "#shared/metrics/evaluation-tally.ts";
import { eachBand, type BandOptions } from "./each-band.ts";

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

export interface ComparisonOptions extends BandOptions {
  /** Pixels within this distance of a border between true classes count as unlabelled; 0 for none. */
  readonly borderTolerancePixels?: number;
}

/** Visits truth and prediction side by side, band by band. */
export async function eachComparedBand(
  { size, truth, prediction }: ComparedRasters,
  visit: (window: ComparedWindow, pixelWindow: PixelWindow) => void,
  options: ComparisonOptions = {},
): Promise<void> {
  const { borderTolerancePixels = 0 } = options;
  await eachBand(
    size,
    async (band): Promise<ComparedWindow> => {
      const [trueIds, { ids, confidence }] = await Promise.all([
        borderTolerancePixels === 0 ? truth(band) : truthWithoutBorders(truth, band, borderTolerancePixels),
        prediction(band),
      ]);
      return { truth: trueIds, prediction: ids, confidence, width: band.width };
    },
    visit,
    options,
  );
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
