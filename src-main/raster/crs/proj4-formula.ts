import { proj4 } from "./projections.ts";

/** Why a PROJ string can't be computed with, as the end of a sentence, or null when it can. */
export function formulaProblem(proj4String: string): string | null {
  const axis = /\+axis=(\S+)/.exec(proj4String)?.[1];
  if (axis !== undefined && axis !== "enu") {
    return `has axes that run "${axis}" instead of east and north`;
  }
  if (/\+proj=geocent/.test(proj4String)) {
    return "is geocentric: it has no map coordinates";
  }
  if (!/\+proj=/.test(proj4String)) {
    return "states heights, not positions";
  }
  if (/\+hyperbolic\b/.test(proj4String)) {
    return "uses the hyperbolic Cassini projection, which is not supported";
  }
  try {
    proj4(proj4String);
    return null;
  } catch {
    const projection = /\+proj=(\S+)/.exec(proj4String)?.[1] ?? "?";
    return `uses the projection "${projection}", which is not supported`;
  }
}

/** Length of one unit in metres by EPSG unit code. */
export const metersPerUnit: ReadonlyMap<number, number> = new Map([
  [9001, 1],
  [9002, 0.3048],
  [9003, 1200 / 3937],
  [9005, 0.3047972654],
  [9014, 1.8288],
  [9030, 1852],
  [9036, 1000],
  [9093, 1609.344],
  [9094, 0.304799710181509],
  [9096, 0.9144],
  [9097, 20.1168],
  [9098, 0.201168],
]);

/** Size of one unit in degrees by EPSG unit code. */
export const degreesPerUnit: ReadonlyMap<number, number> = new Map([
  [9101, 180 / Math.PI],
  [9102, 1],
  [9103, 1 / 60],
  [9104, 1 / 3600],
  [9105, 0.9],
  [9106, 0.9],
  [9122, 1],
]);

/** Axes of ellipsoids by EPSG code: semi-major in metres and inverse flattening, 0 for a sphere. */
export const ellipsoids: ReadonlyMap<number, readonly [semiMajorMeters: number, inverseFlattening: number]> =
  new Map([
    [7001, [6377563.396, 299.3249646]],
    [7002, [6377340.189, 299.3249646]],
    [7003, [6378160, 298.25]],
    [7004, [6377397.155, 299.1528128]],
    [7005, [6377492.018, 299.1528128]],
    [7008, [6378206.4, 294.978698213898]],
    [7011, [6378249.2, 293.466021293627]],
    [7012, [6378249.145, 293.465]],
    [7015, [6377276.345, 300.8017]],
    [7016, [6377298.556, 300.8017]],
    [7018, [6377304.063, 300.8017]],
    [7019, [6378137, 298.257222101]],
    [7022, [6378388, 297]],
    [7024, [6378245, 298.3]],
    [7030, [6378137, 298.257223563]],
    [7036, [6378160, 298.247167427]],
    [7043, [6378135, 298.26]],
    [7044, [6378160, 298.25]],
    [7048, [6371000, 0]],
    [7049, [6378140, 298.257]],
    [7052, [6370997, 0]],
  ]);

/** A projection with its parameters in degrees and metres, in PROJ's names. */
export interface ProjectedFormula {
  readonly proj: string;
  /** Numeric parameters such as lat_0, lon_0, k, x_0: angles in degrees from Greenwich's or the own prime meridian. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Flags without a value. */
  readonly flags?: readonly string[];
}

/** The geographic base of a CRS. */
export interface GeographicBase {
  readonly semiMajorMeters: number;
  /** 0 for a sphere. */
  readonly inverseFlattening: number;
  readonly primeMeridianDegrees: number;
  /** Shift to WGS 84: metres, arc seconds, parts per million; position vector. */
  readonly toWgs84: readonly number[] | null;
}

/** Writes a PROJ string. */
export function formatProj4(
  stated: ProjectedFormula | null,
  base: GeographicBase,
  unitMeters: number,
): string {
  const formula = stated === null ? null : swissWhereItMay(stated);
  const words = [`+proj=${formula?.proj ?? "longlat"}`];
  for (const [name, value] of Object.entries(formula?.parameters ?? {})) {
    words.push(`+${name}=${value}`);
  }
  for (const flag of formula?.flags ?? []) {
    words.push(`+${flag}`);
  }
  words.push(`+a=${base.semiMajorMeters}`);
  words.push(base.inverseFlattening === 0 ? `+b=${base.semiMajorMeters}` : `+rf=${base.inverseFlattening}`);
  if (base.primeMeridianDegrees !== 0) {
    words.push(`+pm=${base.primeMeridianDegrees}`);
  }
  if (base.toWgs84 !== null) {
    words.push(`+towgs84=${base.toWgs84.join(",")}`);
  }
  if (formula !== null) {
    words.push(unitMeters === 1 ? "+units=m" : `+to_meter=${unitMeters}`);
  }
  words.push("+no_defs");
  return words.join(" ");
}

/**
 * Hotine's oblique Mercator along the east is the Swiss one, as which PROJ computes it: 7 cm away, by another way over the sphere. WKT has no
 * other name for the Swiss one.
 */
function swissWhereItMay(formula: ProjectedFormula): ProjectedFormula {
  const { alpha, gamma, lonc, k, ...others } = formula.parameters;
  if (formula.proj !== "omerc" || alpha !== 90 || gamma !== 90 || lonc === undefined || k === undefined) {
    return formula;
  }
  return { proj: "somerc", parameters: { ...others, lon_0: lonc, k_0: k } };
}

/** The shift of PROJ string to WGS 84, if it states one. */
export function shiftOf(proj4String: string): readonly number[] | null {
  if (/\+datum=(WGS84|NAD83)\b/.test(proj4String)) {
    return [0, 0, 0];
  }
  const shift = /\+towgs84=(\S+)/.exec(proj4String)?.[1];
  return shift === undefined ? null : shift.split(",").map(Number);
}
