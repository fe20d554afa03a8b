import { expect, it } from "vitest";
import { evaluationReport } from "./build-report.ts";
import { ConfusionMatrix } from "./confusion-matrix.ts";
import { withoutTruth } from "./without-truth.ts";

const classes = [1, 2, 3, 4].map((id) => ({ id, name: `class ${id}`, color: "#000000" }));

function reportOf(rows: readonly (readonly number[])[]): ReturnType<typeof evaluationReport> {
  return evaluationReport(ConfusionMatrix.fromRows([1, 2, 3, 4], rows), classes);
}

it("classes that were only predicted are named, with the mean of those that have truth", () => {
  const report = reportOf([
    [8, 0, 2, 0],
    [0, 5, 0, 0],
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ]);
  expect(report.meanIou).toBeCloseTo((0.8 + 1 + 0) / 3, 12);
  const found = withoutTruth(report);
  expect(found?.names).toEqual(["class 3"]);
  expect(found?.meanIouOfOthers).toBeCloseTo((0.8 + 1) / 2, 12);
});

it("nothing is said where each predicted class has truth, however wrong it is", () => {
  expect(
    withoutTruth(
      reportOf([
        [8, 0, 2, 0],
        [0, 5, 0, 0],
        [1, 0, 0, 0],
        [0, 0, 0, 0],
      ]),
    ),
  ).toBeNull();
});
