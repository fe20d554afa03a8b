import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRaster, RasterError, type Raster } from "../index.ts";

const folder = join(import.meta.dirname, "../../../fixtures/rasters");
const name = "deflate-tiles-pixel.tif";
let raster: Raster;
let whole: Uint8Array;
const size = { width: 53, height: 37 };

beforeAll(async () => {
  raster = await openRaster(join(folder, name));
  const pixels = await raster.readWindow({ pixelWindow: { x: 0, y: 0, ...size }, bands: [0, 1, 2] });
  whole = pixels.data as Uint8Array;
});
afterAll(() => raster.close());

const at = (x: number, y: number, band: number): number => whole[(y * size.width + x) * 3 + band] as number;

describe("a window", () => {
  test("over the edge is invalid outside", async () => {
    const { data, valid } = await raster.readWindow({
      pixelWindow: { x: -2, y: 35, width: 4, height: 4 },
      bands: [1],
    });
    expect([...(valid ?? [])]).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...data]).toEqual([
      0,
      0,
      at(0, 35, 1),
      at(1, 35, 1),
      0,
      0,
      at(0, 36, 1),
      at(1, 36, 1),
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
    ]);
  });

  test("wholly outside is all invalid", async () => {
    const { valid } = await raster.readWindow({
      pixelWindow: { x: 500, y: 500, width: 3, height: 2 },
      bands: [0],
    });
    expect([...(valid ?? [])]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("gives bands in the order asked for, repeats allowed", async () => {
    const { data } = await raster.readWindow({
      pixelWindow: { x: 15, y: 31, width: 2, height: 2 },
      bands: [2, 0, 2],
    });
    const wanted = [
      [15, 31],
      [16, 31],
      [15, 32],
      [16, 32],
    ].flatMap(([x = 0, y = 0]) => [at(x, y, 2), at(x, y, 0), at(x, y, 2)]);
    expect([...data]).toEqual(wanted);
  });

  test("made larger repeats pixels with nearest", async () => {
    const { data } = await raster.readWindow({
      pixelWindow: { x: 3, y: 4, width: 2, height: 1 },
      bands: [0],
      outputSize: { width: 4, height: 2 },
      resampling: "nearest",
    });
    const row = [at(3, 4, 0), at(3, 4, 0), at(4, 4, 0), at(4, 4, 0)];
    expect([...data]).toEqual([...row, ...row]);
  });

  test("made larger mixes neighbours with bilinear", async () => {
    const { data } = await raster.readWindow({
      pixelWindow: { x: 10, y: 10, width: 1, height: 1 },
      bands: [0],
      outputSize: { width: 2, height: 2 },
      resampling: "bilinear",
    });
    // The centre of the first output pixel lies a quarter of a pixel left of and above the source pixel's centre.
    const wanted =
      0.75 * 0.75 * at(10, 10, 0) + 0.75 * 0.25 * (at(9, 10, 0) + at(10, 9, 0)) + 0.25 * 0.25 * at(9, 9, 0);
    expect(data[0]).toBe(Math.round(wanted));
  });

  test("made smaller by a fraction weighs pixels by the area they share", async () => {
    const { data } = await raster.readWindow({
      pixelWindow: { x: 6, y: 8, width: 3, height: 1 },
      bands: [1],
      outputSize: { width: 2, height: 1 },
      resampling: "average",
    });
    expect([...data]).toEqual([
      Math.round((at(6, 8, 1) + 0.5 * at(7, 8, 1)) / 1.5),
      Math.round((0.5 * at(7, 8, 1) + at(8, 8, 1)) / 1.5),
    ]);
  });

  test("leaves invalid pixels out of an average", async () => {
    const masked = await openRaster(join(folder, "nodata.tif"));
    const exact = await masked.readWindow({ pixelWindow: { x: 0, y: 0, ...size }, bands: [0, 1, 2] });
    const average = await masked.readWindow({
      pixelWindow: { x: 0, y: 0, width: 52, height: 36 },
      bands: [0, 1, 2],
      outputSize: { width: 26, height: 18 },
      resampling: "average",
    });
    for (let pixel = 0; pixel < 26 * 18; pixel += 1) {
      const corner = Math.floor(pixel / 26) * 2 * 53 + (pixel % 26) * 2;
      const under = [corner, corner + 1, corner + 53, corner + 54].filter(
        (each) => exact.valid?.[each] !== 0,
      );
      const mean = under.reduce((sum, each) => sum + (exact.data[each * 3] as number), 0) / under.length;
      expect(average.valid?.[pixel]).toBe(under.length === 0 ? 0 : 1);
      expect(average.data[pixel * 3]).toBe(under.length === 0 ? 0 : Math.round(mean));
    }
    await masked.close();
  });

  test("is read from the overview that fits", async () => {
    // The overviews of this file were made by taking every second pixel, which averaging the full resolution wouldn't give.
    const withOverviews = await openRaster(join(folder, "overviews.tif"));
    const full = await withOverviews.readWindow({ pixelWindow: { x: 0, y: 0, ...size }, bands: [0] });
    const half = await withOverviews.readWindow({
      pixelWindow: { x: 0, y: 0, width: 52, height: 36 },
      bands: [0],
      outputSize: { width: 26, height: 18 },
      resampling: "average",
    });
    expect(withOverviews.description.overviews).toEqual([2, 4]);
    expect(full.data).toContain(half.data[26 * 5 + 7]);
    await withOverviews.close();
  });

  test("says what is wrong with a request", async () => {
    const ask = (bands: number[], width: number): Promise<unknown> =>
      raster.readWindow({ pixelWindow: { x: 0, y: 0, width, height: 1 }, bands });
    await expect(ask([3], 1)).rejects.toThrow(`${name}: band 4 requested, but it has 3 bands`);
    await expect(ask([], 1)).rejects.toThrow("no band requested");
    await expect(ask([0], 0)).rejects.toBeInstanceOf(RasterError);
    await expect(ask([0], 2 ** 31)).rejects.toThrow("larger than 1 GB");
  });

  test("ends with the abort's reason, and the raster goes on working", async () => {
    const fresh = await openRaster(join(folder, name));
    const controller = new AbortController();
    const read = fresh.readWindow(
      { pixelWindow: { x: 0, y: 0, ...size }, bands: [0] },
      { signal: controller.signal },
    );
    const other = fresh.readWindow({ pixelWindow: { x: 0, y: 0, ...size }, bands: [0] });
    controller.abort();
    await expect(read).rejects.toMatchObject({ name: "AbortError" });
    expect((await other).data[0]).toBe(at(0, 0, 0));
    await fresh.close();
    await expect(fresh.readWindow({ pixelWindow: { x: 0, y: 0, ...size }, bands: [0] })).rejects.toThrow(
      "closed",
    );
  });
});
