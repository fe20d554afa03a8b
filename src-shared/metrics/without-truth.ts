import type { EvaluationReport } from "./evaluation-report.ts";

/** Classes that were predicted on ground where no pixel is labelled so. */
export interface WithoutTruth {
  readonly names: readonly string[];
  /** Mean IoU over the classes that have truth, 0–1; null where none has. */
  readonly meanIouOfOthers: number | null;
}

/**
 * Which classes count as 0 in the means only because something was called so, as scikit-learn counts them: nothing can be learned from their IoU, and the mean
 * without them says more. Null where there is none.
 */
export function withoutTruth(report: EvaluationReport): WithoutTruth | null {
  const names = report.perClass
    .filter(({ truthPixels, predictedPixels }) => truthPixels === 0 && predictedPixels > 0)
    .map(({ name }) => name);
  const others = report.perClass.flatMap(({ truthPixels, iou }) =>
    truthPixels > 0 && iou !== null ? [iou] : [],
  );
  return names.length === 0
    ? null
    : {
        names,
        meanIouOfOthers:
          others.length === 0 ? null : others.reduce((sum, iou) => sum + iou, 0) / others.length,
      };
}
