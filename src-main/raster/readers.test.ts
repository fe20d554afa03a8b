import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { openRaster, RasterError } from "./index.ts";

const folder = join(import.meta.dirname, "../../../shared/data/readers");
const isThere = existsSync(join(folder, "expected.json"));

const entrySchema = z.union([
  z.object({ error: z.string() }),
  z.object({
    width: z.number(),
    height: z.number(),
    bands: z.number(),
    dtype: z.string(),
    nodata: z.string().nullable(),
    crs: z.string().nullable(),
    transform: z.array(z.number()).nullable(),
    window: z.tuple([z.number(), z.number(), z.number(), z.number()]),
    // Missing for complex numbers, which have no plain mean.
    sha256: z.string().nullable().default(null),
    mean: z.array(z.number()).default([]),
  }),
]);

/** What we refuse though GDAL reads it; docs/formats.md gives the reasons. */
const refused: Readonly<Record<string, RegExp>> = {
  "image-tiff__gradient-3c-64b.tiff": /unsupported: unsigned samples of 64 bits/,
  "rioxarray__cint16.tif": /unsupported: complex numbers/,
};

/** GDAL finds an EPSG code whose parameters match; we compute with the parameters themselves. */
const computedInstead: readonly string[] = ["stars__lc.tif", "stars__olinda_dem_utm25s.tif"];

describe.skipIf(!isThere)("the readers' test files (skipped without ../shared/data/readers)", () => {
  const entries = isThere
    ? Object.entries(
        z
          .record(z.string(), entrySchema)
          .parse(JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"))),
      )
    : [];

  test("are read but for five, which have their reasons", () => {
    const unread = entries.filter(([name, entry]) => "error" in entry || name in refused);
    expect(entries.length - unread.length).toBeGreaterThanOrEqual(150);
  });

  test.each(entries)("%s", async (name, entry) => {
    const path = join(folder, name);
    const reason = refused[name];
    if ("error" in entry || reason !== undefined) {
      const error = await openRaster(path).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(RasterError);
      expect((error as RasterError).message).toContain(name);
      expect((error as RasterError).message).toMatch(reason ?? /unsupported: \S/);
      return;
    }
    const raster = await openRaster(path);
    const { description } = raster;
    expect(description).toMatchObject({
      width: entry.width,
      height: entry.height,
      bands: entry.bands,
      dtype: entry.dtype,
    });
    expect(String(description.nodata)).toBe(entry.nodata === null ? "null" : String(Number(entry.nodata)));
    expect(description.geotransform === null).toBe(entry.transform === null);
    description.geotransform?.forEach((value, index) => {
      const wanted = entry.transform?.[index] ?? NaN;
      expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(wanted)));
    });
    const code = /^EPSG:(\d+)$/.exec(entry.crs ?? "")?.[1];
    if (entry.crs === null) {
      expect(description.crs.kind).toBe("none");
    } else if (code === undefined || computedInstead.includes(name)) {
      expect(description.crs.kind).toBe("custom");
    } else {
      expect(description.crs).toMatchObject({ kind: "epsg", code: Number(code) });
    }

    const [x, y, width, height] = entry.window;
    const bands = Array.from({ length: description.bands }, (_, band) => band);
    const { data } = await raster.readWindow({ pixelWindow: { x, y, width, height }, bands });
    if (entry.sha256 !== null) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(entry.sha256);
    } else {
      bands.forEach((band) => {
        const values = [...data].filter(
          (value, index) => index % bands.length === band && !Number.isNaN(value),
        );
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        expect(Math.abs(mean - (entry.mean[band] ?? NaN))).toBeLessThan(1);
      });
    }
    await raster.close();
  });
});
