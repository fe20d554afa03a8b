import { determinant, type Geotransform } from "#shared/geo/affine.ts";
import { isProjectable, type Crs } from "#shared/geo/crs.ts";
import { authalicTerm } from "#shared/geo/cylindrical-equal-area.ts";
import type { RingBatch, TracedPolygon } from "../polygons/traced-polygon.ts";
import { metersPerUnitOf } from "../crs/transformer.ts";
import { ellipsoidOf } from "./crs-wkt.ts";

/** Some rings of a polygon on the map: closed (the first position stands again at the end), the exterior counter-clockwise, holes clockwise. */
export interface MapRings {
  /** x, y, x, y …, easting or longitude first, ring after ring. */
  readonly positions: Float64Array;
  /** Positions up to the end of each ring. */
  readonly ringEnds: readonly number[];
}

/** A polygon on the map. */
export interface MapPolygon {
  /** Positions of all rings together, with the repeated ones, and rings. */
  readonly positionCount: number;
  readonly ringCount: number;
  readonly box: readonly [minX: number, minY: number, maxX: number, maxY: number];
  /** All rings, the exterior first: an array of one batch, or one batch after another of a polygon too large for memory. */
  readonly batches: readonly [MapRings] | Iterable<MapRings>;
}

/** Puts a traced polygon on the map. Equal corners of the lattice become equal positions, to the last bit. */
export function toMap(
  { positionCount, ringCount, batches }: TracedPolygon,
  geotransform: Geotransform,
): MapPolygon {
  const counts = { positionCount: positionCount + ringCount, ringCount };
  if (!("kind" in batches)) {
    const rings = ringsToMap(batches[0], geotransform);
    return { ...counts, box: boxOfFirst(rings), batches: [rings] };
  }
  const later: Iterable<MapRings> = {
    *[Symbol.iterator]() {
      for (const batch of batches) {
        yield ringsToMap(batch, geotransform);
      }
    },
  };
  const [first] = later;
  return { ...counts, box: boxOfFirst(first as MapRings), batches: later };
}

/** The box of the exterior, which holds all the others. */
function boxOfFirst({ positions, ringEnds }: MapRings): MapPolygon["box"] {
  let minX = Infinity;
  let minY = Infinity;
  let maxX = -Infinity;
  let maxY = -Infinity;
  const end = (ringEnds[0] ?? 0) * 2;
  for (let index = 0; index < end; index += 2) {
    const x = positions[index] as number;
    const y = positions[index + 1] as number;
    if (x < minX) {
      minX = x;
    }
    if (x > maxX) {
      maxX = x;
    }
    if (y < minY) {
      minY = y;
    }
    if (y > maxY) {
      maxY = y;
    }
  }
  return [minX, minY, maxX, maxY];
}

function ringsToMap({ coordinates, ringEnds }: RingBatch, geotransform: Geotransform): MapRings {
  const [a, b, c, d, e, f] = geotransform;
  // Where rows run north, what is counter-clockwise on the screen is clockwise on the map.
  const isMirrored = determinant(geotransform) > 0;
  const positions = new Float64Array(coordinates.length + ringEnds.length * 2);
  const ends: number[] = [];
  let to = 0;
  let start = 0;
  for (const end of ringEnds) {
    const ringStart = to;
    for (let index = start; index < end; index += 2) {
      const from = isMirrored ? end - 2 - (index - start) : index;
      const column = coordinates[from] as number;
      const row = coordinates[from + 1] as number;
      positions[to] = a * column + b * row + c;
      positions[to + 1] = d * column + e * row + f;
      to += 2;
    }
    positions[to] = positions[ringStart] as number;
    positions[to + 1] = positions[ringStart + 1] as number;
    to += 2;
    ends.push(to / 2);
    start = end;
  }
  return { positions, ringEnds: ends };
}

/** The area in square metres of a polygon that lies both on the lattice and on the map. */
export type AreaMeasure = (traced: TracedPolygon, map: MapPolygon) => number;

/**
 * How areas are measured in a CRS: on the map's plane where it is projected, on the ellipsoid where it is geographic (edges straight in longitude
 * and latitude, as maps draw them). Null where the CRS doesn't say how long a unit is.
 */
export function areaMeasure(crs: Crs, geotransform: Geotransform): AreaMeasure | null {
  if (!isProjectable(crs)) {
    return null;
  }
  if (/\+proj=longlat/.test(crs.proj4)) {
    const measure = ellipsoidArea(crs.proj4);
    return (_, { batches }) => measure(batches);
  }
  const meters = metersPerUnitOf(crs.proj4);
  const pixel = Math.abs(determinant(geotransform)) * meters * meters;
  return ({ area }) => area * pixel;
}

/**
 * Area on an ellipsoid by Green's theorem: half the axis b squared times the integral of q(latitude) along longitude, with q the authalic
 * function (Snyder 1987, equation 3-12) divided by 1 - e². Edges along a parallel are exact; others by five-point Gauss-Legendre.
 */
function ellipsoidArea(formula: string): (batches: Iterable<MapRings>) => number {
  const { semiMajorMeters, eccentricitySquared } = ellipsoidOf(formula);
  const e = Math.sqrt(eccentricitySquared);
  const q = (degrees: number): number => authalicTerm(e, Math.sin((degrees * Math.PI) / 180));
  const nodes = [0, 0.538469310105683, 0.906179845938664];
  const weights = [0.568888888888889, 0.478628670499366, 0.236926885056189];
  const sumOf = ({ positions, ringEnds }: MapRings, base: number): number => {
    let sum = 0;
    let start = 0;
    for (const end of ringEnds) {
      for (let index = start; index < end - 1; index += 1) {
        const longitude = positions[index * 2] as number;
        const latitude = positions[index * 2 + 1] as number;
        const step = (positions[index * 2 + 2] as number) - longitude;
        const rise = (positions[index * 2 + 3] as number) - latitude;
        if (step === 0) {
          continue;
        }
        let mean: number;
        if (rise === 0) {
          mean = q(latitude) - base;
        } else {
          const middle = latitude + rise / 2;
          mean = ((q(middle) - base) * (weights[0] as number)) / 2;
          for (const side of [1, 2]) {
            const offset = ((nodes[side] as number) * rise) / 2;
            mean += ((q(middle - offset) + q(middle + offset) - 2 * base) * (weights[side] as number)) / 2;
          }
        }
        sum -= mean * ((step * Math.PI) / 180);
      }
      start = end;
    }
    return sum;
  };
  return (batches) => {
    let sum = 0;
    // Differences from the first position keep the digits of small polygons.
    let base: number | null = null;
    for (const rings of batches) {
      base ??= q(rings.positions[1] ?? 0);
      sum += sumOf(rings, base);
    }
    return Math.abs((sum * semiMajorMeters * semiMajorMeters) / 2);
  };
}
