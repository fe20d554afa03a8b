import { expect, it } from "vitest";
import { needsPreview } from "./coarse-preview.ts";

const tile = { width: 256, height: 256 };

/** An RGB image of 8 bits of this side, and a window of it that a tile shows this much smaller. */
function isPreviewed(
  side: number,
  reduction: number,
  blockSize: [number, number],
  overviews: number[] = [],
): boolean {
  const image = {
    description: { width: side, height: side, bands: 3, dtype: "uint8" as const, blockSize, overviews },
  };
  const windowSide = 256 * reduction;
  return needsPreview(image, { x: 0, y: 0, width: windowSide, height: windowSide }, tile);
}

it("previews what would decode more than 64 MB for one tile", () => {
  // 13 · 256 pixels a side are 33 MB, 16 · 256 are 50 MB, all of it 243 MB.
  expect(isPreviewed(9000, 13, [256, 256])).toBe(false);
  expect(isPreviewed(9000, 16, [256, 256])).toBe(false);
  expect(isPreviewed(9000, 36, [256, 256])).toBe(true);
});

it("doesn't preview strips of one row, of which a tile reads one for each of its own rows", () => {
  expect(isPreviewed(9000, 36, [9000, 1])).toBe(false);
  expect(isPreviewed(9000, 36, [9000, 64])).toBe(true);
});

it("previews very large images sooner, and none that has overviews", () => {
  expect(isPreviewed(60_000, 13, [256, 256])).toBe(true);
  expect(isPreviewed(60_000, 13, [256, 256], [2, 4, 8, 16])).toBe(false);
});
