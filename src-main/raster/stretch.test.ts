import { join } from "node:path";
import { expect, test } from "vitest";
import { displayBands, estimateStretch, openRaster } from "./index.ts";
import { stretchOf } from "./stretch.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/rasters");

test("percentiles leave two per cent out at each end", () => {
  expect(stretchOf(Float64Array.from({ length: 101 }, (_, index) => 100 - index))).toEqual({
    low: 2,
    high: 98,
  });
  expect(stretchOf(new Float64Array(0))).toEqual({ low: 0, high: 1 });
  expect(stretchOf(Float64Array.of(5, 5, 5))).toEqual({ low: 5, high: 6 });
});

test("nodata doesn't count and bytes stay as they are", async () => {
  const floats = await openRaster(join(fixtures, "nodata-nan.tif"));
  const [stretch] = await estimateStretch(floats);
  expect(stretch?.low).toBeGreaterThanOrEqual(0);
  expect(stretch?.high).toBeLessThanOrEqual(2000);
  await floats.close();
  const bytes = await openRaster(join(fixtures, "deflate-tiles-pixel.tif"));
  expect(await estimateStretch(bytes)).toEqual([1, 2, 3].map(() => ({ low: 0, high: 255 })));
  await bytes.close();
});

test("bands named after colours are shown as these, others in order, alpha never", () => {
  const named = { bands: 5, alphaBand: null, bandNames: ["coastal", "blue", "green", "red", "nir"] };
  expect(displayBands(named)).toEqual([3, 2, 1]);
  expect(displayBands({ bands: 4, alphaBand: 3, bandNames: [] })).toEqual([0, 1, 2]);
  expect(displayBands({ bands: 2, alphaBand: 1, bandNames: [] })).toEqual([0, 0, 0]);
});
