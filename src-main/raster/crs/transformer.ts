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

/** Metres in one unit of a projected system; null for degrees, and a system that can't be computed with. */
export function metersPerUnit(crs: Crs): number | null {
  if (!isProjectable(crs) || /\+proj=(longlat|latlong|latlon|lonlat)\b/.test(crs.proj4)) {
    return null;
  }
  return metersPerUnitOf(crs.proj4);
}

/** Metres of one unit of a projected system's coordinates. */
export function metersPerUnitOf(formula: string): number {
  const projection = proj4.Proj(formula);
  return "to_meter" in projection && typeof projection.to_meter === "number" ? projection.to_meter : 1;
}

function finite(position: number[]): MapPosition | null {
  const [x, y] = position;
  return x !== undefined && y !== undefined && Number.isFinite(x) && Number.isFinite(y) ? [x, y] : null;
}
