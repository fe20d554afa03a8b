import type { ConfusionMatrix } from "./confusion-matrix.ts";
import type { ClassMetrics, EvaluationReport } from "./evaluation-report.ts";

/** What a report says of a class besides its numbers. */
export interface ReportClass {
  readonly id: number;
  readonly name: string;
  readonly color: string;
}

/**
 * All numbers that one confusion matrix yields; `classes` are its classes in its order.
 *
 * With TP, FP and FN of a class: IoU = TP / (TP + FP + FN), Dice = 2 TP / (2 TP + FP + FN), precision = TP / (TP + FP),
 * recall = TP / (TP + FN). A class that occurs in truth or prediction but has no true positive gets 0, as in scikit-learn
 * (`zero_division=0`); one that occurs in neither gets null and is left out of the mean. Frequency-weighted IoU weighs by
 * the share of truth. Kappa: Cohen 1960, (p_o - p_e) / (1 - p_e); null when one class is all there is.
 */
export function evaluationReport(matrix: ConfusionMatrix, classes: readonly ReportClass[]): EvaluationReport {
  const { size } = matrix;
  if (classes.length !== size || classes.some(({ id }, index) => id !== matrix.classIds[index])) {
    throw new RangeError("the classes of a report must be those of its matrix, in the same order");
  }
  const confusion = matrix.toRows();
  const truthPixels = confusion.map(sum);
  const predictedPixels = classes.map((_, column) => sum(confusion.map((row) => row[column] ?? 0)));
  const hits = classes.map((_, index) => matrix.count(index, index));
  const total = sum(truthPixels);

  const perClass = classes.map(({ id, name }, index): ClassMetrics => {
    const hit = hits[index]!;
    const truth = truthPixels[index]!;
    const predicted = predictedPixels[index]!;
    const occurs = truth + predicted > 0;
    return {
      id,
      name,
      iou: occurs ? hit / (truth + predicted - hit) : null,
      dice: occurs ? (2 * hit) / (truth + predicted) : null,
      precision: occurs ? ratioOrZero(hit, predicted) : null,
      recall: occurs ? ratioOrZero(hit, truth) : null,
      truthPixels: truth,
      predictedPixels: predicted,
    };
  });
  const present = perClass.filter((metrics) => metrics.iou !== null);

  return {
    classes: classes.map(({ id, name, color }) => ({ id, name, color })),
    confusion,
    accuracy: total === 0 ? null : sum(hits) / total,
    meanIou: present.length === 0 ? null : sum(present.map((metrics) => metrics.iou ?? 0)) / present.length,
    frequencyWeightedIou:
      total === 0 ? null : sum(perClass.map(({ iou, truthPixels: pixels }) => (iou ?? 0) * pixels)) / total,
    kappa: kappa(sum(hits), truthPixels, predictedPixels, total),
    perClass,
    absentClassIds: perClass.filter((metrics) => metrics.iou === null).map((metrics) => metrics.id),
    unpredictedPixels: matrix.unpredictedPixels,
  };
}

function kappa(
  hits: number,
  truthPixels: readonly number[],
  predictedPixels: readonly number[],
  total: number,
): number | null {
  if (total === 0) {
    return null;
  }
  const observed = hits / total;
  const byChance = sum(
    truthPixels.map((truth, index) => (truth / total) * (predictedPixels[index]! / total)),
  );
  return byChance === 1 ? null : (observed - byChance) / (1 - byChance);
}

function ratioOrZero(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
