import { pixelSize, pixelToMap } from "#shared/geo/affine.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";

/** Length of a degree along a meridian, WGS 84's mean. */
const METERS_A_DEGREE = 111_320;

/** Median ground size of the mosaics' pixels, in metres; null when none lies on the ground. */
export function groundPixelMeters(mosaics: readonly ReadyMosaic[]): number | null {
  const sizes = mosaics
    .map(pixelMeters)
    .filter((size) => size !== null)
    .toSorted((first, second) => first - second);
  return sizes[Math.floor(sizes.length / 2)] ?? null;
}

/** Ground size of a mosaic's pixels, the side of a square of their area; null where it isn't known. */
export function pixelMeters({ placement: { projection, geotransform }, image }: ReadyMosaic): number | null {
  const [along, down] = pixelSize(geotransform);
  const side = Math.sqrt(along * down);
  switch (projection.units) {
    case "metre":
      return side;
    case "foot":
      return side * 0.3048;
    case "us-foot":
      return (side * 1200) / 3937;
    case "degree": {
      const [, latitude] = pixelToMap(geotransform, [image.width / 2, image.height / 2]);
      return side * METERS_A_DEGREE * Math.sqrt(Math.cos((latitude * Math.PI) / 180));
    }
    case "pixel":
    case "unknown":
      return null;
  }
}
