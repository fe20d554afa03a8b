import { describe, expect, test } from "vitest";
import { alignedTileRequest, halvings } from "./tile-request.ts";

describe("a mosaic's own tile grid", () => {
  // 5450×6184: 6184 / 2⁷ = 48.3 pixels are the first to fit in 64.
  test("is halved until a quarter of a tile holds it", () => {
    expect(halvings({ width: 5450, height: 6184 })).toBe(7);
    expect(halvings({ width: 64, height: 64 })).toBe(0);
    expect(halvings({ width: 65, height: 10 })).toBe(1);
  });

  test("cuts native pixels at the finest level", () => {
    expect(alignedTileRequest({ level: 7, column: 3, row: 5 }, 8)).toEqual({
      pixelWindow: { x: 3 * 256, y: 5 * 256, width: 256, height: 256 },
      size: { width: 256, height: 256 },
    });
  });

  test("takes twice as many a side with each coarser level, at the same size", () => {
    expect(alignedTileRequest({ level: 5, column: 1, row: 0 }, 8)).toEqual({
      pixelWindow: { x: 1024, y: 0, width: 1024, height: 1024 },
      size: { width: 256, height: 256 },
    });
  });
});
