import { expect, it } from "vitest";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import { movedCorner, withCorner, withoutCorner } from "./split-corners.ts";

const square: PixelPoint[] = [
  [0, 0],
  [10, 0],
  [10, 10],
  [0, 10],
];

it("moves one corner and leaves the others", () => {
  expect(movedCorner(square, 2, [14, 15])).toEqual([
    [0, 0],
    [10, 0],
    [14, 15],
    [0, 10],
  ]);
});

it("puts a corner into the middle of an edge, also of the one that closes the ring", () => {
  expect(withCorner(square, 0)[1]).toEqual([5, 0]);
  expect(withCorner(square, 3)).toEqual([...square, [0, 5]]);
});

it("takes a corner out, but leaves a triangle", () => {
  const triangle = withoutCorner(square, 1);
  expect(triangle).toEqual([
    [0, 0],
    [10, 10],
    [0, 10],
  ]);
  expect(withoutCorner(triangle ?? [], 0)).toBeNull();
});
