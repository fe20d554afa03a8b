/** What calling every pixel positive from one score on would be worth. */
export interface ThresholdPoint {
  /** 0–1; a pixel is called positive when its score is this or more. */
  readonly threshold: number;
  /** Null where nothing is called positive. */
  readonly precision: number | null;
  readonly recall: number;
  readonly iou: number;
}

/** A two-class problem at every threshold. */
export interface PrecisionRecall {
  /** By rising threshold. */
  readonly points: readonly ThresholdPoint[];
  /** The step-wise area below the curve, as scikit-learn's `average_precision_score` has it. */
  readonly averagePrecision: number;
}

/**
 * The precision–recall curve from scores counted by true class: `positives[score]` and `negatives[score]`, pixels by score from 0 to the highest. Null
 * where the truth has no positive pixel.
 */
export function precisionRecall(
  positives: ArrayLike<number>,
  negatives: ArrayLike<number>,
): PrecisionRecall | null {
  const highest = positives.length - 1;
  let truePositives = 0;
  let falsePositives = 0;
  let all = 0;
  for (let score = 0; score <= highest; score++) {
    all += positives[score]!;
  }
  if (all === 0) {
    return null;
  }
  const points: ThresholdPoint[] = [];
  let averagePrecision = 0;
  for (let score = highest; score >= 0; score--) {
    truePositives += positives[score]!;
    falsePositives += negatives[score]!;
    const called = truePositives + falsePositives;
    const precision = called === 0 ? null : truePositives / called;
    averagePrecision += (positives[score]! / all) * (precision ?? 0);
    points.push({
      threshold: score / highest,
      precision,
      recall: truePositives / all,
      iou: truePositives / (all + falsePositives),
    });
  }
  return { points: points.reverse(), averagePrecision };
}
