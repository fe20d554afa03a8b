import { describe, expect, it } from "vitest";
import { evaluationReport } from "./build-report.ts";
import { ConfusionMatrix, countedClasses } from "./confusion-matrix.ts";
import { evaluationReportSchema } from "./evaluation-report.ts";
import { classTableCsv, confusionCsv } from "./report-csv.ts";

const field = { id: 0, name: "field", color: "#00ff00" };
const wood = { id: 3, name: "wood", color: "#008800" };
const water = { id: 7, name: "water, deep", color: "#0000ff" };

/** A mask drawn as a little grid: digits are class ids, dots are unlabelled. */
function mask(...rows: string[]): Uint8Array {
  return Uint8Array.from(rows.join(""), (letter) => (letter === "." ? 255 : Number(letter)));
}

function drawnMatrix(): ConfusionMatrix {
  const matrix = new ConfusionMatrix([0, 3, 7]);
  matrix.add(mask("0003", "0033", "5.33"), mask("0033", "0033", "033."));
  return matrix;
}

describe("ConfusionMatrix", () => {
  it("counts truth in rows and prediction in columns, leaving out 255 and what is no class", () => {
    expect(drawnMatrix().toRows()).toEqual([
      [4, 1, 0],
      [0, 4, 0],
      [0, 0, 0],
    ]);
  });

  it("counts labelled pixels without a prediction apart", () => {
    expect(drawnMatrix().unpredictedPixels).toBe(1);
  });

  it("is the same whether a mask comes whole, in parts, or as counts", () => {
    const truth = mask("0037", "7730");
    const prediction = mask("0377", "7330");
    const whole = new ConfusionMatrix([0, 3, 7]);
    whole.add(truth, prediction);
    const parts = new ConfusionMatrix([0, 3, 7]);
    parts.add(truth.subarray(0, 3), prediction.subarray(0, 3));
    parts.addCounts(partOf(truth.subarray(3), prediction.subarray(3)));
    expect(parts.toRows()).toEqual(whole.toRows());
    expect(ConfusionMatrix.fromRows([0, 3, 7], whole.toRows()).toRows()).toEqual(whole.toRows());
  });

  it("stays exact beyond 32 bits", () => {
    const matrix = new ConfusionMatrix([0]);
    matrix.addCounts([2 ** 40]);
    matrix.addCounts([1]);
    expect(matrix.count(0, 0)).toBe(2 ** 40 + 1);
  });

  it("refuses windows of different sizes and ids that are no class", () => {
    expect(() => drawnMatrix().add(mask("00"), mask("0"))).toThrow(
      "truth has 2 pixels, but the prediction 1",
    );
    expect(() => new ConfusionMatrix([255])).toThrow("not 255");
  });
});

describe("evaluationReport", () => {
  const report = evaluationReport(drawnMatrix(), [field, wood, water]);

  it("says what the matrix yields by arithmetic", () => {
    expect(report.accuracy).toBeCloseTo(8 / 9, 12);
    expect(report.perClass[0]).toMatchObject({ iou: 4 / 5, dice: 8 / 9, precision: 1, recall: 4 / 5 });
    expect(report.perClass[1]).toMatchObject({ iou: 4 / 5, dice: 8 / 9, precision: 4 / 5, recall: 1 });
    expect(report.meanIou).toBeCloseTo(4 / 5, 12);
    expect(report.frequencyWeightedIou).toBeCloseTo((5 / 9) * (4 / 5) + (4 / 9) * (4 / 5), 12);
    const byChance = (5 / 9) * (4 / 9) + (4 / 9) * (5 / 9);
    expect(report.kappa).toBeCloseTo((8 / 9 - byChance) / (1 - byChance), 12);
  });

  it("leaves a class out of the mean that occurs nowhere, and says so", () => {
    expect(report.absentClassIds).toEqual([7]);
    expect(report.perClass[2]).toMatchObject({ iou: null, dice: null, precision: null, recall: null });
  });

  it("is what the contract promises", () => {
    expect(evaluationReportSchema.parse(report)).toEqual(report);
  });

  it("has no numbers where nothing was counted", () => {
    const empty = evaluationReport(new ConfusionMatrix([0, 3]), [field, wood]);
    expect(empty).toMatchObject({ accuracy: null, meanIou: null, frequencyWeightedIou: null, kappa: null });
  });

  it("is written as CSV with quoted names", () => {
    expect(confusionCsv(report)).toBe(
      'truth \\ prediction,field,wood,"water, deep"\r\nfield,4,1,0\r\nwood,0,4,0\r\n"water, deep",0,0,0\r\n',
    );
    expect(classTableCsv(report).split("\r\n")[1]).toBe(`0,field,0.8,${8 / 9},1,0.8,5,4`);
    expect(classTableCsv(report)).toContain('7,"water, deep",,,,,0,0');
  });

  it.each(["=1+1", "+A1", "-A1", "@SUM(A1)", "\n=1+1", "＝1+1"])(
    "is no formula where a class is called %j",
    (name) => {
      const named = evaluationReport(new ConfusionMatrix([0]), [{ ...field, name }]);
      expect(classTableCsv(named)).toMatch(/\r\n0,"?'/);
      expect(confusionCsv(named)).toContain("'" + name);
    },
  );

  it("keeps a name in its cell where cells end at semicolons", () => {
    const named = evaluationReport(new ConfusionMatrix([0]), [{ ...field, name: "field;=1+1" }]);
    expect(classTableCsv(named)).toContain('0,"field;=1+1"');
  });

  it("leaves out ignored classes", () => {
    const classes = [
      { ...field, ignore: false },
      { ...wood, ignore: true },
    ];
    expect(countedClasses(classes).map(({ id }) => id)).toEqual([0]);
  });
});

function partOf(truth: Uint8Array, prediction: Uint8Array): number[] {
  const matrix = new ConfusionMatrix([0, 3, 7]);
  matrix.add(truth, prediction);
  return matrix.toRows().flat();
}
