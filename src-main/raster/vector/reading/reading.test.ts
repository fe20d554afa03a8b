import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Geotransform } from "#shared/geo/affine.ts";
import { rasterizePolygon } from "#shared/labels/rasterize-polygon.ts";
import { mapToPixel } from "#shared/geo/affine.ts";
import { seededRandom } from "#shared/training/seeded-random.ts";
import { peerPython, runPeer } from "../../../../fixtures/peers.ts";
import { crsFromEpsg } from "../../crs/epsg.ts";
import { transformer } from "../../crs/transformer.ts";
import { RasterError } from "../../raster-error.ts";
import { writePolygons } from "../write-polygons.ts";
import { openVectors } from "./open-vectors.ts";
import { columnsOf } from "./sql-columns.ts";
import type { VectorFeature } from "./vector-layer.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-vectors-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function featuresOf(file: string, layerName?: string): Promise<VectorFeature[]> {
  const opened = await openVectors(file);
  try {
    const layer = opened.layers.find(({ name }) => name === (layerName ?? name));
    const found: VectorFeature[] = [];
    for await (const feature of layer?.features() ?? []) {
      found.push(feature);
    }
    return found;
  } finally {
    await opened.close();
  }
}

async function written(name: string, text: string | Uint8Array): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, text);
  return file;
}

const side = 96;
const grid: Geotransform = [0.5, 0, 500_000, 0, -0.5, 5_400_000];

/** Patches of four classes with holes and specks, some unlabelled. */
function patches(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: side * side }, (_, pixel) => {
    const [x, y] = [pixel % side, Math.floor(pixel / side)];
    return (x * 7 + y * 13) % 41 === 0 ? 255 : Math.floor(2 + Math.sin(x / 9) + Math.cos(y / 7 + x / 15));
  });
}

async function exported(name: string): Promise<string> {
  const ids = patches();
  const file = path.join(folder, name);
  await writePolygons(
    file,
    {
      width: side,
      height: side,
      read: (first, rows) => Promise.resolve(ids.subarray(first * side, (first + rows) * side)),
    },
    {
      name: "patches",
      geotransform: grid,
      crs: crsFromEpsg(32633),
      classNames: { 0: "null", 1: "größe", 2: "zwei" },
    },
    { withoutClass: [255], simplify: 0, minArea: 0 },
  );
  return file;
}

describe("files of our own", () => {
  it.each(["p.gpkg", "p.fgb", "p.geojson"])(
    "%s gives back the mask that it was traced from",
    async (name) => {
      const file = await exported(name);
      const opened = await openVectors(file);
      expect(opened.layers.map((layer) => layer.crs)).toMatchObject([
        { kind: "epsg", code: name.endsWith("json") ? 4326 : 32633 },
      ]);
      const back = transformer(opened.layers[0]?.crs ?? { kind: "none" }, crsFromEpsg(32633));
      await opened.close();
      const burned = new Uint8Array(side * side).fill(255);
      const names = new Set<unknown>();
      for (const { values, geometry } of await featuresOf(file)) {
        names.add(values.get("class_name"));
        const polygons = geometry.kind === "polygons" ? geometry.polygons : [];
        for (const rings of polygons) {
          const mask = new Uint8Array(side * side);
          const pixels = rings.map((ring) =>
            Array.from({ length: ring.length / 2 }, (_, at): [number, number] => {
              const position = [ring[at * 2] as number, ring[at * 2 + 1] as number] as const;
              const [x, y] = mapToPixel(grid, back?.forward(position) ?? position);
              return [x, y];
            }),
          );
          rasterizePolygon(mask, { x: 0, y: 0, width: side, height: side }, pixels);
          for (const [pixel, inside] of mask.entries()) {
            burned[pixel] = inside === 1 ? Number(values.get("class_id")) : (burned[pixel] as number);
          }
        }
      }
      expect(Buffer.compare(burned, patches())).toBe(0);
      expect([...names].sort()).toEqual(["class 3", "größe", "null", "zwei"]);
    },
  );

  it.each(["p.gpkg", "p.fgb", "p.geojson"])(
    "%s, cut short or with wrong bytes, is read or refused in a sentence",
    { timeout: 60_000 },
    async (name) => {
      const whole = await readFile(await exported(name));
      const random = seededRandom(5, name);
      let refused = 0;
      for (let turn = 0; turn < 120; turn++) {
        const bytes = Buffer.from(turn % 3 === 0 ? whole.subarray(0, random.integer(whole.length)) : whole);
        for (let change = 0; turn % 3 !== 0 && change < 1 + (turn % 8); change++) {
          const span = turn % 2 === 0 ? bytes.length : Math.min(bytes.length, 6000);
          bytes[random.integer(span)] = random.integer(256);
        }
        const file = await written(`hurt-${name}`, bytes);
        await featuresOf(file).catch((error: unknown) => {
          if (!(error instanceof RasterError)) {
            throw error;
          }
          expect(error.message).toMatch(/^hurt-p/);
          expect(error.message).not.toContain("\n");
          refused += 1;
        });
      }
      expect(refused).toBeGreaterThan(30);
    },
  );
});

describe("GeoJSON", () => {
  const square = {
    type: "Polygon",
    coordinates: [
      [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 0],
      ],
    ],
  };
  const feature = (k: unknown) => ({ type: "Feature", properties: { k }, geometry: square });

  it("is read whatever form it has", async () => {
    const collection = { features: [feature("a"), feature(2), feature(null)], type: "FeatureCollection" };
    const forms: readonly [string, string, unknown[]][] = [
      ["collection", JSON.stringify(collection), ["a", 2, null]],
      ["indented", `\uFEFF${JSON.stringify(collection, null, 2)}\n`, ["a", 2, null]],
      ["single", JSON.stringify(feature('a "quoted" } ] name')), ['a "quoted" } ] name']],
      ["geometry", JSON.stringify(square), [undefined]],
      ["lines", `${JSON.stringify(feature(1))}\n${JSON.stringify(feature(2))}\n`, [1, 2]],
      ["sequence", `\u001e${JSON.stringify(feature(1))}\n\u001e${JSON.stringify(feature(2))}\n`, [1, 2]],
      ["empty", '{"type":"FeatureCollection","features":[]}', []],
    ];
    for (const [name, text, expected] of forms) {
      const found = await featuresOf(await written(`${name}.geojson`, text));
      expect(
        found.map(({ values }) => values.get("k")),
        name,
      ).toEqual(expected);
      expect(
        found.every(({ geometry }) => geometry.kind === "polygons"),
        name,
      ).toBe(true);
    }
  });

  it("takes the older standard's coordinate systems, also behind the features", async () => {
    const named = (name: string) => ({ type: "name", properties: { name } });
    const systems = async (crs: unknown): Promise<unknown> => {
      const text = JSON.stringify({ type: "FeatureCollection", features: [feature(1)], crs });
      const opened = await openVectors(await written("crs.geojson", text));
      await opened.close();
      return opened.layers[0]?.crs;
    };
    expect(await systems(named("urn:ogc:def:crs:EPSG::25832"))).toMatchObject({ code: 25832 });
    expect(await systems(named("EPSG:3857"))).toMatchObject({ code: 3857 });
    expect(await systems(named("urn:ogc:def:crs:OGC:1.3:CRS84"))).toMatchObject({ code: 4326 });
    expect(await systems(named("something"))).toMatchObject({ kind: "unknown" });
  });

  it("says what is wrong", async () => {
    const cases: readonly [string, RegExp][] = [
      ["", /expected GeoJSON, found an empty file/],
      ["[1, 2]", /expected an object at byte 0, found "\["/],
      ['{"a": 1}', /found an object without "features"/],
      ['{"type":"Topology","objects":{}}', /TopoJSON/],
      ['{"type":"FeatureCollection","features":[{"type":"Feature"', /expected the rest of a value at byte/],
      ['{"type":"FeatureCollection","features":[7]}', /feature 1: expected an object, found 7/],
      [
        '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[["a",1]]]}}]}',
        /feature 1: expected a position of two numbers, found \["a",1\]/,
      ],
    ];
    for (const [text, sentence] of cases) {
      await expect(featuresOf(await written("bad.geojson", text))).rejects.toThrow(sentence);
    }
    await expect(openVectors(path.join(folder, "none.geojson"))).rejects.toThrow(
      "none.geojson: there is no such file",
    );
    await expect(openVectors(await written("a.kml", "x"))).rejects.toThrow(/expected a name that ends with/);
    await expect(openVectors(await written("a.gpkg", "x"))).rejects.toThrow(/expected a SQLite database/);
    await expect(openVectors(await written("a.shp", "x"))).rejects.toThrow(/expected a shapefile/);
    await expect(openVectors(await written("a.fgb", "x"))).rejects.toThrow(/expected a FlatGeobuf/);
  });
});

it("finds the columns of a table in its SQL", () => {
  const sql = `CREATE TABLE "a ""b" ( fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, -- the id, yes
    "Land, use" TEXT(20), [geom x] BLOB, 'n' INT DEFAULT 3, note TEXT DEFAULT 'it''s', twice INT GENERATED ALWAYS AS (n * 2) VIRTUAL,
    CONSTRAINT u UNIQUE ("Land, use", n), CHECK (n IN (1, 2)))`;
  expect(columnsOf(sql)).toEqual([
    { name: "fid", isRowId: true, byDefault: null },
    { name: "Land, use", isRowId: false, byDefault: null },
    { name: "geom x", isRowId: false, byDefault: null },
    { name: "n", isRowId: false, byDefault: 3 },
    { name: "note", isRowId: false, byDefault: "it's" },
  ]);
});

/** Random polygons with holes and parts, in every format that GDAL writes; answers what pyogrio reads of them again. */
const script = `
import sys, json, warnings
import numpy as np, pyogrio, shapely
from shapely.geometry import Polygon, MultiPolygon, box
warnings.filterwarnings("ignore")
folder = sys.argv[1]
rng = np.random.default_rng(3)
def star(x, y, r, n):
    a = np.sort(rng.uniform(0, 2 * np.pi, n))
    return Polygon([(x + r * rng.uniform(.5, 1) * np.cos(t), y + r * rng.uniform(.5, 1) * np.sin(t)) for t in a])
shapes = []
for i in range(300):
    x, y = rng.uniform(500000, 500400), rng.uniform(5399600, 5400000)
    p = star(x, y, rng.uniform(2, 40), 9).buffer(0)
    kind = i % 4
    if kind == 1: p = p.difference(star(x, y, 6, 7).buffer(0)).buffer(0)
    if kind == 2: p = MultiPolygon([q for q in [box(x, y, x + 9, y + 9).difference(box(x + 2, y + 2, x + 7, y + 7)), box(x + 3, y + 3, x + 6, y + 6), box(x + 20, y, x + 22, y + 3)]])
    if kind == 3 and i % 12 == 3: p = None
    shapes.append(p)
big = star(500200, 5399800, 150, 4000)
shapes.append(big)
n = len(shapes)
fields = {
  "name": np.array(["Straße %d" % (i % 5) if i % 7 else None for i in range(n)], dtype=object),
  "code": np.arange(n, dtype="int32") % 6 - 1,
  "share": np.round(rng.uniform(-1, 1, n), 3),
  "large": np.arange(n, dtype="int64") * 3000000,
}
geometry = shapely.to_wkb(np.array(shapes, dtype=object))
out = {}
for name, driver, options in [("v.gpkg", "GPKG", {}), ("v.shp", "ESRI Shapefile", {"encoding": "UTF-8"}), ("latin.shp", "ESRI Shapefile", {"encoding": "ISO-8859-1"}), ("v.fgb", "FlatGeobuf", {"SPATIAL_INDEX": "NO"}), ("i.fgb", "FlatGeobuf", {}), ("v.geojson", "GeoJSON", {})]:
    # GDAL's own index takes no empty geometries.
    keep = np.array([s is not None for s in shapes]) if name == "i.fgb" else np.ones(n, bool)
    path = folder + "/" + name
    crs = "EPSG:32633"
    pyogrio.raw.write(path, geometry[keep], [v[keep] for v in fields.values()], list(fields.keys()), driver=driver, crs=crs, geometry_type="Unknown" if driver != "ESRI Shapefile" else "Polygon", encoding=options.get("encoding"), layer_options={k: v for k, v in options.items() if k != "encoding"} or None)
    meta, _, geo, data = pyogrio.raw.read(path)
    parts = shapely.from_wkb(geo)
    out[name] = {
      "area": [None if p is None or p.is_empty else round(float(p.area), 6) for p in parts],
      "box": [None if p is None or p.is_empty else [round(float(v), 6) for v in p.bounds] for p in parts],
      "fields": {f: [None if v is None or (isinstance(v, float) and np.isnan(v)) else (v.item() if hasattr(v, "item") else v) for v in data[i]] for i, f in enumerate(meta["fields"])},
    }
print(json.dumps(out))
`;

const readAgain = z.record(
  z.string(),
  z.object({
    area: z.array(z.number().nullable()),
    box: z.array(z.array(z.number()).nullable()),
    fields: z.record(z.string(), z.array(z.union([z.string(), z.number(), z.null()]))),
  }),
);

/** The area of a polygon: shapefiles tell holes by their direction, the others by their place in the list. */
function areaOf(rings: readonly Float64Array[], isDirected: boolean): number {
  const areas = rings.map((ring) => {
    let sum = 0;
    const [x0 = 0, y0 = 0] = ring;
    for (let at = 0; at + 3 < ring.length; at += 2) {
      const [x1, y1, x2, y2] = [...ring.subarray(at, at + 4)] as [number, number, number, number];
      sum += (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0);
    }
    return sum / 2;
  });
  return isDirected
    ? Math.abs(areas.reduce((sum, area) => sum + area, 0))
    : areas.reduce((sum, area, index) => sum + (index === 0 ? 1 : -1) * Math.abs(area), 0);
}

describe.skipIf(peerPython() === undefined)("against pyogrio (skipped without the Python peers)", () => {
  it("reads what GDAL has written as GDAL reads it", { timeout: 120_000 }, async () => {
    const files = readAgain.parse(await runPeer(script, [folder]));
    for (const [name, expected] of Object.entries(files)) {
      const opened = await openVectors(path.join(folder, name));
      await opened.close();
      const [layer] = opened.layers;
      expect(layer?.crs, name).toMatchObject({ proj4: expect.stringMatching(/zone=33|lon_0=15/) as string });
      const features = await featuresOf(path.join(folder, name));
      const key = (feature: VectorFeature): string => JSON.stringify(feature.values.get("large"));
      // FlatGeobuf's index orders features along a curve; GDAL reads them so too.
      const seen = features.map(({ geometry }) => {
        const polygons = geometry.kind === "polygons" ? geometry.polygons : [];
        return polygons.length === 0
          ? null
          : polygons.reduce((sum, rings) => sum + areaOf(rings, name.endsWith(".shp")), 0);
      });
      expect(seen.length, name).toBe(expected.area.length);
      for (const [index, area] of expected.area.entries()) {
        if (area === null) {
          expect(seen[index] ?? null, name).toBeNull();
        } else {
          expect(seen[index], `${name} ${index}`).toBeCloseTo(area, 3);
        }
      }
      expect(new Set(features.map(key)).size, name).toBe(features.length);
      for (const [field, values] of Object.entries(expected.fields)) {
        expect(
          features.map(({ values: own }) => own.get(field) ?? null),
          `${name} ${field}`,
        ).toEqual(values);
      }
    }
  });

  it("reads or refuses a shapefile that was cut short or has wrong bytes", { timeout: 60_000 }, async () => {
    const whole = await readFile(path.join(folder, "v.shp"));
    const table = await readFile(path.join(folder, "v.dbf"));
    const random = seededRandom(6, "shp");
    let refused = 0;
    for (let turn = 0; turn < 80; turn++) {
      const [shapes, rows] = [Buffer.from(whole), Buffer.from(table)];
      const bytes = turn % 4 === 0 ? rows : shapes;
      const cut = turn % 3 === 0 ? random.integer(bytes.length) : bytes.length;
      for (let change = 0; turn % 3 !== 0 && change < 4; change++) {
        bytes[random.integer(turn % 2 === 0 ? 600 : bytes.length)] = random.integer(256);
      }
      await writeFile(path.join(folder, "hurt.shp"), bytes === shapes ? shapes.subarray(0, cut) : shapes);
      await writeFile(path.join(folder, "hurt.dbf"), bytes === rows ? rows.subarray(0, cut) : rows);
      await featuresOf(path.join(folder, "hurt.shp")).catch((error: unknown) => {
        if (!(error instanceof RasterError)) {
          throw error;
        }
        refused += 1;
      });
    }
    expect(refused).toBeGreaterThan(15);
  });
});
