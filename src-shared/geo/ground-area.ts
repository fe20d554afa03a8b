import {
  determinant,
  pixelToMap,
  type Geotransform,
  type MapPosition,
  type PixelPosition,
} from "./affine.ts";

/** WGS 84's half axis in metres, and the square of its first eccentricity. */
const HALF_AXIS_METERS = 6_378_137;
const ECCENTRICITY_SQUARED = 0.006_694_379_990_141_3;

/** A projection's own area may differ this much from the ground's and is still taken, as every GIS does with UTM. */
const PLANAR_TOLERANCE = 0.01;

/** A raster's grid on the ground. */
export interface GroundGrid {
  readonly geotransform: Geotransform;
  /** Metres in one unit of the CRS; null for degrees. */
  readonly metersPerUnit: number | null;
  /** Longitude and latitude in degrees of a position of the CRS; null where there are none. */
  readonly toLongitudeLatitude: (position: MapPosition) => MapPosition | null;
}

/**
 * The area on the ground of one pixel, in square metres: the projection's own where it is true to within a hundredth, else the ellipsoid's, so that degrees
 * and Web Mercator far from the equator are right too. Null where it can't be said.
 */
export function pixelGroundArea(grid: GroundGrid, [column, row]: PixelPosition): number | null {
  const { geotransform, metersPerUnit, toLongitudeLatitude } = grid;
  const planar =
    metersPerUnit === null ? null : Math.abs(determinant(geotransform)) * metersPerUnit * metersPerUnit;
  const corner = (dx: number, dy: number): MapPosition | null =>
    toLongitudeLatitude(pixelToMap(geotransform, [column + dx, row + dy]));
  const [center, right, below] = [corner(0, 0), corner(1, 0), corner(0, 1)];
  if (center === null || right === null || below === null) {
    return planar;
  }
  const ellipsoidal = parallelogramArea(center, right, below);
  return planar !== null && Math.abs(planar / ellipsoidal - 1) < PLANAR_TOLERANCE ? planar : ellipsoidal;
}

/** The area between two short sides from one corner, on the ellipsoid's tangent plane there. */
function parallelogramArea(
  [longitude, latitude]: MapPosition,
  right: MapPosition,
  below: MapPosition,
): number {
  const [eastMeters, northMeters] = metersPerRadian(latitude, HALF_AXIS_METERS, ECCENTRICITY_SQUARED);
  const side = ([x, y]: MapPosition): readonly [number, number] => [
    // Across the antimeridian the short way.
    radians(((((x - longitude + 180) % 360) + 360) % 360) - 180) * eastMeters,
    radians(y - latitude) * northMeters,
  ];
  const [rightEast, rightNorth] = side(right);
  const [belowEast, belowNorth] = side(below);
  return Math.abs(rightEast * belowNorth - rightNorth * belowEast);
}

/** How long a radian is along the parallel and the meridian at a latitude in degrees: the ellipsoid's radii of curvature. */
export function metersPerRadian(
  latitude: number,
  halfAxisMeters: number,
  eccentricitySquared: number,
): readonly [east: number, north: number] {
  const sine = Math.sin(radians(latitude));
  const squared = 1 - eccentricitySquared * sine * sine;
  return [
    (halfAxisMeters / Math.sqrt(squared)) * Math.cos(radians(latitude)),
    (halfAxisMeters * (1 - eccentricitySquared)) / (squared * Math.sqrt(squared)),
  ];
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
