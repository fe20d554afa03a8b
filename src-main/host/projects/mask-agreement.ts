import { sameGrid } from "#shared/geo/affine.ts";
import { crsLabel, isProjectable, sameCrs } from "#shared/geo/crs.ts";
import type { RasterDescription } from "#shared/geo/raster-description.ts";
import type { Raster } from "../../raster/index.ts";

/** How far apart image and mask may lie, in pixels: more than rounding in the files, less than anyone could see. */
const GRID_TOLERANCE_PIXELS = 0.1;
/** Side of the picture in which the bands of a mask are compared. */
const COMPARED_SIDE_PIXELS = 512;

/** Why a mask can't be used for its image, in a sentence without a final stop; null when it can. */
export function maskDisagreement(image: RasterDescription, mask: RasterDescription): string | null {
  if (mask.width !== image.width || mask.height !== image.height) {
    return `mask is ${mask.width}×${mask.height} px, its image ${image.width}×${image.height}`;
  }
  if (isProjectable(image.crs) && isProjectable(mask.crs) && !sameCrs(image.crs, mask.crs)) {
    return `mask is in ${crsLabel(mask.crs)}, its image in ${crsLabel(image.crs)}`;
  }
  const { geotransform } = mask;
  if (
    image.geotransform !== null &&
    geotransform !== null &&
    !sameGrid(image.geotransform, geotransform, image, GRID_TOLERANCE_PIXELS)
  ) {
    return `mask lies elsewhere than its image (geotransform ${numbers(geotransform)}, expected ${numbers(image.geotransform)})`;
  }
  return null;
}

/** Why a raster's bands can't be class ids; null when they can: one band, or several that are all the same. */
export async function maskBandProblem(
  mask: Raster,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string | null> {
  const { bands, alphaBand, width, height } = mask.description;
  const idBands = Array.from({ length: bands }, (_, band) => band).filter((band) => band !== alphaBand);
  if (idBands.length === 1) {
    return null;
  }
  const scale = Math.min(1, COMPARED_SIDE_PIXELS / Math.max(width, height));
  const { data } = await mask.readWindow(
    {
      pixelWindow: { x: 0, y: 0, width, height },
      bands: idBands,
      outputSize: { width: Math.ceil(width * scale), height: Math.ceil(height * scale) },
      resampling: "nearest",
    },
    options,
  );
  for (let first = 0; first < data.length; first += idBands.length) {
    for (let band = 1; band < idBands.length; band++) {
      if (data[first + band] !== data[first]) {
        return `mask has ${idBands.length} bands with different values; expected one band of class ids`;
      }
    }
  }
  return null;
}

function numbers(geotransform: readonly number[]): string {
  return geotransform.map((value) => String(Number(value.toPrecision(12)))).join(" ");
}
