import type { Crs } from "#shared/geo/crs.ts";
import type { GeoKeys } from "../tiff/geo-tags.ts";
import { crsFromEpsg } from "./epsg.ts";

/** The CRS that a file's geo keys state, "none" when they state nothing. */
export function crsFromGeoKeys(keys: GeoKeys): Crs {
  const projected = keys.get(3072);
  const geographic = keys.get(2048);
  if (typeof projected === "number" && projected !== 32767) {
    return crsFromEpsg(projected);
  }
  if (typeof geographic === "number" && geographic !== 32767) {
    return crsFromEpsg(geographic);
  }
  return keys.size === 0 ? { kind: "none" } : { kind: "unknown", reason: "user-defined" };
}
