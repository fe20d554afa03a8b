import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import proj4 from "proj4";
import { z } from "zod";
import type { Crs } from "#shared/geo/crs.ts";
import { metersPerUnitOf } from "../crs/transformer.ts";

const require = createRequire(import.meta.url);
const entrySchema = z.object({ wkt: z.string().nullable() });

/** The well-known text of a CRS (OGC 01-009, in GDAL's dialect) for files that state it so, or null where nothing is known. */
export function wktOfCrs(crs: Crs): string | null {
  switch (crs.kind) {
    case "epsg":
      return wktFromTable(crs.code) ?? wktOfFormula(crs.name, crs.proj4);
    case "custom":
      return wktOfFormula(crs.name, crs.proj4);
    case "unknown":
    case "none":
      return null;
  }
}

function wktFromTable(code: number): string | null {
  try {
    const path = require.resolve(`epsg-index/s/${code}.json`);
    return entrySchema.parse(JSON.parse(readFileSync(path, "utf8"))).wkt;
  } catch {
    return null;
  }
}

/** What a PROJ string says, by name. */
type Words = ReadonlyMap<string, string>;

/** WKT's parameters and the PROJ word each takes its value from, angles in degrees and lengths in metres. */
type ParameterWords = readonly (readonly [parameter: string, word: string, otherwise: number])[];

const falseOrigin: ParameterWords = [
  ["false_easting", "x_0", 0],
  ["false_northing", "y_0", 0],
];
const centre: ParameterWords = [
  ["latitude_of_center", "lat_0", 0],
  ["longitude_of_center", "lon_0", 0],
  ...falseOrigin,
];
const origin: ParameterWords = [
  ["latitude_of_origin", "lat_0", 0],
  ["central_meridian", "lon_0", 0],
];
const meridian: ParameterWords = [["central_meridian", "lon_0", 0], ...falseOrigin];
const twoParallels: ParameterWords = [
  ["standard_parallel_1", "lat_1", 0],
  ["standard_parallel_2", "lat_2", 0],
];
const scaled: ParameterWords = [["scale_factor", "k", 1], ...falseOrigin];

/** The method in WKT's name with its parameters, or null for those that only a PROJ string says. */
function methodOf(words: Words): readonly [method: string, parameters: ParameterWords] | null {
  switch (words.get("proj")) {
    case "utm":
    case "tmerc":
    case "etmerc":
      return ["Transverse_Mercator", [...origin, ...scaled]];
    case "merc":
      return words.has("lat_ts")
        ? [
            "Mercator_2SP",
            [["standard_parallel_1", "lat_ts", 0], ["central_meridian", "lon_0", 0], ...falseOrigin],
          ]
        : ["Mercator_1SP", [["central_meridian", "lon_0", 0], ...scaled]];
    case "lcc":
      return words.has("lat_2") && words.get("lat_1") !== words.get("lat_2")
        ? ["Lambert_Conformal_Conic_2SP", [...origin, ...twoParallels, ...falseOrigin]]
        : [
            "Lambert_Conformal_Conic_1SP",
            [["latitude_of_origin", "lat_1", 0], ["central_meridian", "lon_0", 0], ...scaled],
          ];
    case "aea":
      return ["Albers_Conic_Equal_Area", [...twoParallels, ...centre]];
    case "laea":
      return ["Lambert_Azimuthal_Equal_Area", centre];
    case "aeqd":
      return ["Azimuthal_Equidistant", centre];
    case "eqdc":
      return ["Equidistant_Conic", [...twoParallels, ...centre]];
    case "stere":
      return Math.abs(Number(words.get("lat_0"))) === 90
        ? [
            "Polar_Stereographic",
            [
              ["latitude_of_origin", words.has("lat_ts") ? "lat_ts" : "lat_0", 90],
              ["central_meridian", "lon_0", 0],
              ...scaled,
            ],
          ]
        : ["Stereographic", [...origin, ...scaled]];
    case "sterea":
      return ["Oblique_Stereographic", [...origin, ...scaled]];
    case "eqc":
      return ["Equirectangular", [["standard_parallel_1", "lat_ts", 0], ...meridian]];
    case "cass":
      return ["Cassini_Soldner", [...origin, ...falseOrigin]];
    case "poly":
      return ["Polyconic", [...origin, ...falseOrigin]];
    case "ortho":
      return ["Orthographic", [...origin, ...falseOrigin]];
    case "gnom":
      return ["Gnomonic", [...origin, ...falseOrigin]];
    case "robin":
      return ["Robinson", [["longitude_of_center", "lon_0", 0], ...falseOrigin]];
    case "sinu":
      return ["Sinusoidal", [["longitude_of_center", "lon_0", 0], ...falseOrigin]];
    case "moll":
      return ["Mollweide", meridian];
    case "vandg":
      return ["VanDerGrinten", meridian];
    case "cea":
      return ["Cylindrical_Equal_Area", [["standard_parallel_1", "lat_ts", 0], ...meridian]];
    case "omerc":
      return [
        words.has("no_uoff") ? "Hotine_Oblique_Mercator" : "Hotine_Oblique_Mercator_Azimuth_Center",
        [
          ["latitude_of_center", "lat_0", 0],
          ["longitude_of_center", "lonc", 0],
          ["azimuth", "alpha", 0],
          ["rectified_grid_angle", "gamma", 0],
          ...scaled,
        ],
      ];
    default:
      return null;
  }
}

function wktOfFormula(name: string, formula: string): string {
  const words: Words = new Map(
    formula
      .split(/\s+/)
      .filter((word) => word.startsWith("+"))
      .map((word) => {
        const [key = "", value = ""] = word.slice(1).split("=");
        return [key === "k_0" ? "k" : key, value] as const;
      }),
  );
  const title = name.replaceAll('"', "'");
  const base = geographicWkt(words.get("proj") === "longlat" ? title : "unknown", words, formula);
  if (words.get("proj") === "longlat") {
    return base;
  }
  const unit = metersPerUnitOf(formula);
  const known = methodOf(words);
  // Web Mercator is a sphere's formulas on an ellipsoid, which WKT has no words for either.
  const method = words.has("nadgrids") || words.get("proj") === "utm" ? null : known;
  const parameters = (method?.[1] ?? [])
    .map(([parameter, word, otherwise]) => {
      const given = words.get(word);
      const value =
        given === undefined
          ? word === "gamma"
            ? Number(words.get("alpha") ?? 0)
            : otherwise
          : Number(given);
      return `,PARAMETER["${parameter}",${word === "x_0" || word === "y_0" ? value / unit : value}]`;
    })
    .join("");
  const extension = method === null ? `,EXTENSION["PROJ4","${formula}"]` : "";
  return `PROJCS["${title}",${base},PROJECTION["${method?.[0] ?? "custom_proj4"}"]${parameters},UNIT["${unit === 1 ? "metre" : "unit"}",${unit}],AXIS["Easting",EAST],AXIS["Northing",NORTH]${extension}]`;
}

function geographicWkt(name: string, words: Words, formula: string): string {
  const { semiMajorMeters, eccentricitySquared } = ellipsoidOf(formula);
  const flattening = 1 - Math.sqrt(1 - eccentricitySquared);
  const stated = words.get("rf");
  const inverse = stated !== undefined ? Number(stated) : flattening === 0 ? 0 : 1 / flattening;
  const datum = words.get("datum");
  const shift = words.get("towgs84")?.split(",").map(Number);
  const sevenShift = shift === undefined ? "" : `,TOWGS84[${[...shift, 0, 0, 0, 0].slice(0, 7).join(",")}]`;
  const meridian = primeMeridianOf(formula);
  const datumName =
    datum === "WGS84" ? "WGS_1984" : datum === "NAD83" ? "North_American_Datum_1983" : "unknown";
  return `GEOGCS["${name}",DATUM["${datumName}",SPHEROID["unknown",${semiMajorMeters},${inverse}]${sevenShift}],PRIMEM["${meridian === 0 ? "Greenwich" : "unknown"}",${meridian}],UNIT["degree",0.0174532925199433]]`;
}

/** Degrees from Greenwich to the meridian that longitudes count from, which a PROJ string gives as a number or by name. */
function primeMeridianOf(formula: string): number {
  const projection = proj4.Proj(formula);
  const radians =
    "from_greenwich" in projection && typeof projection.from_greenwich === "number"
      ? projection.from_greenwich
      : 0;
  return Number(((radians * 180) / Math.PI).toFixed(12));
}

/** The ellipsoid of a PROJ string. */
export function ellipsoidOf(formula: string): {
  readonly semiMajorMeters: number;
  readonly eccentricitySquared: number;
} {
  const projection = proj4.Proj(formula);
  const [a, b] = [Number(projection.a), Number(projection.b)];
  return { semiMajorMeters: a, eccentricitySquared: 1 - (b * b) / (a * a) };
}
