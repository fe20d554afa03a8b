import type { PlaceSelection } from "./evaluation-detail.ts";
import type { EvaluationReport } from "./evaluation-report.ts";

/** How many pixels a report's matrix counts in a selection of its cells. */
export function selectedPixels(
  { classes, confusion }: Pick<EvaluationReport, "classes" | "confusion">,
  selection: PlaceSelection,
): number {
  let pixels = 0;
  for (const [row, counts] of confusion.entries()) {
    for (const [column, count] of counts.entries()) {
      if (isSelected(selection, classes[row]?.id, classes[column]?.id)) {
        pixels += count;
      }
    }
  }
  return pixels;
}

function isSelected(
  selection: PlaceSelection,
  truthId: number | undefined,
  predictionId: number | undefined,
): boolean {
  switch (selection.kind) {
    case "cell":
      return truthId === selection.truthId && predictionId === selection.predictionId;
    case "false-positives":
      return predictionId === selection.classId && truthId !== predictionId;
    case "false-negatives":
      return truthId === selection.classId && truthId !== predictionId;
    case "errors":
      return truthId !== predictionId;
  }
}
