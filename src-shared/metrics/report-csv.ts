import type { ClassRow } from "./class-rows.ts";
import type { EvaluationReport } from "./evaluation-report.ts";

/** The per-class table of a report as CSV (RFC 4180), a row a class, with the overall numbers below; undefined numbers are empty. */
export function classTableCsv(report: EvaluationReport): string {
  return csv([
    ["id", "class", "iou", "dice", "precision", "recall", "truth_pixels", "predicted_pixels"],
    ...report.perClass.map((metrics) => [
      metrics.id,
      metrics.name,
      metrics.iou,
      metrics.dice,
      metrics.precision,
      metrics.recall,
      metrics.truthPixels,
      metrics.predictedPixels,
    ]),
    [],
    ["mean_iou", report.meanIou],
    ["frequency_weighted_iou", report.frequencyWeightedIou],
    ["accuracy", report.accuracy],
    ["kappa", report.kappa],
    ["unpredicted_pixels", report.unpredictedPixels],
  ]);
}

/** The wide class table as CSV, with areas in hectares; what isn't defined is empty. */
export function classRowsCsv(rows: readonly ClassRow[]): string {
  return csv([
    [
      "id",
      "class",
      "iou",
      "dice",
      "users_accuracy",
      "producers_accuracy",
      "truth_pixels",
      "predicted_pixels",
      "mapped_ha",
      "estimated_ha",
      "standard_error_ha",
      "low_95_ha",
      "high_95_ha",
    ],
    ...rows.map((row) => [
      row.id,
      row.name,
      row.iou,
      row.dice,
      row.usersAccuracy,
      row.producersAccuracy,
      row.truthPixels,
      row.predictedPixels,
      row.area?.mapped ?? null,
      row.area?.estimated ?? null,
      row.area?.standardError ?? null,
      row.area?.low ?? null,
      row.area?.high ?? null,
    ]),
  ]);
}

/** The confusion matrix of a report as CSV: rows truth, columns prediction, in pixels. */
export function confusionCsv(report: EvaluationReport): string {
  return csv([
    ["truth \\ prediction", ...report.classes.map(({ name }) => name)],
    ...report.confusion.map((row, index) => [report.classes[index]?.name ?? "", ...row]),
  ]);
}

type Cell = string | number | null;

function csv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(cellText).join(",")}\r\n`).join("");
}

function cellText(cell: Cell): string {
  if (cell === null) {
    return "";
  }
  const text = String(cell);
  // A class named "=1+1" must stay a name in a spreadsheet.
  // Spreadsheets take the wide forms of the signs for the signs, and where numbers have a comma, a semicolon for the end of a cell.
  const safe = typeof cell === "string" && /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
