import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import {
  cogTileSize,
  createGeoTiffWriter,
  crsFromEpsg,
  geoTagsFor,
  geoTagsLike,
  openRaster,
  type GeoTiffOptions,
  type Raster,
} from "../index.ts";
import { cogLayout } from "./cog-layout.ts";

const fixtures = join(import.meta.dirname, "../../../fixtures/rasters");
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "orthomask-writer-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Copies a raster through the writer, tiles in reverse order. */
async function copy(raster: Raster, path: string, extra: Partial<GeoTiffOptions> = {}): Promise<void> {
  const { description } = raster;
  const writer = await createGeoTiffWriter(path, {
    width: description.width,
    height: description.height,
    bands: description.bands,
    dtype: description.dtype,
    geoTags: geoTagsLike(raster),
    nodata: description.nodata,
    tileSize: 16,
    ...extra,
  });
  const side = writer.tileSize;
  for (let index = writer.tilesAcross * writer.tilesDown - 1; index >= 0; index -= 1) {
    const column = index % writer.tilesAcross;
    const row = Math.floor(index / writer.tilesAcross);
    const { data } = await raster.readWindow({
      pixelWindow: { x: column * side, y: row * side, width: side, height: side },
      bands: Array.from({ length: description.bands }, (_, band) => band),
    });
    await writer.writeTile(column, row, data);
  }
  await writer.finish();
}

const compareScript = `
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np, rasterio
from rio_cogeo.cogeo import cog_validate
found = []
for pair in json.loads(sys.argv[1]):
    with rasterio.open(pair[0]) as a, rasterio.open(pair[1]) as b:
        x, y = a.read(), b.read()
        found.append({
            "pixels": bool(np.array_equal(x, y, equal_nan=x.dtype.kind == "f")),
            "transform": list(a.transform) == list(b.transform),
            "crs": a.crs == b.crs,
            "nodata": str(a.nodata) == str(b.nodata),
            "valid": cog_validate(pair[1])[0],
            "overviews": b.overviews(1),
            "layout": b.tags(ns="IMAGE_STRUCTURE").get("LAYOUT"),
            "tags": b.tags(),
            "colors": [list(b.colormap(1)[i]) for i in range(3)] if b.colorinterp[0].name == "palette" else [],
            "descriptions": list(b.descriptions),
        })
print(json.dumps(found))
`;
const comparisonSchema = z.array(
  z.object({
    pixels: z.boolean(),
    transform: z.boolean(),
    crs: z.boolean(),
    nodata: z.boolean(),
    valid: z.boolean(),
    overviews: z.array(z.number()),
    layout: z.string().nullable(),
    tags: z.record(z.string(), z.string()),
    colors: z.array(z.array(z.number())),
    descriptions: z.array(z.string().nullable()),
  }),
);

/** What is said of a valid COG that holds what its source holds. */
const sameCog = { pixels: true, transform: true, crs: true, nodata: true, valid: true, layout: "COG" };

describe.skipIf(peerPython() === undefined)("against GDAL (skipped without the Python peers)", () => {
  test("tiles that a validator would take for strips are avoided", async () => {
    const sizes = [
      [512, 700],
      [1023, 1100],
      [1024, 5000],
      [700, 512],
      [2048, 2048],
    ] as const;
    const files: string[] = [];
    for (const [width, height] of sizes) {
      const path = join(folder, `${width}x${height}.tif`);
      const like = { width, height, bands: 1, dtype: "uint8", nodata: 255, overviews: "mode" } as const;
      const geoTags = geoTagsFor([1, 0, 0, 0, -1, 0], crsFromEpsg(32633));
      const writer = await createGeoTiffWriter(path, { ...like, geoTags, tileSize: cogTileSize(like) });
      await writer.finish();
      files.push(path);
    }
    const found = await runPeer(
      `
import json, sys, rasterio
from rio_cogeo.cogeo import cog_validate
print(json.dumps([[cog_validate(path, strict=True, quiet=True)[0], rasterio.open(path).block_shapes[0][0]] for path in json.loads(sys.argv[1])]))`,
      [JSON.stringify(files)],
    );
    expect(found).toEqual([
      [true, 256],
      [true, 256],
      [true, 384],
      [true, 512],
      [true, 512],
    ]);
  });

  test("copies keep pixels, grid, CRS and nodata, and are valid COGs", async () => {
    const names = [
      ["deflate-tiles-pixel", "average"],
      ["predictor2-uint16-lzw-little", "average"],
      ["int16-big-endian", "average"],
      ["predictor3-float64-big", "average"],
      ["nodata-nan", "average"],
      ["five-bands", "nearest"],
      ["rotated", "mode"],
      ["point", "average"],
      ["no-crs", "none"],
      ["crs-lcc-2sp-feet", "mode"],
      ["crs-polar-south", "mode"],
      ["crs-omerc", "mode"],
      ["crs-epsg-2056", "mode"],
    ] as const;
    const pairs: [string, string][] = [];
    for (const [name, overviews] of names) {
      const source = join(fixtures, `${name}.tif`);
      const target = join(folder, `${name}.tif`);
      const raster = await openRaster(source);
      const predictor = name === "predictor2-uint16-lzw-little" ? "horizontal" : "none";
      await copy(raster, target, { overviews, predictor });
      await raster.close();
      pairs.push([source, target]);
    }
    const found = comparisonSchema.parse(await runPeer(compareScript, [JSON.stringify(pairs)]));
    found.forEach((comparison, index) => {
      const name = names[index]?.[0] ?? "";
      expect({ name, ...comparison }).toMatchObject({
        name,
        ...sameCog,
        overviews: names[index]?.[1] === "none" ? [] : [2, 4],
      });
    });
  });

  test("class masks carry colours, names and metadata", async () => {
    const source = join(fixtures, "palette.tif");
    const target = join(folder, "mask.tif");
    const raster = await openRaster(source);
    await copy(raster, target, {
      overviews: "mode",
      colorTable: { "0": "#102030", "1": "#ff0080", "2": "#00ff00" },
      categoryNames: { "0": "water & <ice>", "1": "Łąka" },
      metadata: { MODEL: 'unet "wide"', MEAN_IOU: "0.5" },
      bandNames: ["classes"],
    });
    await raster.close();
    const [comparison] = comparisonSchema.parse(
      await runPeer(compareScript, [JSON.stringify([[source, target]])]),
    );
    expect(comparison).toMatchObject({
      pixels: true,
      valid: true,
      colors: [
        [0x10, 0x20, 0x30, 255],
        [0xff, 0, 0x80, 255],
        [0, 255, 0, 255],
      ],
      tags: {
        MODEL: 'unet "wide"',
        MEAN_IOU: "0.5",
        CLASS_NAMES: JSON.stringify({ "0": "water & <ice>", "1": "Łąka" }),
      },
      descriptions: ["classes"],
    });
    const again = await openRaster(target);
    expect(again.description.categoryNames).toEqual({ "0": "water & <ice>", "1": "Łąka" });
    expect(again.description.colorTable).toMatchObject({ "1": "#ff0080" });
    expect(again.metadata).toMatchObject({ MODEL: 'unet "wide"' });
    await again.close();
  });

  test("a BigTIFF holds the same", async () => {
    const pairs: [string, string][] = [];
    for (const [name, overviews] of [
      ["rotated", "mode"],
      ["predictor2-uint16-lzw-little", "average"],
    ] as const) {
      const source = join(fixtures, `${name}.tif`);
      const target = join(folder, `${name}.tif`);
      const raster = await openRaster(source);
      await copy(raster, target, { overviews, bigTiff: "always" });
      await raster.close();
      expect([...(await readFile(target)).subarray(0, 4)]).toEqual([0x49, 0x49, 43, 0]);
      pairs.push([source, target]);
    }
    const found = comparisonSchema.parse(await runPeer(compareScript, [JSON.stringify(pairs)]));
    for (const comparison of found) {
      expect(comparison).toMatchObject({ ...sameCog, overviews: [2, 4] });
    }
  });

  // Writes and reads 9 GB: `ORTHOMASK_LARGE=1`.
  test.skipIf(process.env["ORTHOMASK_LARGE"] === undefined)(
    "a file of more than 4 GB is read by GDAL and by us, to its last tile",
    { timeout: 900_000 },
    async () => {
      const path = join(folder, "large.tif");
      const side = 68_000;
      const writer = await createGeoTiffWriter(path, {
        width: side,
        height: side,
        bands: 1,
        dtype: "uint8",
        nodata: 255,
        geoTags: geoTagsFor([0.25, 0, 500_000, 0, -0.25, 5_400_000], crsFromEpsg(32633)),
        compression: "none",
        overviews: "none",
      });
      for (let row = 0; row < writer.tilesDown; row += 1) {
        for (let column = 0; column < writer.tilesAcross; column += 1) {
          await writer.writeTile(column, row, new Uint8Array(512 * 512).fill((row * 7 + column) % 251));
        }
      }
      const { bytes } = await writer.finish();
      expect(bytes).toBeGreaterThan(2 ** 32);
      const places = [0, 30_000, 66_000, side - 1].flatMap((y) => [0, 40_000, side - 1].map((x) => [x, y]));
      const expected = places.map(([x = 0, y = 0]) => (Math.floor(y / 512) * 7 + Math.floor(x / 512)) % 251);
      const script = `import json,sys,rasterio
from rio_cogeo.cogeo import cog_validate
with rasterio.open(sys.argv[1]) as d:
    print(json.dumps([cog_validate(sys.argv[1], quiet=True)[0]] + [int(d.read(1, window=((y, y + 1), (x, x + 1)))[0, 0]) for x, y in json.loads(sys.argv[2])]))`;
      // Without overviews a large raster is valid with a warning.
      expect(await runPeer(script, [path, JSON.stringify(places)])).toEqual([true, ...expected]);
      const raster = await openRaster(path);
      const read: number[] = [];
      for (const [x = 0, y = 0] of places) {
        const { data } = await raster.readWindow({ pixelWindow: { x, y, width: 1, height: 1 }, bands: [0] });
        read.push(data[0] as number);
      }
      await raster.close();
      expect(read).toEqual(expected);
    },
  );

  test("new georeferencing is what GDAL reads", async () => {
    const path = join(folder, "new.tif");
    const writer = await createGeoTiffWriter(path, {
      width: 20,
      height: 20,
      bands: 1,
      dtype: "uint8",
      tileSize: 16,
      geoTags: geoTagsFor([0.25, 0, 500000.5, 0, -0.25, 300000.125], {
        kind: "epsg",
        code: 2180,
        name: "",
        proj4: "+proj=tmerc",
      }),
    });
    await writer.finish();
    const script = `import json,sys,rasterio
with rasterio.open(sys.argv[1]) as d: print(json.dumps([list(d.transform)[:6], d.crs.to_epsg(), int(d.read().max())]))`;
    expect(await runPeer(script, [path])).toEqual([[0.25, 0, 500000.5, 0, -0.25, 300000.125], 2180, 0]);
  });
});

describe("writing", () => {
  const options: GeoTiffOptions = {
    width: 40,
    height: 24,
    bands: 1,
    dtype: "uint8",
    tileSize: 16,
    nodata: 255,
    geoTags: geoTagsFor(null, { kind: "none" }),
    overviews: "mode",
  };

  test("leaves only the finished file, tiles never written full of nodata", async () => {
    const path = join(folder, "a.tif");
    const writer = await createGeoTiffWriter(path, options);
    await writer.writeTile(2, 1, new Uint8Array(8 * 8).fill(7));
    expect(await readdir(folder)).not.toContain("a.tif");
    await writer.finish();
    expect(await readdir(folder)).toEqual(["a.tif"]);
    const raster = await openRaster(path);
    const { data } = await raster.readWindow({
      pixelWindow: { x: 31, y: 15, width: 2, height: 2 },
      bands: [0],
    });
    expect([...data]).toEqual([255, 255, 255, 7]);
    await raster.close();
    await expect(writer.writeTile(0, 0, new Uint8Array(256))).rejects.toThrow("has been finished");
  });

  test("leaves nothing when given up, aborted or misused", async () => {
    const given = await createGeoTiffWriter(join(folder, "b.tif"), options);
    await given.writeTile(0, 0, new Uint8Array(256));
    await given.abort();
    const aborted = await createGeoTiffWriter(join(folder, "c.tif"), options);
    await expect(aborted.finish({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(await readdir(folder)).toEqual([]);
    await expect(createGeoTiffWriter(join(folder, "nowhere/d.tif"), options)).rejects.toThrow(
      "its folder does not exist",
    );
  });

  test("refuses tiles and options that don't fit", async () => {
    const writer = await createGeoTiffWriter(join(folder, "e.tif"), options);
    await expect(writer.writeTile(3, 0, new Uint8Array(256))).rejects.toThrow("there is no tile");
    await expect(writer.writeTile(0, 0, new Uint8Array(255))).rejects.toThrow("expected 256 samples");
    await writer.abort();
    await expect(createGeoTiffWriter(join(folder, "f.tif"), { ...options, tileSize: 100 })).rejects.toThrow(
      "multiple of 16",
    );
    await expect(
      createGeoTiffWriter(join(folder, "f.tif"), { ...options, bands: 3, colorTable: { "0": "#000000" } }),
    ).rejects.toThrow("colour table");
  });

  test("becomes a BigTIFF where offsets would not fit four bytes", () => {
    const level = (bytesEach: number) => [
      { width: 40, height: 24, lengths: Float64Array.from({ length: 6 }, () => bytesEach) },
    ];
    expect(cogLayout(options, 16, level(600 * 2 ** 20)).bigTiff).toBe(false);
    expect(cogLayout(options, 16, level(716 * 2 ** 20)).bigTiff).toBe(true);
  });
});
