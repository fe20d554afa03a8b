import { determinant, pixelToMap, type Geotransform } from "#shared/geo/affine.ts";
import { isProjectable, type Crs } from "#shared/geo/crs.ts";
import { metersPerRadian } from "#shared/geo/ground-area.ts";
import { metersPerUnitOf } from "../crs/transformer.ts";
import { ellipsoidOf } from "./crs-wkt.ts";

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
  const { semiMajorMeters, eccentricitySquared } = ellipsoidOf(crs.proj4);
  const [east, north] = metersPerRadian(y, semiMajorMeters, eccentricitySquared);
  const degree = Math.PI / 180;
  return [east * degree, north * degree];
}
