import { expect, it } from "vitest";
import { selectedPixels } from "./selected-pixels.ts";

const report = {
  classes: [0, 4, 7].map((id) => ({ id, name: `class ${id}`, color: "#000000" })),
  confusion: [
    [100, 20, 3],
    [40, 200, 5],
    [6, 7, 300],
  ],
};

it("counts a cell, a class's errors of both kinds, and all errors", () => {
  expect(selectedPixels(report, { kind: "cell", truthId: 4, predictionId: 0 })).toBe(40);
  expect(selectedPixels(report, { kind: "cell", truthId: 4, predictionId: 4 })).toBe(200);
  expect(selectedPixels(report, { kind: "false-positives", classId: 4 })).toBe(20 + 7);
  expect(selectedPixels(report, { kind: "false-negatives", classId: 4 })).toBe(40 + 5);
  expect(selectedPixels(report, { kind: "errors" })).toBe(20 + 3 + 40 + 5 + 6 + 7);
});
