import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { z } from "zod";
import type { Crs } from "#shared/geo/crs.ts";
import datumShifts from "./datum-shifts.json" with { type: "json" };
import { formulaProblem } from "./proj4-formula.ts";

const require = createRequire(import.meta.url);

const entrySchema = z.object({
  kind: z.string(),
  name: z.string(),
  proj4: z.string().nullable(),
  unit: z.string().nullish(),
});

/** One coordinate system of the EPSG table. */
export interface EpsgEntry {
  readonly code: number;
  readonly name: string;
  /** Null for systems that PROJ strings can't express: vertical, engineering. */
  readonly proj4: string | null;
  /** Whether it is geographic and counts in grads, which neither PROJ strings nor proj4js can say. */
  readonly inGrads: boolean;
}

const known = new Map<number, EpsgEntry | null>();

/** Looks a code up in the shipped EPSG table, or null when the table lacks it. */
export function epsgEntry(code: number): EpsgEntry | null {
  const cached = known.get(code);
  if (cached !== undefined) {
    return cached;
  }
  const entry = readEntry(code);
  known.set(code, entry);
  return entry;
}

function readEntry(code: number): EpsgEntry | null {
  if (!Number.isInteger(code) || code < 1024 || code > 999_999) {
    return null;
  }
  try {
    const path = require.resolve(`epsg-index/s/${code}.json`);
    const entry = entrySchema.parse(JSON.parse(readFileSync(path, "utf8")));
    return {
      code,
      name: entry.name,
      proj4: entry.proj4 === null ? null : asProj4jsReads(code, entry.proj4.trim()),
      inGrads: entry.unit === "grad",
    };
  } catch {
    return null;
  }
}

/** Systems whose axes run south and west though their formula in the table doesn't say so: the Austrian Gusterberg and St. Stephen grids. */
const southWestward: ReadonlySet<number> = new Set([8044, 8045]);

/** The CRS of an EPSG code; unknown, with the reason, where the table or proj4 can't express it. */
export function crsFromEpsg(code: number): Crs {
  const entry = epsgEntry(code);
  if (entry === null) {
    return { kind: "unknown", reason: `EPSG:${code} is not in the EPSG table` };
  }
  if (entry.proj4 === null || entry.proj4 === "") {
    return { kind: "unknown", reason: `EPSG:${code} (${entry.name}) has no formula in the EPSG table` };
  }
  if (southWestward.has(code)) {
    return {
      kind: "unknown",
      reason: `EPSG:${code} (${entry.name}) has axes that run south and west instead of east and north`,
    };
  }
  if (entry.inGrads) {
    return {
      kind: "unknown",
      reason: `EPSG:${code} (${entry.name}) counts angles in grads instead of degrees`,
    };
  }
  const problem = formulaProblem(entry.proj4);
  if (problem !== null) {
    return { kind: "unknown", reason: `EPSG:${code} (${entry.name}) ${problem}` };
  }
  return { kind: "epsg", code, name: entry.name, proj4: entry.proj4 };
}

/*
 * Grid files of datum shifts aren't shipped. Each stands for a datum whose published Helmert (position vector) or geocentric
 * parameters agree with the grid to a few metres; projected coordinates themselves don't depend on it.
 */
const shiftsInsteadOfGrids: readonly (readonly [gridName: RegExp, towgs84: string])[] = [
  [/^OSTN15/, "446.448,-125.157,542.06,0.15,0.247,0.842,-20.489"],
  [/^BETA2007/, "598.1,73.7,418.2,0.202,0.045,-2.455,6.7"],
  [/^(NTv2_0|CQ77NA83|May76v20)/, "-8,160,176"],
  [/^NB7783v2/, "0,0,0"],
  [/^nzgd2kgrid/, "59.47,-5.04,187.44,0.47,-0.1,1.024,-4.5993"],
  [/^"?National/, "-134,-48,149"],
  [/^CA(7072|61)/, "-206.05,168.28,-3.82"],
];

/** proj4js takes an ellipsoid that it doesn't know for WGS 84 without a word, which is a metre wrong. */
const unknownEllipsoids: readonly (readonly [name: string, axes: string])[] = [
  ["+ellps=WGS72", "+a=6378135 +rf=298.26"],
  ["+ellps=GSK2011", "+a=6378136.5 +rf=298.2564151"],
];

/** Entries whose formula in the table is not the system's: the US National Atlas projects from the sphere of Clarke's area. */
const corrected: ReadonlyMap<number, string> = new Map([
  [9311, "+proj=laea +lat_0=45 +lon_0=-100 +x_0=0 +y_0=0 +R=6370997.240632998 +units=m +no_defs"],
]);

/** The table's PROJ string in words that proj4js understands as PROJ does. */
function asProj4jsReads(code: number, proj4: string): string {
  const named = unknownEllipsoids.reduce(
    (text, [name, axes]) => text.replace(name, axes),
    corrected.get(code) ?? proj4,
  );
  return withPublishedShift(code, withoutGridFiles(named));
}

/** PROJ's shift to WGS 84 by code, where the table's isn't; made by make-datum-shifts.py, which says why. */
const shiftByCode: ReadonlyMap<number, string> = new Map(
  Object.entries(datumShifts).flatMap(([shift, codes]) => codes.map((code) => [code, shift] as const)),
);

function withPublishedShift(code: number, proj4: string): string {
  const shift = shiftByCode.get(code);
  if (shift === undefined) {
    return proj4;
  }
  const word = `+towgs84=${shift}`;
  return /\+towgs84=\S+/.test(proj4)
    ? proj4.replace(/\+towgs84=\S+/, word)
    : proj4.replace(/ ?\+no_defs/, ` ${word} +no_defs`);
}

function withoutGridFiles(proj4: string): string {
  const grid = /\+nadgrids=("[^"]*"|\S+)/.exec(proj4);
  if (grid === null || grid[1] === "@null") {
    return proj4;
  }
  const [whole, name = ""] = grid;
  const shift = shiftsInsteadOfGrids.find(([pattern]) => pattern.test(name));
  return proj4.replace(whole, shift === undefined ? "" : `+towgs84=${shift[1]}`);
}
