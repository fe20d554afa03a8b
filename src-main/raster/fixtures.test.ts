import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { isProjectable, type Crs } from "#shared/geo/crs.ts";
import { rasterDescriptionSchema } from "#shared/geo/raster-description.ts";
import { proj4 } from "./crs/projections.ts";
import { crsFromWkt, openRaster, type Pixels, type Raster } from "./index.ts";

const folder = join(import.meta.dirname, "../../fixtures/rasters");

const entrySchema = z.object({
  width: z.number(),
  height: z.number(),
  bands: z.number(),
  dtype: z.string(),
  nodata: z.string().nullable(),
  transform: z.array(z.number()).nullable(),
  epsg: z.number().nullable(),
  hasCrs: z.boolean(),
  overviews: z.array(z.number()),
  window: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  windowSha256: z.string().nullable(),
  sha256: z.string().nullable(),
  mean: z.array(z.number()),
  maskSha256: z.string(),
  colorTable: z.record(z.string(), z.string()).nullable(),
  descriptions: z.array(z.string()),
  positions: z.array(z.tuple([z.number(), z.number(), z.number(), z.number()])),
  wkt: z.string().optional(),
});
const expected = z
  .record(z.string(), entrySchema)
  .parse(JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")));

describe.each(Object.entries(expected))("%s", (name, entry) => {
  test("is described as GDAL describes it", async () => {
    await using(name, (raster) => {
      const { description } = raster;
      expect(rasterDescriptionSchema.parse(description)).toEqual(description);
      expect(description).toMatchObject({
        width: entry.width,
        height: entry.height,
        bands: entry.bands,
        dtype: entry.dtype,
        overviews: entry.overviews,
        bandNames: entry.descriptions,
      });
      expect(String(description.nodata)).toBe(entry.nodata === null ? "null" : String(Number(entry.nodata)));
      if (entry.colorTable !== null) {
        expect(description.colorTable).toMatchObject(entry.colorTable);
      }
    });
  });

  test("lies where GDAL puts it", async () => {
    await using(name, ({ description }) => {
      expect(description.geotransform).toEqual(entry.transform);
      expect(isProjectable(description.crs)).toBe(entry.hasCrs);
      if (description.crs.kind === "epsg") {
        expect(description.crs.code).toBe(entry.epsg);
      }
      expectPositions(description.crs, entry.positions);
      return Promise.resolve();
    });
  });

  if (entry.wkt !== undefined) {
    test("lies there by its WKT too", () => {
      const crs = crsFromWkt(readFileSync(join(folder, entry.wkt ?? ""), "utf8"));
      expect(isProjectable(crs), JSON.stringify(crs)).toBe(true);
      expectPositions(crs, entry.positions);
    });
  }

  test("has the pixels that GDAL reads", async () => {
    await using(name, async (raster) => {
      const [x, y, width, height] = entry.window;
      const part = await raster.readWindow({ pixelWindow: { x, y, width, height }, bands: allBands(raster) });
      const whole = await raster.readWindow({ pixelWindow: wholeOf(raster), bands: allBands(raster) });
      if (entry.sha256 === null || entry.windowSha256 === null) {
        meansOf(whole).forEach((mean, band) => {
          expect(Math.abs(mean - (entry.mean[band] ?? NaN))).toBeLessThan(1);
        });
      } else {
        expect(hashOf(part)).toBe(entry.windowSha256);
        expect(hashOf(whole)).toBe(entry.sha256);
      }
    });
  });

  test("hides the pixels that GDAL hides", async () => {
    await using(name, async (raster) => {
      const { valid } = await raster.readWindow({ pixelWindow: wholeOf(raster), bands: allBands(raster) });
      const mask = valid ?? new Uint8Array(entry.width * entry.height).fill(1);
      expect(createHash("sha256").update(mask).digest("hex")).toBe(entry.maskSha256);
    });
  });
});

async function using(name: string, check: (raster: Raster) => void | Promise<void>): Promise<void> {
  const raster = await openRaster(join(folder, name));
  try {
    await check(raster);
  } finally {
    await raster.close();
  }
}

/**
 * PROJ and we agree to a millimetre on the ground, 1e-8 of a degree; PROJ 9.5, which made the numbers, is itself 2 mm off on its way
 * back from equal-area projections, which `crs/positions.test.ts` goes round.
 */
function expectPositions(crs: Crs, positions: readonly (readonly [number, number, number, number])[]): void {
  if (!isProjectable(crs)) {
    expect(positions).toEqual([]);
    return;
  }
  // The same formula without its projection: positions then need no datum shift.
  const shift = /\+(towgs84|nadgrids)=\S+/g;
  const datum = /\+datum=(\S+)/.exec(crs.proj4)?.[1];
  const ellipsoid = [...crs.proj4.matchAll(/\+(a|b|rf|R|ellps|pm)=\S+/g)].map(([word]) => word).join(" ");
  const isWebMercator = crs.kind === "epsg" && crs.code === 3857;
  const base = isWebMercator
    ? "+proj=longlat +a=6378137 +b=6378137"
    : `+proj=longlat ${datum === undefined ? ellipsoid : `+datum=${datum}`} +no_defs`;
  const converter = proj4(crs.proj4.replace(shift, ""), base);
  const degrees = /\+proj=(cea|laea)/.test(crs.proj4) ? 2e-8 : 1e-8;
  for (const [x, y, longitude, latitude] of positions) {
    const [foundLongitude, foundLatitude] = converter.forward([x, y]);
    expect(Math.abs((foundLongitude ?? NaN) - longitude), `longitude of ${x}, ${y}`).toBeLessThan(degrees);
    expect(Math.abs((foundLatitude ?? NaN) - latitude), `latitude of ${x}, ${y}`).toBeLessThan(degrees);
    const [backX, backY] = converter.inverse([longitude, latitude]);
    const tolerance = /\+proj=longlat/.test(crs.proj4) ? 1e-8 : degrees * 1e5;
    expect(Math.abs((backX ?? NaN) - x), `x of ${longitude}, ${latitude}`).toBeLessThan(tolerance);
    expect(Math.abs((backY ?? NaN) - y), `y of ${longitude}, ${latitude}`).toBeLessThan(tolerance);
  }
}

function allBands(raster: Raster): number[] {
  return Array.from({ length: raster.description.bands }, (_, band) => band);
}

function wholeOf(raster: Raster): { x: number; y: number; width: number; height: number } {
  return { x: 0, y: 0, width: raster.description.width, height: raster.description.height };
}

function hashOf({ data }: Pixels): string {
  return createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
}

function meansOf(pixels: Pixels): number[] {
  return Array.from({ length: pixels.bands }, (_, band) => {
    let sum = 0;
    for (let index = band; index < pixels.data.length; index += pixels.bands) {
      sum += pixels.data[index] as number;
    }
    return sum / (pixels.width * pixels.height);
  });
}
