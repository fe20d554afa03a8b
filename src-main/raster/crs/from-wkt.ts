import type { Crs } from "#shared/geo/crs.ts";
import { crsFromEpsg, epsgEntry } from "./epsg.ts";
import { formatProj4, formulaProblem, shiftOf, type GeographicBase } from "./proj4-formula.ts";
import { formulaFromWkt } from "./wkt-projections.ts";
import { childNamed, numbersOf, parseWkt, textAt, type WktNode } from "./wkt-tree.ts";

/**
 * The CRS of a WKT text, as in a `.prj` file: OGC's or ESRI's dialect of WKT 1, or WKT 2 that names its EPSG code.
 *
 * An EPSG authority of the whole system is believed; everything else is computed from the parameters.
 */
export function crsFromWkt(wkt: string): Crs {
  const root = parseWkt(wkt);
  if (root === null) {
    return { kind: "unknown", reason: "its coordinate system is not written as WKT" };
  }
  const code = authorityCode(root);
  if (code !== null) {
    const crs = crsFromEpsg(code);
    if (crs.kind !== "unknown") {
      return crs;
    }
  }
  switch (root.keyword) {
    case "PROJCS":
      return projected(root);
    case "GEOGCS":
      return geographic(root);
    case "COMPD_CS": {
      const horizontal = root.children.find(
        (child) => child.keyword === "PROJCS" || child.keyword === "GEOGCS",
      );
      return horizontal === undefined
        ? { kind: "unknown", reason: "its compound system has no horizontal part" }
        : horizontal.keyword === "PROJCS"
          ? projected(horizontal)
          : geographic(horizontal);
    }
    default:
      return { kind: "unknown", reason: `"${root.keyword}" without an EPSG code is not supported` };
  }
}

function authorityCode(node: WktNode): number | null {
  const authority = childNamed(node, "AUTHORITY") ?? childNamed(node, "ID");
  if (authority === null || textAt(authority, 0)?.toUpperCase() !== "EPSG") {
    return null;
  }
  const code = Number(authority.values[1]);
  return Number.isInteger(code) && code > 0 ? code : null;
}

function geographic(node: WktNode): Crs {
  const base = baseOf(node);
  if (base === null) {
    return { kind: "unknown", reason: "its ellipsoid is not stated" };
  }
  const degrees = degreesPerUnitOf(node);
  return degrees === 1
    ? checked(node, formatProj4(null, base, 1))
    : { kind: "unknown", reason: `it counts angles in units of ${degrees}° instead of degrees` };
}

function projected(node: WktNode): Crs {
  const own = authorityCode(node);
  if (own !== null) {
    const crs = crsFromEpsg(own);
    if (crs.kind !== "unknown") {
      return crs;
    }
  }
  const geographicNode = childNamed(node, "GEOGCS");
  const base = geographicNode === null ? null : baseOf(geographicNode);
  if (geographicNode === null || base === null) {
    return { kind: "unknown", reason: "its ellipsoid is not stated" };
  }
  const unit = childNamed(node, "UNIT");
  const unitMeters = unit === null ? 1 : (numbersOf(unit)[0] ?? 1);
  const degrees = degreesPerUnitOf(geographicNode);
  const formula = formulaFromWkt(node, unitMeters, degrees);
  return typeof formula === "string"
    ? { kind: "unknown", reason: formula }
    : checked(node, formatProj4(formula, base, unitMeters));
}

/** Degrees in one angular unit of a GEOGCS element. */
function degreesPerUnitOf(node: WktNode): number {
  const unit = childNamed(node, "UNIT");
  const degrees = unit === null ? 1 : ((numbersOf(unit)[0] ?? Math.PI / 180) * 180) / Math.PI;
  // 0.0174532925199433 is one degree as everyone writes it, a hair off the real thing.
  return Math.abs(degrees - 1) < 1e-9 ? 1 : degrees;
}

function checked(node: WktNode, proj4String: string): Crs {
  const problem = formulaProblem(proj4String);
  return problem === null
    ? { kind: "custom", name: textAt(node, 0) ?? "user-defined coordinate system", proj4: proj4String }
    : { kind: "unknown", reason: `it ${problem}` };
}

function baseOf(node: WktNode): GeographicBase | null {
  const datum = childNamed(node, "DATUM");
  const spheroid = datum === null ? null : childNamed(datum, "SPHEROID");
  const [semiMajorMeters, inverseFlattening] = spheroid === null ? [] : numbersOf(spheroid);
  if (datum === null || semiMajorMeters === undefined || inverseFlattening === undefined) {
    return null;
  }
  const primeMeridian = childNamed(node, "PRIMEM");
  const shift = childNamed(datum, "TOWGS84");
  const shiftNumbers = shift === null ? [] : numbersOf(shift);
  const code = authorityCode(node);
  const formula = code === null ? null : (epsgEntry(code)?.proj4 ?? null);
  return {
    semiMajorMeters,
    inverseFlattening,
    primeMeridianDegrees: primeMeridian === null ? 0 : (numbersOf(primeMeridian)[0] ?? 0),
    toWgs84:
      shiftNumbers.length === 3 || shiftNumbers.length === 7
        ? shiftNumbers
        : formula === null
          ? shiftOfDatumName(textAt(datum, 0) ?? "")
          : shiftOf(formula),
  };
}

/** ESRI's `.prj` files have names instead of codes; these two datums are WGS 84 as far as a map is concerned. */
function shiftOfDatumName(name: string): readonly number[] | null {
  const plain = name.toUpperCase().replace(/^D_/, "").replaceAll("_", " ");
  return /^(WGS 1984|WGS 84|WGS84|NORTH AMERICAN 1983|NORTH AMERICAN DATUM 1983|ETRS 1989)$/.test(plain)
    ? [0, 0, 0]
    : null;
}
