import { expect, test } from "vitest";
import { displayBands } from "./display-bands.ts";

test("bands named after colours are shown as these, others in order, alpha never", () => {
  const named = { bands: 5, alphaBand: null, bandNames: ["coastal", "blue", "green", "red", "nir"] };
  expect(displayBands(named)).toEqual([3, 2, 1]);
  expect(displayBands({ bands: 4, alphaBand: 3, bandNames: [] })).toEqual([0, 1, 2]);
  expect(displayBands({ bands: 2, alphaBand: 1, bandNames: [] })).toEqual([0]);
});
