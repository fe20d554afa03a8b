import { expect, test } from "vitest";
import {
  decimated,
  isNorthUp,
  mapToPixel,
  pixelSize,
  pixelToMap,
  sameGrid,
  translated,
  type Geotransform,
} from "./affine.ts";
import { extentsOverlap, rasterExtent } from "./bounds.ts";
import { windowIntersection } from "./pixel-window.ts";

const northUp: Geotransform = [0.5, 0, 320000, 0, -0.5, 2775000];
/** One pixel is 5 units wide, turned by the angle whose cosine is 4/5. */
const turned: Geotransform = [4, 3, 100, 3, -4, 200];

test("pixels and map positions are each other's inverse", () => {
  for (const geotransform of [northUp, turned]) {
    for (const position of [
      [0, 0],
      [12.5, 3],
      [-4, 100],
    ] as const) {
      const [column, row] = mapToPixel(geotransform, pixelToMap(geotransform, position));
      expect(column).toBeCloseTo(position[0], 9);
      expect(row).toBeCloseTo(position[1], 9);
    }
  }
  expect(pixelToMap(turned, [1, 2])).toEqual([4 * 1 + 3 * 2 + 100, 3 * 1 - 4 * 2 + 200]);
});

test("sizes, cuts and reductions", () => {
  expect(pixelSize(turned)).toEqual([5, 5]);
  expect(isNorthUp(northUp)).toBe(true);
  expect(isNorthUp(turned)).toBe(false);
  expect(translated(northUp, [10, 20])).toEqual([0.5, 0, 320005, 0, -0.5, 2774990]);
  expect(decimated(northUp, 4, 4)).toEqual([2, 0, 320000, 0, -2, 2775000]);
});

test("grids a hundredth of a pixel apart are the same, those of another size aren't", () => {
  const size = { width: 5000, height: 5000 };
  expect(sameGrid(northUp, [0.5, 0, 320000.004, 0, -0.5, 2775000], size)).toBe(true);
  expect(sameGrid(northUp, [0.5, 0, 320000.01, 0, -0.5, 2775000], size)).toBe(false);
  // A hair more in each pixel is a pixel at the far end.
  expect(sameGrid(northUp, [0.5001, 0, 320000, 0, -0.5, 2775000], size)).toBe(false);
});

test("extents hold all corners of a turned raster", () => {
  const extent = rasterExtent(turned, { width: 10, height: 10 });
  expect(extent).toEqual([100, 200 - 40, 100 + 70, 200 + 30]);
  expect(extentsOverlap(extent, [170, 160, 180, 170])).toBe(false);
  expect(extentsOverlap(extent, [169, 160, 180, 170])).toBe(true);
});

test("windows share what both have", () => {
  const window = { x: 0, y: 0, width: 10, height: 10 };
  expect(windowIntersection(window, { x: 8, y: -3, width: 5, height: 5 })).toEqual({
    x: 8,
    y: 0,
    width: 2,
    height: 2,
  });
  expect(windowIntersection(window, { x: 10, y: 0, width: 5, height: 5 })).toBeNull();
});
