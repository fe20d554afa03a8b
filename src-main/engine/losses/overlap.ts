import {
  add,
  cast,
  divide,
  greater,
  maximum,
  multiply,
  power,
  subtract,
} from "../graph/operations/arithmetic.ts";
import { sum } from "../graph/operations/reduction.ts";
import { reshape } from "../graph/operations/shape.ts";
import type { TensorSymbol } from "../graph/graph.ts";
import type { Loss, LossInput } from "./loss.ts";

/** Soft counts of one class each, `[classes]`, over the batch's valid pixels. */
interface SoftCounts {
  /** Σ probability where the class is true. */
  readonly truePositive: TensorSymbol;
  /** Σ probability where it isn't. */
  readonly falsePositive: TensorSymbol;
  /** Σ 1 - probability where it is. */
  readonly falseNegative: TensorSymbol;
  /** 1 for a class that occurs in the batch's truth, else 0. */
  readonly present: TensorSymbol;
}

function softCounts(input: LossInput): SoftCounts {
  const { graph, valid } = input;
  const truth = input.truth();
  const mask = reshape(graph, valid, [...valid.shape, 1]);
  const probabilities = multiply(graph, input.probabilities(), mask);
  const truePositive = sum(graph, multiply(graph, probabilities, truth), [0]);
  const predicted = sum(graph, probabilities, [0]);
  const actual = sum(graph, truth, [0]);
  return {
    truePositive,
    falsePositive: subtract(graph, predicted, truePositive),
    falseNegative: subtract(graph, actual, truePositive),
    present: cast(graph, greater(graph, actual, 0), "float32"),
  };
}

/** Keeps divisions finite; far below one pixel. */
const EPSILON = 1e-7;

/** Mean of a class's loss over the classes that occur; 0 when none does. An absent class has no overlap to improve. */
function meanOverPresent({ graph }: LossInput, losses: TensorSymbol, present: TensorSymbol): TensorSymbol {
  const total = sum(graph, multiply(graph, losses, present));
  return divide(graph, total, maximum(graph, sum(graph, present), 1));
}

/** `1 - TP / (TP + a·FP + b·FN)` for each class: Dice with a = b = ½, IoU with a = b = 1. */
function tverskyLoss(
  input: LossInput,
  falsePositiveWeight: number,
  falseNegativeWeight: number,
): {
  losses: TensorSymbol;
  present: TensorSymbol;
} {
  const { graph } = input;
  const { truePositive, falsePositive, falseNegative, present } = softCounts(input);
  const errors = add(
    graph,
    multiply(graph, falsePositive, falsePositiveWeight),
    multiply(graph, falseNegative, falseNegativeWeight),
  );
  const index = divide(graph, truePositive, add(graph, add(graph, truePositive, errors), EPSILON));
  return { losses: subtract(graph, 1, index), present };
}

function overlapLoss(
  described: Pick<Loss, "id" | "name" | "summary">,
  falsePositiveWeight: number,
  falseNegativeWeight: number,
): Loss {
  return {
    ...described,
    build: (input) => {
      const { losses, present } = tverskyLoss(input, falsePositiveWeight, falseNegativeWeight);
      return meanOverPresent(input, losses, present);
    },
  };
}

/** Soft Dice, one minus the mean over the classes that occur. */
export const dice = overlapLoss(
  {
    id: "dice",
    name: "Dice",
    summary:
      "One minus the overlap (F1) of each class, so that small classes count as much as large (Milletari et al. 2016, arXiv:1606.04797).",
  },
  0.5,
  0.5,
);

/** Soft intersection over union, one minus the mean over the classes that occur. */
export const iou = overlapLoss(
  {
    id: "iou",
    name: "IoU",
    summary: "One minus the intersection over union of each class (Rahman and Wang 2016).",
  },
  1,
  1,
);

const TVERSKY_FALSE_POSITIVE = 0.3;
const TVERSKY_FALSE_NEGATIVE = 0.7;

/** Dice with misses weighing more than false alarms: 0.7 to 0.3, as in the paper. */
export const tversky = overlapLoss(
  {
    id: "tversky",
    name: "Tversky",
    summary:
      "Like Dice, but a missed pixel costs more than a false alarm (Salehi et al. 2017, arXiv:1706.05721).",
  },
  TVERSKY_FALSE_POSITIVE,
  TVERSKY_FALSE_NEGATIVE,
);

/** The paper's γ = 4/3; the loss is raised to its inverse. */
const FOCAL_TVERSKY_EXPONENT = 0.75;

/** Tversky's loss of each class to the power ¾, which looks at classes that go badly. */
export const focalTversky: Loss = {
  id: "focal-tversky",
  name: "Focal Tversky",
  summary: "Tversky with more weight on classes that go badly (Abraham and Khan 2019, arXiv:1810.07842).",
  build: (input) => {
    const { losses, present } = tverskyLoss(input, TVERSKY_FALSE_POSITIVE, TVERSKY_FALSE_NEGATIVE);
    // At a loss of exactly 0 the power's slope is infinite.
    const positive = maximum(input.graph, losses, EPSILON);
    return meanOverPresent(input, power(input.graph, positive, FOCAL_TVERSKY_EXPONENT), present);
  },
};
