import { divide, multiply, negate, power, subtract, exponential } from "../graph/operations/arithmetic.ts";
import { crossEntropyOfLogits } from "../graph/operations/classification.ts";
import { sum } from "../graph/operations/reduction.ts";
import type { Loss } from "./loss.ts";

/** Cross-entropy of the true class, averaged over the valid pixels. */
export const crossEntropy: Loss = {
  id: "crossentropy",
  name: "Cross-entropy",
  summary: "How surprised the network is by the true class of each pixel; the usual choice.",
  build: ({ graph, logits, classIndices, valid, validCount }) => {
    const entropy = crossEntropyOfLogits(graph, logits, classIndices);
    return divide(graph, sum(graph, multiply(graph, entropy, valid)), validCount);
  },
};

/** Cross-entropy times the weight of the true class, averaged over the valid pixels (as Keras does with `class_weight`). */
export const weightedCrossEntropy: Loss = {
  id: "weighted-crossentropy",
  name: "Weighted cross-entropy",
  summary: "Cross-entropy with a factor for each class, so that rare ones count more.",
  build: ({ graph, logits, classIndices, classWeight, validCount }) => {
    const entropy = crossEntropyOfLogits(graph, logits, classIndices);
    return divide(graph, sum(graph, multiply(graph, entropy, classWeight)), validCount);
  },
};

/** The paper's focusing parameter γ. */
const FOCUS = 2;

/** Focal loss `(1 - p)^γ · cross-entropy` with γ = 2, without the paper's α: the weighted form is for that. */
export const focal: Loss = {
  id: "focal",
  name: "Focal",
  summary: "Cross-entropy that looks away from pixels already right (Lin et al. 2017, arXiv:1708.02002).",
  build: ({ graph, logits, classIndices, valid, validCount }) => {
    const entropy = crossEntropyOfLogits(graph, logits, classIndices);
    const miss = subtract(graph, 1, exponential(graph, negate(graph, entropy)));
    return divide(
      graph,
      sum(graph, multiply(graph, multiply(graph, power(graph, miss, FOCUS), entropy), valid)),
      validCount,
    );
  },
};
