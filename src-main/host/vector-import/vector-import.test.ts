import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { importVectorsCommand } from "#shared/command-line/command-lines.ts";
import { guessClass, guessField, type VectorMapping } from "#shared/labels/vector-import.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import { commandWords } from "../../../fixtures/command-words.ts";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { runCli } from "../../../fixtures/run-cli.ts";
import { testHostOptions } from "../../../fixtures/test-host-options.ts";
import { registerLabelCommand } from "../../cli/label.ts";
import { createGeoTiffWriter, crsFromEpsg, geoTagsFor } from "../../raster/index.ts";
import type { Project } from "../projects/index.ts";
import { createServices, type Services } from "../services.ts";
import { importVectors, inspectVectors } from "./index.ts";

const classes: readonly LandClass[] = [
  { id: 1, name: "field", color: "#c8b464", ignore: false },
  { id: 2, name: "tall wood", color: "#1e5a28", ignore: false },
  { id: 7, name: "water", color: "#28508c", ignore: false },
];

describe("guesses", () => {
  it("know a class by its name, however it is written, else by its id", () => {
    const guessed = (value: string | null): number | null => guessClass(value, classes)?.id ?? null;
    expect(["Field", " TALL_WOOD ", "7", "2.0", "8", "wood", "", null].map(guessed)).toEqual([
      1,
      2,
      7,
      2,
      null,
      null,
      null,
      null,
    ]);
    const named = [...classes, { id: 3, name: "7", color: "#000000", ignore: false }];
    expect(guessClass("7", named)?.id).toBe(3);
  });

  it("find the field that says the classes", () => {
    const values = (...words: (string | null)[]) => words.map((value) => ({ value, polygons: 10 }));
    const fields = [
      { name: "id", values: null },
      { name: "surveyor", values: values("A", "B", "C") },
      { name: "use", values: values("Field", "water", "gravel") },
      { name: "level", values: values("1", "0") },
    ];
    expect(guessField(fields, classes)).toBe("use");
    expect(guessField(fields.slice(0, 2), classes)).toBe("surveyor");
    expect(guessField([], classes)).toBeNull();
  });
});

/** Two mosaics, north up and turned, and random polygons with holes, parts and shared borders, each file with what GDAL makes of it. */
const script = `
import sys, json, base64, warnings
import numpy as np, pyogrio, shapely, pyproj
from affine import Affine
from rasterio.features import rasterize
from shapely.geometry import Polygon, MultiPolygon, box
from shapely.ops import transform
warnings.filterwarnings("ignore")
folder = sys.argv[1]
rng = np.random.default_rng(11)
grids = {"a": (Affine(0.5, 0, 500000, 0, -0.5, 5400000), 700, 620), "b": (Affine(0.43, 0.25, 500210.3, 0.25, -0.43, 5399900.7), 540, 530)}
cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(rng.uniform((500000, 5399700), (500350, 5400000), (90, 2)))))
shapes = [c.intersection(box(499990.17, 5399690.31, 500380.1234, 5400010.77)) for c in cells]

def star(x, y, r, n):
    a = np.sort(rng.uniform(0, 2 * np.pi, n))
    return Polygon([(x + r * rng.uniform(.4, 1) * np.cos(t), y + r * rng.uniform(.4, 1) * np.sin(t)) for t in a])
for i in range(160):
    x, y = rng.uniform(500000, 500420), rng.uniform(5399600, 5400000)
    p = star(x, y, rng.uniform(.2, 45), 11).buffer(0)
    if i % 3 == 1: p = p.difference(star(x, y, 15, 7).buffer(0)).buffer(0)
    if i % 3 == 2: p = shapely.union_all([p, star(x + 60, y - 30, 9, 6).buffer(0)])
    shapes.append(p)
shapes.append(None)
shapes.append(box(700000, 5399700, 700100, 5399800))
n = len(shapes)
uses = ["Field", "tall_wood", "7", "gravel", None, "skip"]
use = np.array([uses[i % 6] for i in range(n)], dtype=object)
values = {"Field": 1, "tall_wood": 2, "7": 7, "gravel": 0}
order = np.arange(n, dtype="int32")
out = {}
for name, driver, epsg in [("same.gpkg", "GPKG", 32633), ("same.shp", "ESRI Shapefile", 32633), ("degrees.geojson", "GeoJSON", 4326), ("europe.fgb", "FlatGeobuf", 3035), ("other.shp", "ESRI Shapefile", 31468)]:
    there = pyproj.Transformer.from_crs(32633, epsg, always_xy=True).transform
    # Through the plain datum shift, which is what the app has without grid files.
    moved = [None if s is None else (s if epsg == 32633 else transform(there, s)) for s in shapes]
    pyogrio.raw.write(folder + "/" + name, shapely.to_wkb(np.array(moved, dtype=object)), [use, order], ["use", "nr"], driver=driver, crs="EPSG:%d" % epsg, geometry_type="Unknown" if driver != "ESRI Shapefile" else "Polygon", layer_options={"SPATIAL_INDEX": "NO"} if driver == "FlatGeobuf" else ({"COORDINATE_PRECISION": "10"} if driver == "GeoJSON" else None))
    masks = {}
    for grid, (affine, width, height) in grids.items():
        burn = [(s, values[u]) for s, u in zip(shapes, use) if s is not None and u in values]
        masks[grid] = base64.b64encode(rasterize(burn, out_shape=(height, width), transform=affine, fill=255, dtype="uint8", all_touched=False).tobytes()).decode()
    out[name] = masks
print(json.dumps(out))
`;

describe.skipIf(peerPython() === undefined)(
  "against rasterio.features (skipped without the Python peers)",
  () => {
    let base: string;
    let services: Services;
    let project: Project;
    let expected: Record<string, Record<string, string>>;
    const mapping: VectorMapping = {
      kind: "field",
      field: "use",
      targets: [
        { value: "Field", target: { kind: "class", classId: 1 } },
        { value: "tall_wood", target: { kind: "class", classId: 2 } },
        { value: "7", target: { kind: "class", classId: 7 } },
        { value: "gravel", target: { kind: "new", name: "Gravel" } },
        { value: "skip", target: { kind: "ignore" } },
      ],
    };
    const rules = { lockedIds: [], onlyUnlabelled: false };

    beforeAll(async () => {
      base = await mkdtemp(path.join(tmpdir(), "orthomask-burned-"));
      const folder = path.join(base, "set");
      await mkdir(path.join(folder, "images"), { recursive: true });
      await writeFile(path.join(folder, "classes.json"), JSON.stringify(classes));
      await writeImage(path.join(folder, "images/a.tif"), [0.5, 0, 500_000, 0, -0.5, 5_400_000], 700, 620);
      await writeImage(
        path.join(folder, "images/b.tif"),
        [0.43, 0.25, 500_210.3, 0.25, -0.43, 5_399_900.7],
        540,
        530,
      );
      services = createServices(testHostOptions(base));
      project = await services.projects.open(folder, { remember: false });
      await project.counted();
      expected = z.record(z.string(), z.record(z.string(), z.string())).parse(await runPeer(script, [base]));
    }, 120_000);

    afterAll(async () => {
      await services.close();
      await rm(base, { recursive: true, force: true });
    });

    const mosaics = (): ReadyMosaic[] =>
      project.snapshot().mosaics.filter((mosaic) => mosaic.kind === "ready");

    function labelsOf({ id, image: { width, height } }: ReadyMosaic): Promise<Uint8Array> {
      return project.readLabels(id, { pixelWindow: { x: 0, y: 0, width, height } });
    }

    it.each(["same.gpkg", "same.shp", "degrees.geojson", "europe.fgb"])(
      "%s becomes the labels that GDAL burns, each mosaic in one step",
      async (file) => {
        const filePath = path.join(base, file);
        const named = { filePath, layerName: null, crsCode: null };
        const inspection = await inspectVectors(project, named);
        expect(inspection).toMatchObject({
          features: 252,
          polygons: 245,
          withoutGeometry: 7,
          obstacle: null,
        });
        const report = await importVectors(project, {
          ...named,
          mapping,
          mosaicIds: mosaics().map(({ id }) => id),
          rules,
        });
        const { burned, outside, withoutGeometry, notPolygons, ignored, unmapped, unplaced } = report;
        expect(burned + outside + withoutGeometry + notPolygons + ignored + unmapped + unplaced).toBe(252);
        expect(report).toMatchObject({
          withoutGeometry: 7,
          notPolygons: 0,
          unplaced: 0,
          ignored: 42,
          unmapped: 38,
        });
        expect(outside).toBeGreaterThan(0);
        for (const mosaic of mosaics()) {
          const theirs = Buffer.from(expected[file]?.[mosaic.name] ?? "", "base64");
          const ours = await labelsOf(mosaic);
          const different = ours.reduce((sum, id, pixel) => sum + (id === theirs[pixel] ? 0 : 1), 0);
          expect(theirs.length).toBe(ours.length);
          // Carried by PROJ and by us, positions differ by up to a millimetre, which a pixel's centre may lie within.
          expect(different).toBeLessThanOrEqual(file.startsWith("same") ? 0 : 0.0005 * ours.length);
          const changed = report.mosaics.find(({ mosaicId }) => mosaicId === mosaic.id)?.pixels;
          expect(changed).toBe(ours.filter((id) => id !== 255).length);
        }
        expect(project.labels.history.undo).toBe("Import polygons");
        for (let step = 0; step < 2; step++) {
          await project.labels.undo();
        }
        expect(project.labels.history.undo).toBeNull();
        for (const mosaic of mosaics()) {
          expect((await labelsOf(mosaic)).every((id) => id === 255)).toBe(true);
        }
      },
    );

    it("keeps to the rules, and to the mosaics that are named", async () => {
      const [a, b] = mosaics() as [ReadyMosaic, ReadyMosaic];
      const window = { x: 0, y: 0, width: 300, height: 620 };
      await project.labels.change(a.id, { name: "Half", editId: null }, window, (part, ids) => {
        ids.fill(part.y < 512 ? 2 : 1);
      });
      await importVectors(project, {
        filePath: path.join(base, "same.gpkg"),
        layerName: "same",
        crsCode: null,
        mapping,
        mosaicIds: [a.id],
        rules: { lockedIds: [1], onlyUnlabelled: false },
      });
      const theirs = Buffer.from(expected["same.gpkg"]?.["a"] ?? "", "base64");
      const ours = await labelsOf(a);
      for (const [pixel, id] of ours.entries()) {
        const [x, y] = [pixel % 700, Math.floor(pixel / 700)];
        const before = x < 300 ? (y < 512 ? 2 : 1) : 255;
        const burned = theirs[pixel] as number;
        if (id !== (before === 1 || burned === 255 ? before : burned)) {
          throw new Error(`pixel ${x},${y} is ${id}, was ${before}, is burned ${burned}`);
        }
      }
      expect((await labelsOf(b)).every((id) => id === 255)).toBe(true);
      await project.labels.undo();
      await project.labels.undo();
    });

    it("says in a sentence what can't be, and changes nothing when it is cancelled", async () => {
      const named = { filePath: path.join(base, "same.gpkg"), layerName: "none", crsCode: null };
      await expect(inspectVectors(project, named)).rejects.toThrow(
        "same.gpkg has no layer none; there is same.",
      );
      await expect(inspectVectors(project, { ...named, layerName: null, crsCode: 1029 })).rejects.toThrow(
        /EPSG:1029 can't be used/,
      );
      const cancelled = new AbortController();
      cancelled.abort();
      const ids = mosaics().map(({ id }) => id);
      await expect(
        importVectors(
          project,
          { ...named, layerName: null, mapping, mosaicIds: ids, rules },
          { signal: cancelled.signal },
        ),
      ).rejects.toThrow(/abort/i);
      expect(project.labels.history.undo).toBeNull();
      await writeFile(path.join(base, "blind.shp"), await readFile(path.join(base, "same.shp")));
      const blind = await inspectVectors(project, {
        ...named,
        filePath: path.join(base, "blind.shp"),
        layerName: null,
      });
      expect(blind.obstacle).toMatch(
        /can't be placed on 2 mosaics: their coordinate system is unknown \(there is no .prj/,
      );
    });

    it("does the same from the command line", async () => {
      const folder = path.join(base, "set");
      const choice = {
        ...{ filePath: path.join(base, "same.gpkg"), layerName: "same", crsCode: null, mapping },
        rules: { lockedIds: [2], onlyUnlabelled: true },
      };
      // As the window imports it, then, undone, by the line that the window copies.
      const mosaicIds = mosaics().map(({ id }) => id);
      await importVectors(project, { ...choice, mosaicIds });
      const shown = await Promise.all(mosaics().map(labelsOf));
      expect(shown.every((ids) => ids.some((id) => id !== 255))).toBe(true);
      await project.labels.undo();
      await project.labels.undo();
      await services.close();
      const line = importVectorsCommand({ folder, mosaicNames: ["a", "b"] }, choice);
      const cli = { base: path.join(base, "cli") };
      const copied = await runCli(commandWords(line), [registerLabelCommand], cli);
      expect(copied.code, copied.stderr).toBe(0);
      services = createServices(testHostOptions(base));
      project = await services.projects.open(folder, { remember: false });
      await project.counted();
      const again = await Promise.all(mosaics().map(labelsOf));
      // Comparing half a million numbers one by one takes seconds.
      expect(again.map((ids, at) => Buffer.compare(ids, shown[at]!))).toEqual([0, 0]);
      await project.labels.undo();
      await project.labels.undo();
      await services.projects.close();
      const file = path.join(base, "same.shp");
      const listed = await runCli(
        ["label", "import-vectors", folder, file, "--list", "--json"],
        [registerLabelCommand],
        {
          base: path.join(base, "cli"),
        },
      );
      expect(JSON.parse(listed.stdout)).toMatchObject({
        format: "Shapefile",
        layers: [{ layer: "same", polygons: 245, mosaics: [{ mosaic: "a" }, { mosaic: "b" }] }],
      });
      const words = ["label", "import-vectors", folder, file, "--map", "skip=ignore", "--json"];
      const done = await runCli(words, [registerLabelCommand], { base: path.join(base, "cli") });
      expect(done.code, done.stderr).toBe(0);
      expect(JSON.parse(done.stdout)).toMatchObject({
        features: 252,
        ignored: 42,
        unmapped: 38,
        mosaics: [{ mosaic: "a" }, { mosaic: "b" }],
      });
      const wrong = await runCli([...words, "--field", "colour"], [registerLabelCommand], {
        base: path.join(base, "cli"),
      });
      expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("There is no field colour")]);
    });

    async function writeImage(
      filePath: string,
      geotransform: [number, number, number, number, number, number],
      width: number,
      height: number,
    ): Promise<void> {
      const tileSize = 512;
      const writer = await createGeoTiffWriter(filePath, {
        width,
        height,
        tileSize,
        bands: 1,
        dtype: "uint8",
        geoTags: geoTagsFor(geotransform, crsFromEpsg(32633)),
      });
      for (let row = 0; row < writer.tilesDown; row++) {
        for (let column = 0; column < writer.tilesAcross; column++) {
          await writer.writeTile(column, row, new Uint8Array(tileSize * tileSize).fill(90));
        }
      }
      await writer.finish();
    }
  },
);
