import { determinant } from "#shared/geo/affine.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import type { TrainingSettings } from "#shared/training/training-settings.ts";

/** Pixels of two mosaics are taken as equally large within this share. */
const TOLERANCE = 0.005;

/**
 * Ground that one counted pixel stands for, in square metres; null where it can't be said: the mosaics' CRS isn't metric,
 * or their pixels differ in size.
 */
export function groundAreaOfPixel(mosaics: readonly ReadyMosaic[]): number | null {
  const areas = mosaics.map(({ placement }) =>
    placement.projection.units === "metre" && placement.projection.proj4 !== null
      ? Math.abs(determinant(placement.geotransform))
      : null,
  );
  const [first] = areas;
  if (first === undefined || first === null) {
    return null;
  }
  return areas.every((area) => area !== null && Math.abs(area - first) <= first * TOLERANCE) ? first : null;
}

/** How many of a mosaic's pixels one pixel of a validation tile stands for: tiles are counted as the network sees them. */
export function mosaicPixelsPerInputPixel({
  tilePixels,
  inputPixels,
}: Pick<TrainingSettings, "tilePixels" | "inputPixels">): number {
  return inputPixels === null ? 1 : (tilePixels / inputPixels) ** 2;
}
