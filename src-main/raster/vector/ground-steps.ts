import { determinant, pixelToMap, type Geotransform } from "#shared/geo/affine.ts";
import { isProjectable, type Crs } from "#shared/geo/crs.ts";
import { ellipsoidOf, metersPerUnitOf } from "./crs-wkt.ts";

/** What a step of one pixel is on the ground. */
export interface GroundSteps {
  /** East and north of one column, in metres; in pixels or map units where the CRS doesn't say. */
  readonly column: readonly [x: number, y: number];
  /** The same of one row. */
  readonly row: readonly [x: number, y: number];
  /** Of one pixel, in the square of that unit. */
  readonly pixelArea: number;
}

/** What a step of one pixel is on the ground, in the middle of a raster. */
export function groundSteps(
  { geotransform, crs }: { readonly geotransform: Geotransform; readonly crs: Crs },
  size: { readonly width: number; readonly height: number },
): GroundSteps {
  const [a, b, , d, e] = geotransform;
  const [metersX, metersY] = metersPerMapUnit(
    crs,
    pixelToMap(geotransform, [size.width / 2, size.height / 2])[1],
  );
  return {
    column: [a * metersX, d * metersY],
    row: [b * metersX, e * metersY],
    pixelArea: Math.abs(determinant(geotransform)) * metersX * metersY,
  };
}

function metersPerMapUnit(crs: Crs, y: number): readonly [x: number, y: number] {
  if (!isProjectable(crs)) {
    return [1, 1];
  }
  if (!/\+proj=longlat/.test(crs.proj4)) {
    const meters = metersPerUnitOf(crs.proj4);
    return [meters, meters];
  }
  // Radii of curvature along the parallel and the meridian.
  const { semiMajorMeters, eccentricitySquared } = ellipsoidOf(crs.proj4);
  const latitude = (y * Math.PI) / 180;
  const w = Math.sqrt(1 - eccentricitySquared * Math.sin(latitude) ** 2);
  const degree = Math.PI / 180;
  return [
    ((semiMajorMeters * Math.cos(latitude)) / w) * degree,
    ((semiMajorMeters * (1 - eccentricitySquared)) / w ** 3) * degree,
  ];
}
