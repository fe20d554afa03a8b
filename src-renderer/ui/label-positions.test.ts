import { expect, test } from "vitest";
import { labelPositions } from "./label-positions.ts";

test("labels that don't meet stay where their lines end", () => {
  expect(labelPositions([20, 60], 10, 0, 100)).toEqual([20, 60]);
});

test("labels that meet are moved apart and keep their order", () => {
  expect(labelPositions([50, 50.5, null], 10, 0, 100)).toEqual([50, 60, null]);
  expect(labelPositions([52, 50], 10, 0, 100)).toEqual([60, 50]);
});

test("labels stay between top and bottom", () => {
  expect(labelPositions([99, 98], 10, 0, 100)).toEqual([95, 85]);
  expect(labelPositions([1, 2], 10, 0, 100)).toEqual([5, 15]);
});
