import type { GeoKeys } from "../tiff/geo-tags.ts";
import type { ProjectedFormula } from "./proj4-formula.ts";

/** Geo keys of projection parameters (GeoTIFF 1.1, annex C.5). */
const parameter = {
  standardParallel1: 3078,
  standardParallel2: 3079,
  naturalOriginLongitude: 3080,
  naturalOriginLatitude: 3081,
  falseEasting: 3082,
  falseNorthing: 3083,
  falseOriginLongitude: 3084,
  falseOriginLatitude: 3085,
  falseOriginEasting: 3086,
  falseOriginNorthing: 3087,
  centreLongitude: 3088,
  centreLatitude: 3089,
  centreEasting: 3090,
  centreNorthing: 3091,
  scaleAtNaturalOrigin: 3092,
  scaleAtCentre: 3093,
  azimuth: 3094,
  straightPoleLongitude: 3095,
  /** Not in the standard, but GDAL's for oblique Mercator. */
  rectifiedGridAngle: 3096,
} as const;

/**
 * The projection that user-defined geo keys describe.
 *
 * Writers disagree on which key holds an origin, so each parameter is taken from the first of its possible keys that is there, as GDAL does.
 *
 * @returns a sentence's worth of reason when the method isn't supported
 */
export function formulaFromGeoKeys(
  keys: GeoKeys,
  unitMeters: number,
  angleDegrees: number,
): ProjectedFormula | string {
  const projection = numberAt(keys, 3074);
  if (
    projection !== null &&
    projection > 16000 &&
    projection <= 16160 &&
    projection % 100 >= 1 &&
    projection % 100 <= 60
  ) {
    const zone = projection % 100;
    const isSouth = projection > 16100;
    return {
      proj: "tmerc",
      parameters: { lat_0: 0, lon_0: zone * 6 - 183, k: 0.9996, x_0: 500_000, y_0: isSouth ? 10_000_000 : 0 },
    };
  }
  const method = numberAt(keys, 3075);
  if (method === null || method === 32767) {
    return projection === null || projection === 32767
      ? "its geo keys name no projection method"
      : `its projection (EPSG code ${projection}) is not in our table`;
  }
  const angle = (otherwise: number, ...candidates: readonly number[]): number =>
    (first(keys, candidates) ?? otherwise / angleDegrees) * angleDegrees;
  const length = (...candidates: readonly number[]): number => (first(keys, candidates) ?? 0) * unitMeters;
  const {
    standardParallel1,
    standardParallel2,
    naturalOriginLongitude,
    naturalOriginLatitude,
    falseOriginLongitude,
    falseOriginLatitude,
    centreLongitude,
    centreLatitude,
  } = parameter;
  const lon_0 = angle(
    0,
    naturalOriginLongitude,
    falseOriginLongitude,
    centreLongitude,
    parameter.straightPoleLongitude,
  );
  const lat_0 = angle(0, naturalOriginLatitude, falseOriginLatitude, centreLatitude);
  const lat_1 = angle(0, standardParallel1);
  const lat_2 = angle(0, standardParallel2);
  const k = first(keys, [parameter.scaleAtNaturalOrigin, parameter.scaleAtCentre]) ?? 1;
  const x_0 = length(parameter.falseEasting, parameter.falseOriginEasting, parameter.centreEasting);
  const y_0 = length(parameter.falseNorthing, parameter.falseOriginNorthing, parameter.centreNorthing);
  const simple = (proj: string): ProjectedFormula => ({ proj, parameters: { lon_0, x_0, y_0 } });
  const centred = (proj: string): ProjectedFormula => ({ proj, parameters: { lat_0, lon_0, x_0, y_0 } });
  const oblique = (): ProjectedFormula => {
    const alpha = angle(0, parameter.azimuth);
    const gamma = angle(90, parameter.rectifiedGridAngle);
    return { proj: "omerc", parameters: { lat_0, lonc: lon_0, alpha, gamma, k, x_0, y_0 } };
  };

  switch (method) {
    case 1: // Transverse Mercator
      return { proj: "tmerc", parameters: { lat_0, lon_0, k, x_0, y_0 } };
    case 3: // Hotine Oblique Mercator, coordinates from the natural origin
      return { ...oblique(), flags: ["no_uoff"] };
    case 9815: // The same from the centre, by EPSG's code, as GDAL writes it for want of one of GeoTIFF's
      return oblique();
    case 7: // Mercator
      return keys.has(standardParallel1)
        ? { proj: "merc", parameters: { lat_ts: lat_1, lon_0, x_0, y_0 } }
        : { proj: "merc", parameters: { lon_0, k, x_0, y_0 } };
    case 8: // Lambert Conformal Conic, two parallels
      return { proj: "lcc", parameters: { lat_0, lat_1, lat_2, lon_0, x_0, y_0 } };
    case 9: // Lambert Conformal Conic, one parallel
      return { proj: "lcc", parameters: { lat_0, lat_1: lat_0, lat_2: lat_0, lon_0, k_0: k, x_0, y_0 } };
    case 10: // Lambert Azimuthal Equal Area
      return centred("laea");
    case 11: // Albers Equal Area
      return { proj: "aea", parameters: { lat_0, lat_1, lat_2, lon_0, x_0, y_0 } };
    case 12: // Azimuthal Equidistant
      return centred("aeqd");
    case 13: // Equidistant Conic
      return { proj: "eqdc", parameters: { lat_0, lat_1, lat_2, lon_0, x_0, y_0 } };
    case 14: // Stereographic
      return { proj: "stere", parameters: { lat_0, lon_0, k, x_0, y_0 } };
    case 15: {
      // Polar Stereographic: the latitude of true scale stands as the origin's latitude
      const trueScale = keys.has(standardParallel1) ? lat_1 : lat_0;
      const meridian = angle(0, parameter.straightPoleLongitude, naturalOriginLongitude, centreLongitude);
      const pole = trueScale < 0 ? -90 : 90;
      return Math.abs(trueScale) === 90
        ? { proj: "stere", parameters: { lat_0: pole, lon_0: meridian, k, x_0, y_0 } }
        : { proj: "stere", parameters: { lat_0: pole, lat_ts: trueScale, lon_0: meridian, x_0, y_0 } };
    }
    case 16: // Oblique Stereographic
      return { proj: "sterea", parameters: { lat_0, lon_0, k, x_0, y_0 } };
    case 17: // Equirectangular: the origin's latitude is written but stands for nothing when zero
      return { proj: "eqc", parameters: { lat_ts: lat_1, lat_0, lon_0, x_0, y_0 } };
    case 18: // Cassini-Soldner
      return centred("cass");
    case 19: // Gnomonic
      return centred("gnom");
    case 20: // Miller
      return simple("mill");
    case 21: // Orthographic
      return centred("ortho");
    case 22: // American Polyconic
      return centred("poly");
    case 23: // Robinson
      return simple("robin");
    case 24: // Sinusoidal
      return simple("sinu");
    case 25: // Van der Grinten
      return simple("vandg");
    case 26: // New Zealand Map Grid
      return centred("nzmg");
    case 28: // Cylindrical Equal Area
      return { proj: "cea", parameters: { lat_ts: lat_1, lon_0, x_0, y_0 } };
    default:
      return `its projection method (GeoTIFF code ${method}) is not supported`;
  }
}

function numberAt(keys: GeoKeys, key: number): number | null {
  const value = keys.get(key);
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function first(keys: GeoKeys, candidates: readonly number[]): number | null {
  for (const key of candidates) {
    const value = numberAt(keys, key);
    if (value !== null) {
      return value;
    }
  }
  return null;
}
