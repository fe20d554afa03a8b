import { expect, test } from "vitest";
import type { GroundSplit } from "#shared/training/saved-split.ts";
import { trainedOnWords } from "./trained-on.ts";

const mosaics = ["a", "b"].map((id) => ({ id, name: `mosaic ${id}`, image: { width: 1000, height: 500 } }));
type Mosaics = Parameters<typeof trainedOnWords>[0];
const window = (x: number, y: number, width: number, height: number) =>
  ({ kind: "window", pixelWindow: { x, y, width, height } }) as const;
const split = (areas: GroundSplit["areas"], rest: GroundSplit["rest"] = "unused"): GroundSplit => ({
  areas,
  rest,
  guardMeters: 0,
});

test("a report says how much of the counted area was trained on", () => {
  const words = (ground: GroundSplit, within?: Parameters<typeof trainedOnWords>[2]) =>
    trainedOnWords(mosaics as unknown as Mosaics, ground, within);
  // Tiles that overlap count once: 600 of 1000 columns of one of two mosaics of equal size.
  const overlapping = split([
    { mosaicId: "a", part: "training", shape: window(0, 0, 400, 500) },
    { mosaicId: "a", part: "training", shape: window(200, 0, 400, 500) },
    { mosaicId: "a", part: "validation", shape: window(600, 0, 400, 500) },
  ]);
  expect(words(overlapping)).toContain("about 30 % of the area counted here (in mosaic a)");
  expect(
    words(split([{ mosaicId: "b", part: "validation", shape: window(0, 0, 500, 500) }], "training")),
  ).toContain("about 75 % of the area counted here (in mosaic a, mosaic b)");
  expect(words(split([]))).toBe("The run was trained on none of it.");
  expect(words(overlapping, { kind: "run", part: "training" })).toContain("all of this ground");
  expect(words(overlapping, { kind: "run", part: "validation" })).toBeNull();
});
