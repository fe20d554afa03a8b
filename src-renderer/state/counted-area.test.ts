import { expect, test } from "vitest";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import { groundAreaOfPixel, mosaicPixelsPerInputPixel } from "./counted-area.ts";

function mosaic(units: "metre" | "degree" | "pixel", pixelSide: number): ReadyMosaic {
  const projection = { code: "X", name: "X", proj4: units === "pixel" ? null : "+proj=utm +zone=33", units };
  return {
    placement: { projection, geotransform: [pixelSide, 0, 500_000, 0, -pixelSide, 5_000_000] },
  } as unknown as ReadyMosaic;
}

test("a quarter-metre pixel is a sixteenth of a square metre", () => {
  expect(groundAreaOfPixel([mosaic("metre", 0.25), mosaic("metre", 0.25)])).toBe(0.0625);
});

test("pixels of different sizes, in degrees, or without a CRS have no area in common", () => {
  expect(groundAreaOfPixel([mosaic("metre", 0.25), mosaic("metre", 0.5)])).toBeNull();
  expect(groundAreaOfPixel([mosaic("degree", 1e-5)])).toBeNull();
  expect(groundAreaOfPixel([mosaic("pixel", 1)])).toBeNull();
  expect(groundAreaOfPixel([])).toBeNull();
});

test("a pixel of a tile scaled to half its side stands for four of the mosaic", () => {
  expect(mosaicPixelsPerInputPixel({ tilePixels: 512, inputPixels: 256 })).toBe(4);
  expect(mosaicPixelsPerInputPixel({ tilePixels: 512, inputPixels: null })).toBe(1);
});
