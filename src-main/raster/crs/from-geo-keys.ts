import { proj4 } from "./projections.ts";
import type { Crs } from "#shared/geo/crs.ts";
import type { GeoKeys } from "../tiff/geo-tags.ts";
import { crsFromEpsg, epsgEntry } from "./epsg.ts";
import { crsFromWkt } from "./from-wkt.ts";
import { formulaFromGeoKeys } from "./geo-key-projections.ts";
import {
  degreesPerUnit,
  ellipsoids,
  formatProj4,
  formulaProblem,
  metersPerUnit,
  shiftOf,
  type GeographicBase,
} from "./proj4-formula.ts";

/** Geo keys by name (GeoTIFF 1.1, annex C). */
export const geoKey = {
  modelType: 1024,
  citation: 1026,
  geographicType: 2048,
  geogCitation: 2049,
  geodeticDatum: 2050,
  primeMeridian: 2051,
  angularUnits: 2054,
  angularUnitSize: 2055,
  ellipsoid: 2056,
  semiMajorAxis: 2057,
  semiMinorAxis: 2058,
  inverseFlattening: 2059,
  primeMeridianLongitude: 2061,
  toWgs84: 2062,
  projectedType: 3072,
  projectedCitation: 3073,
  projection: 3074,
  projectionMethod: 3075,
  linearUnits: 3076,
  linearUnitSize: 3077,
} as const;

const userDefined = 32767;

/** The CRS that a file's geo keys state, "none" when they state nothing. */
export function crsFromGeoKeys(keys: GeoKeys): Crs {
  const projected = numberOf(keys, geoKey.projectedType);
  const geographic = numberOf(keys, geoKey.geographicType);
  const modelType = numberOf(keys, geoKey.modelType);
  if (projected !== null && projected !== userDefined && projected !== 0) {
    return crsFromEpsg(projected);
  }
  const esri = esriWkt(keys);
  if (esri !== null) {
    const crs = crsFromWkt(esri);
    if (crs.kind !== "unknown") {
      return crs;
    }
  }
  const isProjected =
    projected === userDefined ||
    modelType === 1 ||
    keys.has(geoKey.projectionMethod) ||
    keys.has(geoKey.projection);
  if (!isProjected) {
    if (geographic !== null && geographic !== userDefined && geographic !== 0) {
      return crsFromEpsg(geographic);
    }
    if (geographic === null && !keys.has(geoKey.semiMajorAxis)) {
      return modelType === null || modelType === 0 || modelType === userDefined
        ? { kind: "none" }
        : { kind: "unknown", reason: "its geo keys name no coordinate system" };
    }
  }
  const base = geographicBase(keys, geographic);
  if (typeof base === "string") {
    return { kind: "unknown", reason: base };
  }
  const angleDegrees = angularUnit(keys);
  if (angleDegrees === null) {
    return {
      kind: "unknown",
      reason: `its angular unit (code ${String(numberOf(keys, geoKey.angularUnits))}) is not known`,
    };
  }
  if (!isProjected) {
    if (Math.abs(angleDegrees - 1) > 1e-9) {
      return { kind: "unknown", reason: `it counts angles in units of ${angleDegrees}° instead of degrees` };
    }
    const name = textOf(keys, geoKey.geogCitation) ?? "user-defined geographic";
    return checked(citedName(name), formatProj4(null, base, 1));
  }
  const unitMeters = linearUnit(keys);
  if (unitMeters === null) {
    return {
      kind: "unknown",
      reason: `its linear unit (code ${String(numberOf(keys, geoKey.linearUnits))}) is not known`,
    };
  }
  const formula = formulaFromGeoKeys(keys, unitMeters, angleDegrees);
  if (typeof formula === "string") {
    return { kind: "unknown", reason: formula };
  }
  const name =
    textOf(keys, geoKey.projectedCitation) ?? textOf(keys, geoKey.citation) ?? "user-defined projection";
  return checked(citedName(name), formatProj4(formula, base, unitMeters));
}

function checked(name: string, proj4String: string): Crs {
  const problem = formulaProblem(proj4String);
  return problem === null
    ? { kind: "custom", name, proj4: proj4String }
    : { kind: "unknown", reason: `it ${problem}` };
}

/** "GCS Name = NTF|Datum = …" is GDAL's way to say "NTF". */
function citedName(citation: string): string {
  const named = /^[A-Z]+ Name = ([^|]*)/.exec(citation);
  const name = (named?.[1] ?? citation).trim();
  return name === "" || name === "unnamed" || name === "unknown" ? "user-defined coordinate system" : name;
}

/** ArcGIS writes the whole WKT into a citation. */
function esriWkt(keys: GeoKeys): string | null {
  for (const key of [geoKey.projectedCitation, geoKey.citation, geoKey.geogCitation]) {
    const match = /ESRI PE String = (.*)/s.exec(textOf(keys, key) ?? "");
    if (match?.[1] !== undefined) {
      return match[1];
    }
  }
  return null;
}

function geographicBase(keys: GeoKeys, geographic: number | null): GeographicBase | string {
  if (geographic !== null && geographic !== userDefined && geographic !== 0) {
    const entry = epsgEntry(geographic);
    const formula = entry?.proj4 ?? null;
    if (formula === null) {
      return `its geographic base EPSG:${geographic} is not in the EPSG table`;
    }
    return baseFromProj4(formula);
  }
  const shift = keys.get(geoKey.toWgs84);
  // A datum code 6xxx belongs to the geographic system 4xxx of the same number in all but a few cases.
  const datum = numberOf(keys, geoKey.geodeticDatum);
  const datumEntry = datum !== null && datum >= 6001 && datum < 7000 ? epsgEntry(datum - 2000) : null;
  const datumFormula = datumEntry?.proj4 ?? null;
  const datumShift = datumFormula === null ? null : shiftOf(datumFormula);
  const axes = ellipsoidAxes(keys) ?? (datumFormula === null ? null : axesOf(datumFormula));
  if (axes === null) {
    return "its ellipsoid is not known";
  }
  return {
    semiMajorMeters: axes[0],
    inverseFlattening: axes[1],
    primeMeridianDegrees: numberOf(keys, geoKey.primeMeridianLongitude) ?? 0,
    toWgs84: typeof shift === "object" && (shift.length === 3 || shift.length === 7) ? shift : datumShift,
  };
}

function ellipsoidAxes(keys: GeoKeys): readonly [number, number] | null {
  const semiMajor = numberOf(keys, geoKey.semiMajorAxis);
  const semiMinor = numberOf(keys, geoKey.semiMinorAxis);
  const inverseFlattening = numberOf(keys, geoKey.inverseFlattening);
  if (semiMajor !== null && semiMajor > 0) {
    if (inverseFlattening !== null) {
      return [semiMajor, inverseFlattening];
    }
    if (semiMinor !== null && semiMinor > 0) {
      return [semiMajor, semiMajor === semiMinor ? 0 : semiMajor / (semiMajor - semiMinor)];
    }
  }
  return ellipsoids.get(numberOf(keys, geoKey.ellipsoid) ?? 0) ?? null;
}

function axesOf(proj4String: string): readonly [number, number] {
  const { a, b, rf } = proj4.Proj(proj4String) as { a: number; b: number; rf?: number };
  return a === b ? [a, 0] : [a, rf ?? a / (a - b)];
}

function baseFromProj4(proj4String: string): GeographicBase {
  const [semiMajorMeters, inverseFlattening] = axesOf(proj4String);
  const definition = proj4.Proj(proj4String) as { from_greenwich?: number };
  return {
    semiMajorMeters,
    inverseFlattening,
    primeMeridianDegrees: ((definition.from_greenwich ?? 0) * 180) / Math.PI,
    toWgs84: shiftOf(proj4String),
  };
}

function linearUnit(keys: GeoKeys): number | null {
  const code = numberOf(keys, geoKey.linearUnits);
  if (code === null) {
    return 1;
  }
  return code === userDefined ? numberOf(keys, geoKey.linearUnitSize) : (metersPerUnit.get(code) ?? null);
}

function angularUnit(keys: GeoKeys): number | null {
  const code = numberOf(keys, geoKey.angularUnits);
  if (code === null) {
    return 1;
  }
  if (code === userDefined) {
    const radians = numberOf(keys, geoKey.angularUnitSize);
    return radians === null ? null : (radians * 180) / Math.PI;
  }
  return degreesPerUnit.get(code) ?? null;
}

function numberOf(keys: GeoKeys, key: number): number | null {
  const value = keys.get(key);
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function textOf(keys: GeoKeys, key: number): string | null {
  const value = keys.get(key);
  return typeof value === "string" && value !== "" ? value : null;
}
