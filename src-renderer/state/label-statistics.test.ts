import { expect, test } from "vitest";
import type { Mask, ReadyMosaic } from "#shared/project/mosaic.ts";
import { labelStatistics } from "./label-statistics.ts";

const mosaic = (mask: Mask): ReadyMosaic => ({ mask }) as unknown as ReadyMosaic;
const masked = (classPixels: Record<string, number> | null): ReadyMosaic =>
  mosaic({ kind: "matched", fileName: "m.tif", classPixels });

test("adds up masks, keeps strangers apart, leaves out 255", () => {
  const classes = [0, 1].map((id) => ({ id, name: `c${id}`, color: "#000000", ignore: false }));
  const statistics = labelStatistics(
    [masked({ 0: 70, 1: 20, 255: 5 }), masked({ 0: 5, 7: 3, 9: 4 }), masked(null), mosaic({ kind: "none" })],
    classes,
  );
  expect(statistics.pixels.get(0)).toBe(70 + 5);
  expect(statistics.labelledPixels).toBe(70 + 20 + 5);
  expect(statistics.strangers).toEqual([
    { id: 9, pixels: 4 },
    { id: 7, pixels: 3 },
  ]);
  expect(statistics.counting).toBe(1);
});
