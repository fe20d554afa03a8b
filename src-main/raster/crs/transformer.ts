import { proj4 } from "./projections.ts";
import { isProjectable, type Crs } from "#shared/geo/crs.ts";
import type { MapPosition } from "#shared/geo/affine.ts";

/** Carries positions from one CRS to another and back; null where a position has no image. */
export interface CrsTransformer {
  forward(position: MapPosition): MapPosition | null;
  inverse(position: MapPosition): MapPosition | null;
}

/** WGS 84, longitude and latitude in degrees: the CRS of the status bar and of GeoJSON. */
export const wgs84: Crs = {
  kind: "epsg",
  code: 4326,
  name: "WGS 84",
  proj4: "+proj=longlat +datum=WGS84 +no_defs +type=crs",
};

/** A transformer between two systems, or null when one of them can't be computed with. */
export function transformer(from: Crs, to: Crs): CrsTransformer | null {
  if (!isProjectable(from) || !isProjectable(to)) {
    return null;
  }
  const converter = proj4(from.proj4, to.proj4);
  return {
    forward: (position) => finite(converter.forward([...position])),
    inverse: (position) => finite(converter.inverse([...position])),
  };
}

/** PROJ's names of linear units. */
const unitMeters: Readonly<Record<string, number>> = {
  m: 1,
  km: 1000,
  ft: 0.3048,
  "us-ft": 1200 / 3937,
  "ind-ft": 0.30479841,
  yd: 0.9144,
  "ind-yd": 0.91439523,
  fath: 1.8288,
  mi: 1609.344,
  kmi: 1852,
  ch: 20.1168,
  link: 0.201168,
};

/** Metres in one unit of a projected system; null for degrees, unknown units, and a system that can't be computed with. */
export function metersPerUnit(crs: Crs): number | null {
  if (!isProjectable(crs) || /\+proj=(longlat|latlong|latlon|lonlat)\b/.test(crs.proj4)) {
    return null;
  }
  const toMeter = /\+to_meter=(\S+)/.exec(crs.proj4)?.[1];
  const units = /\+units=(\S+)/.exec(crs.proj4)?.[1] ?? "m";
  return toMeter === undefined ? (unitMeters[units] ?? null) : Number(toMeter);
}

function finite(position: number[]): MapPosition | null {
  const [x, y] = position;
  return x !== undefined && y !== undefined && Number.isFinite(x) && Number.isFinite(y) ? [x, y] : null;
}
