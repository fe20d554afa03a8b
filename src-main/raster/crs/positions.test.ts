import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { isProjectable, type Crs } from "#shared/geo/crs.ts";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { crsFromEpsg, crsFromWkt, metersPerUnit, openRaster } from "../index.ts";
import { epsgEntry } from "./epsg.ts";
import { proj4 } from "./projections.ts";

/** Systems that users of this application have, of every method that we claim, each with a corner of the world where it is hard. */
const common: readonly number[] = [
  ...[4326, 4269, 4258, 4267, 4148, 4490, 4230, 4314], // geographic
  ...[
    32601, 32618, 32632, 32633, 32634, 32660, 32701, 32733, 32736, 32760, 26910, 26917, 25832, 31983, 28356,
  ], // UTM
  ...[
    2180, 2176, 2178, 27700, 29902, 2157, 31467, 31468, 3067, 3006, 3301, 3059, 3346, 5514, 28404, 2193, 2039,
  ], // transverse Mercator
  ...[3857, 3395, 3994, 3832], // Mercator
  ...[
    2154, 3942, 27572, 31370, 3812, 2056, 21781, 3034, 3347, 3978, 2263, 2225, 2277, 2227, 26986, 31287, 3112,
  ], // conformal conics, Swiss
  ...[5070, 3005, 3577, 6350, 3310, 3174], // Albers
  ...[3035, 3408, 3409, 6931, 6932, 2163, 9311, 3571, 3575], // Lambert azimuthal
  ...[3410, 6933, 3975, 8857], // equal-area cylinders, Equal Earth
  ...[3413, 3031, 3995, 3976, 32661, 32761, 5041, 28992, 28991, 2036, 3031], // stereographic
  ...[26931, 29873, 3078, 3168, 23700, 5680], // oblique Mercator and its kin
  ...[4087, 4088, 32662, 27200, 2065, 5513, 28191, 5635, 3078], // equidistant cylinder, New Zealand's grid, Krovak, Cassini
  ...[4807, 4978, 2048, 6244], // in grads, geocentric, westward, not supported
].filter((code, index, all) => all.indexOf(code) === index);

/** Where we stop: 1 mm, for the way there and for the way back. */
const toleranceMeters = 0.001;

const positionsSchema = z.array(z.array(z.tuple([z.number(), z.number(), z.number(), z.number()])));
type Positions = z.infer<typeof positionsSchema>[number];

interface Case {
  readonly name: string;
  readonly crs: Crs;
  readonly request: { readonly epsg?: number; readonly path?: string; readonly wkt?: string };
}

const fixtures = join(import.meta.dirname, "../../../fixtures/rasters");
const readers = join(import.meta.dirname, "../../../../shared/data/readers");

/** Every coordinate system that a folder's files have, once. */
async function casesOf(folder: string): Promise<Case[]> {
  const cases = new Map<string, Case>();
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const path = join(folder, name);
    if (name.endsWith(".wkt")) {
      const wkt = readFileSync(path, "utf8");
      cases.set(name, { name, crs: crsFromWkt(wkt), request: { wkt, path: path.replace(/wkt$/, "tif") } });
    } else if (/\.tiff?$/.test(name)) {
      // What can't be opened has no coordinate system; readers.test.ts says what that may be.
      const raster = await openRaster(path).catch(() => null);
      if (raster !== null) {
        const { crs } = raster.description;
        await raster.close();
        if (crs.kind !== "none") {
          cases.set(JSON.stringify(crs), { name, crs, request: { path } });
        }
      }
    }
  }
  return [...cases.values()];
}

describe.skipIf(peerPython() === undefined)(
  "1,000 random positions (skipped without the Python peers)",
  () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "orthomask-positions-"));
    });
    afterAll(() => {
      rmSync(folder, { recursive: true, force: true });
    });

    /** Answers the names of the systems that are refused. */
    async function compare(cases: readonly Case[], wantedCount = 1000): Promise<string[]> {
      const refused = cases.filter(({ crs }) => !isProjectable(crs));
      for (const { name, crs } of refused) {
        expect("reason" in crs ? crs.reason : "", name).toMatch(/\S+ \S+/);
      }
      const computed = cases.filter(({ crs }) => isProjectable(crs));
      const requests = join(folder, "requests.json");
      writeFileSync(requests, JSON.stringify(computed.map(({ request }) => request)));
      const answers = positionsSchema.parse(
        await runPeer(join(import.meta.dirname, "random-positions.py"), [requests, String(wantedCount)]),
      );
      const worst = computed
        .map(({ name, crs }, index) => ({ name, ...worstOf(crs, answers[index] ?? []) }))
        .sort((first, second) => worstMeters(second) - worstMeters(first));
      if (process.env["ORTHOMASK_SHOW"] !== undefined) {
        console.table(worst);
        console.table(refused.map(({ name, crs }) => ({ name, reason: "reason" in crs ? crs.reason : "" })));
      }
      for (const { name, count, forwardMeters, inverseMeters } of worst) {
        expect.soft(count, `positions in ${name}`).toBe(wantedCount);
        expect.soft(forwardMeters, `to ${name}`).toBeLessThan(toleranceMeters);
        expect.soft(inverseMeters, `from ${name}`).toBeLessThan(toleranceMeters);
      }
      return refused.map(({ name }) => name);
    }

    test("in common systems lie where PROJ puts them", async () => {
      const refused = await compare(
        common.map((epsg) => ({ name: `EPSG:${epsg}`, crs: crsFromEpsg(epsg), request: { epsg } })),
      );
      // Each with its reason (docs/formats.md): another one would be a loss.
      const known = [2036, 2048, 2065, 2163, 3408, 3409, 3410, 3975, 4088, 4807, 4978, 5513, 6244, 32662];
      expect(refused.sort()).toEqual(known.map((epsg) => `EPSG:${epsg}`).sort());
    });

    // Minutes: `ORTHOMASK_EPSG=all`; docs/formats.md has the outcome.
    test.skipIf(process.env["ORTHOMASK_EPSG"] !== "all")(
      "in every projected system of EPSG",
      async () => {
        const codes = z.array(z.number()).parse(await runPeer(projectedCodes));
        const known = codes.filter((code) => epsgEntry(code) !== null);
        const cases = known.map((epsg) => ({
          name: `EPSG:${epsg}`,
          crs: crsFromEpsg(epsg),
          request: { epsg },
        }));
        await compare(cases, 20);
      },
      1_200_000,
    );

    test("in the systems of our fixtures lie where PROJ puts them", async () => {
      await compare(await casesOf(fixtures));
    });

    test.skipIf(!existsSync(readers))(
      "in the systems of other projects' files lie where PROJ puts them (skipped without ../shared/data/readers)",
      async () => {
        await compare(await casesOf(readers));
      },
    );
  },
);

const projectedCodes = `
import json
from pyproj.database import query_crs_info
from pyproj.enums import PJType
print(json.dumps([int(info.code) for info in query_crs_info("EPSG", PJType.PROJECTED_CRS, allow_deprecated=True)]))
`;

interface Distances {
  readonly count: number;
  readonly forwardMeters: number;
  readonly inverseMeters: number;
}

function worstMeters({ forwardMeters, inverseMeters }: Distances): number {
  return Math.max(forwardMeters, inverseMeters);
}

/** The largest distances from PROJ's positions: on the plane, and on the ground. */
function worstOf(crs: Crs, positions: Positions): Distances {
  const worst = { count: positions.length, forwardMeters: 0, inverseMeters: 0 };
  const converter = isProjectable(crs) ? proj4(...withoutDatum(crs.proj4)) : null;
  const unit = metersPerUnit(crs) ?? 111_320;
  for (const [x, y, longitude, latitude] of positions) {
    const [foundX = NaN, foundY = NaN] = converter?.inverse([longitude, latitude]) ?? [];
    const [foundLongitude = NaN, foundLatitude = NaN] = converter?.forward([x, y]) ?? [];
    // A longitude of 180° is -180° as well.
    const turn = ((((foundLongitude - longitude + 180) % 360) + 360) % 360) - 180;
    const east = turn * 111_320 * Math.cos((latitude * Math.PI) / 180);
    const dx = metersPerUnit(crs) === null ? ((((foundX - x + 180) % 360) + 360) % 360) - 180 : foundX - x;
    worst.forwardMeters = larger(worst.forwardMeters, Math.hypot(dx, foundY - y) * unit);
    worst.inverseMeters = larger(worst.inverseMeters, Math.hypot(east, (foundLatitude - latitude) * 111_320));
  }
  return worst;
}

/** `Math.max` in which a position that we could not compute is the worst of all. */
function larger(first: number, second: number): number {
  return Number.isNaN(second) ? Infinity : Math.max(first, second);
}

/** A formula and the geographic system below it, in degrees from Greenwich, with no shift between them. */
function withoutDatum(formula: string): [system: string, base: string] {
  const isWebMercator = /\+nadgrids=@null/.test(formula);
  const plain = formula.replace(/ ?\+(towgs84|nadgrids)=\S+/g, "");
  const datum = /\+datum=\S+/.exec(plain)?.[0];
  const axes = [...plain.matchAll(/\+(a|b|rf|R|ellps)=\S+/g)].map(([word]) => word).join(" ");
  // Web Mercator takes ellipsoidal latitudes for spherical ones; its base keeps the sphere so that nothing is shifted.
  return [plain, `+proj=longlat ${isWebMercator ? axes : (datum ?? axes)} +no_defs`];
}
