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
import type { LossParameter } from "#shared/training/training-settings.ts";
import type { Loss, LossInput, ParameterValue } from "./loss.ts";

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
  // Summed by themselves: as differences of sums they would lose their digits where the prediction is nearly right.
  const falsePositive = sum(graph, multiply(graph, probabilities, subtract(graph, mask, truth)), [0]);
  const falseNegative = sum(graph, multiply(graph, truth, subtract(graph, 1, probabilities)), [0]);
  const actual = sum(graph, truth, [0]);
  return {
    truePositive,
    falsePositive,
    falseNegative,
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

/** The weights of a Tversky index and what is added above and below its fraction. */
interface TverskyWeights {
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly smooth?: number;
}

/** `1 - (TP + s) / (TP + a·FP + b·FN + s)`, which is `(a·FP + b·FN) / (TP + a·FP + b·FN + s)`, for each class: Dice with a = b = ½, IoU with a = b = 1. */
function tverskyLoss(
  input: LossInput,
  weights: TverskyWeights,
): {
  losses: TensorSymbol;
  present: TensorSymbol;
} {
  const { graph } = input;
  const { truePositive, falsePositive, falseNegative, present } = softCounts(input);
  const { smooth = 0 } = weights;
  const errors = add(
    graph,
    multiply(graph, falsePositive, weights.falsePositive),
    multiply(graph, falseNegative, weights.falseNegative),
  );
  const below = add(graph, add(graph, truePositive, errors), smooth + EPSILON);
  return { losses: divide(graph, errors, below), present };
}

function overlapLoss(
  described: Pick<Loss, "id" | "name" | "summary" | "parameters">,
  weights: (parameter: ParameterValue) => TverskyWeights,
): Loss {
  return {
    ...described,
    build: (input, parameter) => {
      const { losses, present } = tverskyLoss(input, weights(parameter));
      return meanOverPresent(input, losses, present);
    },
  };
}

const smooth: LossParameter = {
  id: "smooth",
  name: "Smooth",
  summary: "Pixels added above and below the fraction: softens it for classes of few pixels.",
  default: 0,
  minimum: 0,
  maximum: 1e6,
};

/** Soft Dice with plain sums below the fraction (Milletari et al. have squares there), one minus the mean over the classes that occur: `(2·TP + smooth) / (2·TP + FP + FN + smooth)`. */
export const dice = overlapLoss(
  {
    id: "dice",
    name: "Dice",
    summary:
      "How far each class is from full overlap: one minus its F1, so that small classes count as much as large (after Milletari et al. 2016, arXiv:1606.04797; probabilities are not squared).",
    parameters: [smooth],
  },
  (parameter) => ({ falsePositive: 0.5, falseNegative: 0.5, smooth: parameter("smooth") / 2 }),
);

/** Soft intersection over union, one minus the mean over the classes that occur. */
export const iou = overlapLoss(
  {
    id: "iou",
    name: "IoU",
    summary: "One minus the intersection over union of each class (Rahman and Wang 2016).",
    parameters: [smooth],
  },
  (parameter) => ({ falsePositive: 1, falseNegative: 1, smooth: parameter("smooth") }),
);

/** α weighs false alarms and β misses, as Salehi et al. name them. */
const tverskyParameters: readonly LossParameter[] = [
  {
    id: "alpha",
    name: "False alarms α",
    summary: "What a pixel costs that is taken for the class and isn't; Dice has 0.5.",
    default: 0.3,
    minimum: 0,
    maximum: 10,
  },
  {
    id: "beta",
    name: "Misses β",
    summary: "What a pixel of the class costs that isn't found; Dice has 0.5.",
    default: 0.7,
    minimum: 0,
    maximum: 10,
  },
];

/** Dice with misses weighing more than false alarms: 0.7 to 0.3, as in the paper. */
export const tversky = overlapLoss(
  {
    id: "tversky",
    name: "Tversky",
    summary:
      "Like Dice, but a missed pixel costs more than a false alarm (Salehi et al. 2017, arXiv:1706.05721).",
    parameters: tverskyParameters,
  },
  (parameter) => ({ falsePositive: parameter("alpha"), falseNegative: parameter("beta") }),
);

/** Raised to the paper's 1/γ it is nothing yet, and its slope no overflow. */
const LEAST_LOSS = 1e-14;

/** Tversky's loss of each class to the power 1/γ, which looks at classes that go badly. */
export const focalTversky: Loss = {
  id: "focal-tversky",
  name: "Focal Tversky",
  summary:
    "Tversky with more weight on classes that go badly (Abraham and Khan 2019, arXiv:1810.07842, whose α weighs the misses: here β does).",
  parameters: [
    ...tverskyParameters,
    {
      id: "gamma",
      name: "Focus γ",
      summary: "The loss of a class is raised to 1/γ; the paper has 4/3.",
      default: 4 / 3,
      minimum: 0.1,
      maximum: 10,
    },
  ],
  build: (input, parameter) => {
    const { losses, present } = tverskyLoss(input, {
      falsePositive: parameter("alpha"),
      falseNegative: parameter("beta"),
    });
    // At a loss of exactly 0 the power's slope is infinite.
    const positive = maximum(input.graph, losses, LEAST_LOSS);
    return meanOverPresent(input, power(input.graph, positive, 1 / parameter("gamma")), present);
  },
};
