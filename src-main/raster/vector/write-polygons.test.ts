import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Geotransform } from "#shared/geo/affine.ts";
import type { Crs } from "#shared/geo/crs.ts";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { crsFromEpsg, geoTagsFor, createGeoTiffWriter } from "../index.ts";
import { tracePolygons, writePolygons, type ClassRows, type PolygonOptions } from "./write-polygons.ts";
import type { RingSpool, SpillLimits } from "../polygons/ring-spool.ts";
import type { RingBatch, TracedPolygon } from "../polygons/traced-polygon.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "orthomask-vector-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const utm = crsFromEpsg(32633);
const northUp: Geotransform = [0.25, 0, 500_000.1, 0, -0.25, 5_400_000.3];
const rotated: Geotransform = [0.24, 0.07, 500_000.1, 0.07, -0.24, 5_400_000.3];

/** Ids in memory. */
function rowsOf(ids: Uint8Array, width: number): ClassRows {
  return {
    width,
    height: ids.length / width,
    read: (firstRow, rows) => Promise.resolve(ids.subarray(firstRow * width, (firstRow + rows) * width)),
  };
}

/** A mask drawn as text: a digit is an id, a blank is not labelled. */
function drawn(...lines: string[]): { readonly rows: ClassRows; readonly ids: Uint8Array } {
  const ids = Uint8Array.from(lines.join(""), (letter) => (letter === " " ? 255 : Number(letter)));
  return { rows: rowsOf(ids, lines[0]?.length ?? 0), ids };
}

/** Waves of four classes, one pixel in twelve another one, and a stripe without a label. */
function speckled(width: number, height: number): Uint8Array<ArrayBuffer> {
  let seed = 7;
  const random = (): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed / 0x7fffffff;
  };
  return Uint8Array.from({ length: width * height }, (_, index) => {
    const x = index % width;
    const y = Math.floor(index / width);
    if (Math.abs(x - y) < 3) {
      return 255;
    }
    return random() < 0.08
      ? Math.floor(random() * 4)
      : Math.floor(2 + Math.sin(x / 17) + Math.cos(y / 13 + x / 29));
  });
}

async function traced(
  rows: ClassRows,
  options: Partial<PolygonOptions> = {},
  spool: RingSpool | null = null,
): Promise<TracedPolygon[]> {
  const polygons: TracedPolygon[] = [];
  const layer = { geotransform: [1, 0, 0, 0, -1, 0] as const, crs: { kind: "none" } as Crs };
  const take = (polygon: TracedPolygon): void => {
    polygons.push(polygon);
  };
  await tracePolygons(rows, layer, { withoutClass: [255], ...options }, take, spool);
  return polygons;
}

function ringsOf({ batches }: TracedPolygon): string[] {
  return [...batches].flatMap(({ coordinates, ringEnds }) =>
    [...ringEnds].map((end, index) =>
      coordinates.subarray(index === 0 ? 0 : ringEnds[index - 1], end).join(" "),
    ),
  );
}

/** So low that even these small masks have regions that don't fit. */
const lowLimits: SpillLimits = { ofOne: 100, ofAll: 200, least: 10 };

describe("tracing", () => {
  test("a single pixel, counter-clockwise on the screen", async () => {
    const [only] = await traced(drawn("5").rows);
    expect(only).toMatchObject({ classId: 5, pixels: 1, area: 1 });
    expect(ringsOf(only as TracedPolygon)).toEqual(["1 0 0 0 0 1 1 1"]);
  });

  test("pixels that meet at a corner are two polygons", async () => {
    expect((await traced(drawn("12", "21").rows)).map(({ classId, pixels }) => [classId, pixels])).toEqual([
      [1, 1],
      [2, 1],
      [2, 1],
      [1, 1],
    ]);
  });

  test("a region that touches itself at a corner is an exterior and a hole, not a ring that crosses itself", async () => {
    const found = await traced(drawn("111 ", "1 1 ", "11 1", " 111").rows);
    expect(found.map(({ pixels }) => pixels)).toEqual([11]);
    expect(found[0]?.ringCount).toBe(3);
    for (const polygon of found) {
      for (const ring of ringsOf(polygon)) {
        const corners = ring
          .split(" ")
          .reduce<string[]>(
            (all, value, index, words) =>
              index % 2 === 0 ? [...all, `${value},${words[index + 1] ?? ""}`] : all,
            [],
          );
        expect(new Set(corners).size).toBe(corners.length);
      }
    }
  });

  test("a small region goes to the neighbour with the longest common border", async () => {
    const { rows } = drawn("111222", "113222", "111222", "111222");
    const found = await traced(rows, { minArea: 2 });
    // The lone 3 has three edges with 1 and one with 2.
    expect(found.map(({ classId, pixels }) => [classId, pixels])).toEqual([
      [1, 12],
      [2, 12],
    ]);
  });

  test("what has no neighbour of any class stays, however small", async () => {
    expect(await traced(drawn("   ", " 4 ", "   ").rows, { minArea: 10 })).toMatchObject([
      { classId: 4, pixels: 1 },
    ]);
  });

  test("every pixel is in one polygon, in bands of any height", async () => {
    const ids = speckled(300, 420);
    const found = await traced(rowsOf(ids, 300));
    expect(found.reduce((sum, { area }) => sum + area, 0)).toBe(ids.filter((id) => id !== 255).length);
    for (const { area, pixels } of found) {
      expect(area).toBe(pixels);
    }
  });

  test("regions whose holes don't fit into memory are the same, ring by ring", async () => {
    const rows = rowsOf(speckled(300, 420), 300);
    const kept: RingBatch[] = [];
    const spool: RingSpool = {
      keep: (batch) => {
        kept.push({ coordinates: batch.coordinates.slice(), ringEnds: [...batch.ringEnds] });
        const place = kept.length - 1;
        return { place, numbers: batch.coordinates.length, rings: batch.ringEnds.length };
      },
      read: ({ place }) => kept[place] ?? expect.unreachable(),
    };
    const within = await traced(rows);
    const beyond = await traced(rows, { spillLimits: lowLimits }, spool);
    expect(kept.length).toBeGreaterThan(10);
    expect(beyond.filter(({ batches }) => "kind" in batches).length).toBeGreaterThan(2);
    const facts = (polygons: readonly TracedPolygon[]): unknown[] =>
      polygons.map((polygon) => {
        const rings = ringsOf(polygon);
        expect(polygon.ringCount).toBe(rings.length);
        expect(polygon.positionCount).toBe(rings.join(" ").split(" ").length / 2);
        const { classId, pixels, area } = polygon;
        return [classId, pixels, area, rings[0], rings.slice(1).sort()];
      });
    expect(facts(beyond)).toEqual(facts(within));
  });

  test("small regions are gone after dissolving, and no pixel with them", async () => {
    const ids = speckled(200, 300);
    const found = await traced(rowsOf(ids, 200), { minArea: 9 });
    expect(found.reduce((sum, { pixels }) => sum + pixels, 0)).toBe(ids.filter((id) => id !== 255).length);
    expect(Math.min(...found.map(({ pixels }) => pixels))).toBeGreaterThanOrEqual(9);
  });
});

const checkScript = `
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np, pyogrio, rasterio, rasterio.features, shapely, shapely.geometry
from pyproj import CRS, Geod
found = {}
path, mask = sys.argv[1], sys.argv[2]
meta = pyogrio.read_info(path)
_, _, geometry, fields = pyogrio.raw.read(path)
geoms = shapely.from_wkb(geometry)
names = list(meta["fields"])
column = lambda name: fields[names.index(name)]
ids, labels, areas = column("class_id"), column("class_name"), column("area_m2")
with rasterio.open(mask) as source:
    band, transform, crs = source.read(1), source.transform, source.crs
pixel = abs(transform.determinant)
found["features"] = len(geoms)
found["listed"] = int(meta["features"])
found["geometry"] = meta["geometry_type"]
found["valid"] = bool(shapely.is_valid(geoms).all())
found["exteriorsLeft"] = bool(all(g.exterior.is_ccw for part in geoms for g in getattr(part, "geoms", [part])))
found["names"] = sorted(set(zip(ids.tolist(), labels.tolist())))
found["crs"] = CRS(meta["crs"]).equals(CRS(crs), ignore_axis_order=True) if meta["crs"] else None
found["epsg"] = CRS(meta["crs"]).to_epsg() if meta["crs"] else None
total = float(shapely.area(geoms).sum())
expected = float((band != 255).sum()) * pixel
found["areaError"] = abs(total - expected) / expected
found["attributeError"] = float(np.max(np.abs(np.array(areas, dtype=float) - shapely.area(geoms)) / shapely.area(geoms))) if CRS(crs).is_projected else None
whole = shapely.unary_union(geoms, grid_size=None)
found["union"] = abs(float(whole.area) - total) / total
found["holes"] = sum(len(part.interiors) for part in getattr(whole, "geoms", [whole]))
found["coverage"] = bool(shapely.coverage_is_valid(geoms))
shapes = list(rasterio.features.shapes(band, mask=(band != 255), connectivity=4, transform=transform))
found["shapes"] = len(shapes)
if len(sys.argv) > 3 and sys.argv[3] == "same":
    theirs = {}
    for shape, value in shapes:
        g = shapely.geometry.shape(shape)
        theirs.setdefault((int(value),) + tuple(np.round(g.bounds, 6)), []).append(g)
    different = 0
    for g, value in zip(geoms, ids):
        others = theirs.get((int(value),) + tuple(np.round(g.bounds, 6)), [])
        if not any(g.symmetric_difference(o).area < 1e-6 * pixel for o in others):
            different += 1
    found["different"] = different
if CRS(crs).is_geographic:
    geod = CRS(crs).get_geod()
    dense = shapely.segmentize(geoms, abs(transform.a) * 1.5)
    exact = np.array([abs(geod.geometry_area_perimeter(g)[0]) for g in dense])
    # Karney's sums over the whole Earth leave a few square centimetres.
    found["geodesicError"] = float(np.max((np.abs(np.array(areas, dtype=float) - exact) - 0.005) / exact))
print(json.dumps(found))
`;
const checkSchema = z.object({
  features: z.number(),
  listed: z.number(),
  geometry: z.string(),
  valid: z.boolean(),
  exteriorsLeft: z.boolean(),
  names: z.array(z.tuple([z.number(), z.string()])),
  crs: z.boolean().nullable(),
  epsg: z.number().nullable(),
  areaError: z.number(),
  attributeError: z.number().nullable(),
  union: z.number(),
  holes: z.number(),
  coverage: z.boolean(),
  shapes: z.number(),
  different: z.number().optional(),
  geodesicError: z.number().optional(),
});

interface Case {
  readonly extension: string;
  readonly geotransform?: Geotransform;
  readonly crs?: Crs;
  readonly options?: Partial<PolygonOptions>;
  readonly words?: readonly string[];
  readonly width?: number;
  readonly height?: number;
  /** Whether some pixels have no class. */
  readonly unclassified?: boolean;
}

async function written({
  extension,
  geotransform = northUp,
  crs = utm,
  options = {},
  words = [],
  width = 210,
  height = 330,
  unclassified = true,
}: Case): Promise<z.infer<typeof checkSchema>> {
  const drawnIds = speckled(width, height);
  const ids = unclassified ? drawnIds : drawnIds.map((id) => (id === 255 ? 0 : id));
  const mask = join(folder, "mask.tif");
  const writer = await createGeoTiffWriter(mask, {
    width,
    height,
    bands: 1,
    dtype: "uint8",
    geoTags: geoTagsFor(geotransform, crs),
    tileSize: 16 * Math.ceil(Math.max(width, height) / 16),
    nodata: 255,
  });
  await writer.writeTile(0, 0, ids);
  await writer.finish();
  const path = join(folder, `mask${extension}`);
  const { features } = await writePolygons(
    path,
    rowsOf(ids, width),
    { name: "mask", geotransform, crs, classNames: { "0": "land", "1": "Wald & Wiese", "2": "water" } },
    { withoutClass: [255], ...options },
  );
  const found = checkSchema.parse(await runPeer(checkScript, [path, mask, ...words]));
  expect(found.features).toBe(features);
  expect(found.listed).toBe(features);
  expect((await readdir(folder)).sort()).toEqual(["mask.tif", `mask${extension}`].sort());
  return found;
}

describe.skipIf(peerPython() === undefined)(
  "against GDAL and shapely (skipped without the Python peers)",
  () => {
    test.each([
      [".gpkg", "in memory", {}],
      [".gpkg", "beyond memory", { spillLimits: lowLimits }],
      [".fgb", "beyond memory", { spillLimits: lowLimits }],
    ])(
      "%s holds what rasterio traces, shape by shape, with open regions %s",
      async (extension, _, options) => {
        const found = await written({ extension, options, words: ["same"] });
        expect(found).toMatchObject({
          features: found.shapes,
          different: 0,
          valid: true,
          exteriorsLeft: true,
          geometry: "Polygon",
          epsg: 32633,
          crs: true,
          coverage: true,
        });
        expect(found.areaError).toBeLessThan(1e-9);
        expect(found.attributeError).toBeLessThan(1e-6);
        expect(found.names).toContainEqual([1, "Wald & Wiese"]);
        expect(found.names).toContainEqual([3, "class 3"]);
      },
    );

    test("a rotated grid, and rows that run north", async () => {
      for (const geotransform of [rotated, [0.25, 0, 500_000, 0, 0.25, 5_400_000] as const]) {
        const found = await written({ extension: ".gpkg", geotransform });
        expect(found).toMatchObject({
          features: found.shapes,
          valid: true,
          exteriorsLeft: true,
          coverage: true,
        });
        expect(found.areaError).toBeLessThan(1e-9);
      }
    });

    test.each([0.3, 0.5, 2])(
      "borders moved by up to %s m stay shared: no gaps, no overlaps, all valid",
      async (simplify) => {
        const found = await written({ extension: ".gpkg", geotransform: rotated, options: { simplify } });
        expect(found).toMatchObject({
          features: found.shapes,
          valid: true,
          exteriorsLeft: true,
          coverage: true,
        });
        expect(found.union).toBeLessThan(1e-9);
        // Where every pixel has a class, a gap that opened between neighbours would be a hole of all together.
        const full = await written({
          extension: ".gpkg",
          geotransform: rotated,
          options: { simplify },
          unclassified: false,
        });
        expect(full.coverage).toBe(true);
        expect(full.holes).toBe(0);
        expect(full.union).toBeLessThan(1e-9);
      },
    );

    test("dissolved and simplified", async () => {
      const found = await written({ extension: ".fgb", options: { simplify: 0.5, minArea: 1 } });
      expect(found).toMatchObject({ valid: true, coverage: true });
      expect(found.features).toBeLessThan(found.shapes / 4);
      expect(found.union).toBeLessThan(1e-9);
    });

    test("areas on the ellipsoid where the CRS is geographic", async () => {
      const found = await written({
        extension: ".gpkg",
        geotransform: [0.0003, 0, 16, 0, -0.0002, 52],
        crs: crsFromEpsg(4326),
        options: { simplify: 20, spillLimits: lowLimits },
      });
      expect(found.epsg).toBe(4326);
      expect(found.geodesicError).toBeLessThan(1e-7);
    });

    test("GeoJSON in longitude and latitude", async () => {
      const found = await written({ extension: ".geojson", options: { spillLimits: lowLimits } });
      expect(found).toMatchObject({
        features: found.shapes,
        epsg: 4326,
        exteriorsLeft: true,
        coverage: true,
      });
    });

    test.each([[0.5], [-0.5]])(
      "GeoJSON cut at 180° where pixel corners stand on it, rows %s° high",
      async (height) => {
        const path = join(folder, "meridian.geojson");
        const ids = speckled(120, 160);
        await writePolygons(
          path,
          rowsOf(ids, 120),
          {
            name: "meridian",
            geotransform: [0.1, 0, 174, 0, height, -40 * Math.sign(height)],
            crs: crsFromEpsg(4326),
            classNames: {},
          },
          { withoutClass: [255] },
        );
        const found = await runPeer(
          `
import json, sys, shapely, shapely.geometry
geoms = [shapely.geometry.shape(f["geometry"]) for f in json.load(open(sys.argv[1]))["features"]]
cut = [g for g in geoms if g.geom_type == "MultiPolygon" and len(g.geoms) > 1]
parts = [p for g in geoms for p in getattr(g, "geoms", [g])]
print(json.dumps({
  "cut": len(cut),
  "invalid": [shapely.is_valid_reason(g) for g in geoms if not g.is_valid],
  "area": float(sum(g.area for g in geoms)),
  "union": float(shapely.union_all(geoms).area),
  "within": all(-180 <= g.bounds[0] and g.bounds[2] <= 180 for g in geoms),
  "oneSide": all(p.bounds[2] - p.bounds[0] < 180 for p in parts),
  "exteriorsLeft": all(p.exterior.is_ccw and not any(r.is_ccw for r in p.interiors) for p in parts),
}))`,
          [path],
        );
        const { cut, area, union, ...rest } = z
          .looseObject({ cut: z.number(), area: z.number(), union: z.number() })
          .parse(found);
        expect(rest).toEqual({ invalid: [], within: true, oneSide: true, exteriorsLeft: true });
        expect(cut).toBeGreaterThan(3);
        const whole = ids.filter((id) => id !== 255).length * 0.1 * Math.abs(height);
        expect(Math.abs(area / whole - 1)).toBeLessThan(1e-8);
        expect(Math.abs(union / whole - 1)).toBeLessThan(1e-8);
      },
    );

    test("a user-defined CRS and US survey feet", async () => {
      const custom: Crs = {
        kind: "custom",
        name: "site grid",
        proj4:
          "+proj=lcc +lat_0=40 +lat_1=41 +lat_2=43 +lon_0=-77 +x_0=200000 +y_0=100 +a=6378137 +rf=298.257222101 +towgs84=0,0,0 +units=m +no_defs",
      };
      const path = join(folder, "custom.gpkg");
      const ids = speckled(60, 60);
      await writePolygons(
        path,
        rowsOf(ids, 60),
        { name: "custom", geotransform: northUp, crs: custom, classNames: {} },
        { withoutClass: [255] },
      );
      const off = z.number().parse(
        await runPeer(
          `
import sys, json, pyogrio, numpy as np
from pyproj import CRS, Transformer
given = CRS(pyogrio.read_info(sys.argv[1])["crs"])
x, y = np.random.default_rng(1).uniform(0, 400000, (2, 100))
a = Transformer.from_crs(given, given.geodetic_crs, always_xy=True).transform(x, y)
b = Transformer.from_crs(CRS(sys.argv[2]), CRS(sys.argv[2]).geodetic_crs, always_xy=True).transform(x, y)
print(float(np.max(np.abs(np.array(a) - np.array(b)))))`,
          [path, custom.proj4.replace("+no_defs", "+no_defs +type=crs")],
        ),
      );
      expect(off).toBeLessThan(1e-9);
      await rm(path);
      const feet = await written({ extension: ".fgb", crs: crsFromEpsg(2263) });
      expect(feet.epsg).toBe(2263);
      // One square US survey foot in square metres.
      expect((feet.attributeError ?? 0) + 1).toBeCloseTo(1 + Math.abs((1200 / 3937) ** 2 - 1), 6);
    });

    test("the database passes SQLite's own checks, index included", async () => {
      const path = join(folder, "big.gpkg");
      await writePolygons(
        path,
        rowsOf(speckled(900, 700), 900),
        { name: "big mask", geotransform: northUp, crs: utm, classNames: {} },
        { withoutClass: [255] },
      );
      const answer = await runPeer(
        `
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
one = lambda sql: db.execute(sql).fetchone()[0]
import pyogrio
box = (500050, 5399900, 500060, 5399910)
print(json.dumps({
  "integrity": one("pragma integrity_check"),
  "rtree": one("select rtreecheck('rtree_big mask_geom')"),
  "indexed": one('select count(*) from "rtree_big mask_geom"') == one('select count(*) from "big mask"'),
  "application": one("pragma application_id"),
  "inBox": len(pyogrio.raw.read(sys.argv[1], bbox=box)[2]),
  "searched": one(f'select count(*) from "rtree_big mask_geom" where maxx >= {box[0]} and minx <= {box[2]} and maxy >= {box[1]} and miny <= {box[3]}'),
}))`,
        [path],
      );
      const found = z.record(z.string(), z.unknown()).parse(answer);
      expect(found).toMatchObject({ integrity: "ok", rtree: "ok", indexed: true, application: 0x47504b47 });
      expect(found["inBox"]).toBeGreaterThan(10);
      expect(found["searched"]).toBeGreaterThanOrEqual(found["inBox"] as number);
    });

    test("a box finds the same features in FlatGeobuf as in GeoPackage", async () => {
      const ids = speckled(500, 400);
      const paths = [join(folder, "one.fgb"), join(folder, "one.gpkg")];
      for (const path of paths) {
        await writePolygons(
          path,
          rowsOf(ids, 500),
          { name: "one", geotransform: northUp, crs: utm, classNames: {} },
          { withoutClass: [255] },
        );
      }
      const [flat, geopackage] = z.array(z.array(z.number())).parse(
        await runPeer(
          `
import json, sys, pyogrio, shapely
print(json.dumps([sorted(shapely.area(shapely.from_wkb(pyogrio.raw.read(p, bbox=(500020, 5399950, 500040, 5399970))[2])).tolist()) for p in sys.argv[1:]]))`,
          paths,
        ),
      );
      expect(flat?.length).toBeGreaterThan(100);
      expect(flat).toEqual(geopackage);
    });
  },
);

describe("GeoJSON", () => {
  test("is cut at 180° and keeps its area", async () => {
    // Fiji's grid, two pixels either side of the antimeridian; the middle has a hole.
    const path = join(folder, "fiji.geojson");
    const { rows } = drawn("11111", "12 11", "11111");
    await writePolygons(
      path,
      rows,
      {
        name: "fiji",
        geotransform: [0.001, 0, 179.9975, 0, -0.001, -17],
        crs: crsFromEpsg(4326),
        classNames: {},
      },
      { withoutClass: [255] },
    );
    const parsed = z
      .object({
        features: z.array(
          z.object({
            properties: z.object({ class_id: z.number() }),
            geometry: z.object({ type: z.string(), coordinates: z.array(z.unknown()) }),
          }),
        ),
      })
      .parse(JSON.parse(await readFile(path, "utf8")));
    const longitudes = JSON.stringify(parsed).match(/\[(-?[\d.]+),-/g) ?? [];
    expect(longitudes.every((text) => Math.abs(Number(text.slice(1, -2))) <= 180)).toBe(true);
    const one = parsed.features.find(({ properties }) => properties.class_id === 1);
    expect(one?.geometry.type).toBe("MultiPolygon");
    const area = z
      .array(z.array(z.array(z.tuple([z.number(), z.number()]))))
      .parse(one?.geometry.coordinates)
      .flat()
      .reduce((sum, ring) => {
        let twice = 0;
        ring.slice(1).forEach(([x, y], index) => {
          const [px, py] = ring[index] as [number, number];
          twice += px * y - x * py;
        });
        return sum + twice / 2;
      }, 0);
    expect(area / 1e-6).toBeCloseTo(13, 6);
  });

  test("is refused without a coordinate system, with what to choose instead", async () => {
    await expect(
      writePolygons(
        join(folder, "a.geojson"),
        drawn("1").rows,
        { name: "a", geotransform: [1, 0, 0, 0, -1, 0], crs: { kind: "none" }, classNames: {} },
        { withoutClass: [] },
      ),
    ).rejects.toThrow(
      "a.geojson: GeoJSON wants longitude and latitude, and the mask's coordinate system is not stated; choose GeoPackage or FlatGeobuf",
    );
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("a vector file never half-exists", () => {
  test.each([".gpkg", ".geojson", ".fgb"])("%s leaves nothing when it is cancelled", async (extension) => {
    const stop = new AbortController();
    const job = writePolygons(
      join(folder, `a${extension}`),
      rowsOf(speckled(2000, 3000), 2000),
      { name: "a", geotransform: northUp, crs: utm, classNames: {} },
      { withoutClass: [255], signal: stop.signal, onProgress: () => stop.abort() },
    );
    await expect(job).rejects.toMatchObject({ name: "AbortError" });
    expect(await readdir(folder)).toEqual([]);
  });
});
