import type { EvaluationReport } from "#shared/metrics/evaluation-report.ts";

/**
 * What a matrix' cells say: pixels, their share of the row (of the truth) or of the column (of the prediction). `log` shows pixels too, but colours them by
 * their order of magnitude, so that rare confusions are seen beside common ones.
 */
export type MatrixView = "row" | "column" | "count" | "log";

/** A confusion matrix with its margins. Rows are truth, columns prediction; all in pixels. */
export interface ConfusionView {
  readonly counts: readonly (readonly number[])[];
  readonly rowTotals: readonly number[];
  readonly columnTotals: readonly number[];
  readonly total: number;
}

/** Adds the margins. */
export function confusionView({
  confusion,
  classes,
}: Pick<EvaluationReport, "confusion" | "classes">): ConfusionView {
  const rowTotals = confusion.map((row) => row.reduce((sum, count) => sum + count, 0));
  const columnTotals = classes.map((_, column) =>
    confusion.reduce((sum, row) => sum + (row[column] ?? 0), 0),
  );
  return {
    counts: confusion,
    rowTotals,
    columnTotals,
    total: rowTotals.reduce((sum, count) => sum + count, 0),
  };
}

/** A cell's share of its row, its column, or everything, 0–1; null where nothing is there to share. */
export function cellShare(
  matrix: ConfusionView,
  row: number,
  column: number,
  view: MatrixView,
): number | null {
  const count = matrix.counts[row]?.[column] ?? 0;
  const whole = wholeOf(matrix, row, column, view);
  return whole === 0 ? null : count / whole;
}

function wholeOf(matrix: ConfusionView, row: number, column: number, view: MatrixView): number {
  switch (view) {
    case "row":
      return matrix.rowTotals[row] ?? 0;
    case "column":
      return matrix.columnTotals[column] ?? 0;
    case "count":
    case "log":
      return matrix.total;
  }
}

/** The names of a cell's classes and the words for its numbers, already written out. */
export interface CellWords {
  readonly truth: string;
  readonly prediction: string;
  /** "3.2 %" */
  readonly share: string;
  /** "41,220 px, 1.03 ha" */
  readonly amount: string;
}

/** A cell as a sentence: "3.2 % of road was called building (41,220 px, 1.03 ha)". */
export function cellSentence(words: CellWords, view: MatrixView): string {
  const { truth, prediction, share, amount } = words;
  const right = truth === prediction;
  switch (view) {
    case "row":
      return `${share} of ${truth} was ${right ? "found" : `called ${prediction}`} (${amount})`;
    case "column":
      return `${share} of what was called ${prediction} is ${right ? "right" : truth} (${amount})`;
    case "count":
    case "log":
      return `${share} of all pixels are ${truth}${right ? ", and were found" : ` called ${prediction}`} (${amount})`;
  }
}

/** How strongly a share is drawn, 0–1: small confusions must be seen, so the scale rises quickly at first. */
export function heatOf(share: number | null): number {
  return share === null ? 0 : Math.min(1, Math.max(0, share)) ** 0.7;
}

/** A cell's heat in a view, 0–1. */
export function cellHeat(matrix: ConfusionView, row: number, column: number, view: MatrixView): number {
  if (view !== "log") {
    return heatOf(cellShare(matrix, row, column, view));
  }
  const largest = Math.max(1, ...matrix.counts.flat());
  return Math.log1p(matrix.counts[row]?.[column] ?? 0) / Math.log1p(largest);
}

/** From this heat on, light text reads better on the cell than dark text (WCAG contrast of either is 4.5 there). */
export const LIGHT_TEXT_HEAT = 0.88;
