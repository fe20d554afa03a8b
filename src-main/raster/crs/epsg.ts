import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { z } from "zod";
import type { Crs } from "#shared/geo/crs.ts";

const require = createRequire(import.meta.url);

const entrySchema = z.object({
  kind: z.string(),
  name: z.string(),
  proj4: z.string().nullable(),
  wkt: z.string().nullish(),
});

/** One coordinate system of the EPSG table. */
export interface EpsgEntry {
  readonly code: number;
  readonly name: string;
  /** Null for systems that PROJ strings can't express. */
  readonly proj4: string | null;
  readonly isGeographic: boolean;
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
    const proj4 = entry.proj4 === null ? null : entry.proj4.trim();
    return { code, name: entry.name, proj4, isGeographic: entry.kind.includes("GEOG") };
  } catch {
    return null;
  }
}

/** The CRS of an EPSG code; unknown, with the reason, where the table or proj4 can't express it. */
export function crsFromEpsg(code: number): Crs {
  const entry = epsgEntry(code);
  if (entry === null) {
    return { kind: "unknown", reason: `EPSG:${code} is not in the EPSG table` };
  }
  if (entry.proj4 === null || entry.proj4 === "") {
    return { kind: "unknown", reason: `EPSG:${code} (${entry.name}) has no formula in the EPSG table` };
  }
  return { kind: "epsg", code, name: entry.name, proj4: entry.proj4 };
}
