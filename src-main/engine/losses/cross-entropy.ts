import {
  divide,
  maximum,
  multiply,
  negate,
  power,
  subtract,
  exponential,
} from "../graph/operations/arithmetic.ts";
import { crossEntropyOfLogits } from "../graph/operations/classification.ts";
import { sum } from "../graph/operations/reduction.ts";
import type { Loss } from "./loss.ts";

/** Cross-entropy of the true class, averaged over the valid pixels. */
export const crossEntropy: Loss = {
  id: "crossentropy",
  name: "Cross-entropy",
  summary: "How surprised the network is by the true class of each pixel; the usual choice.",
  parameters: [],
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
  parameters: [],
  build: ({ graph, logits, classIndices, classWeight, validCount }) => {
    const entropy = crossEntropyOfLogits(graph, logits, classIndices);
    return divide(graph, sum(graph, multiply(graph, entropy, classWeight)), validCount);
  },
};

/** Focal loss `α · (1 - p)^γ · cross-entropy`; α scales all classes alike, as in Keras' `CategoricalFocalCrossentropy`. */
export const focal: Loss = {
  id: "focal",
  name: "Focal",
  summary: "Cross-entropy that looks away from pixels already right (Lin et al. 2017, arXiv:1708.02002).",
  parameters: [
    {
      id: "gamma",
      name: "Focus γ",
      summary: "How fast a pixel that is nearly right loses its weight; 0 is cross-entropy.",
      default: 2,
      minimum: 0,
      maximum: 20,
    },
    {
      id: "alpha",
      name: "Scale α",
      summary: "What the whole is multiplied by.",
      default: 0.25,
      minimum: 0,
      maximum: 100,
    },
  ],
  build: ({ graph, logits, classIndices, valid, validCount }, parameter) => {
    const entropy = crossEntropyOfLogits(graph, logits, classIndices);
    const gamma = parameter("gamma");
    // At a miss of exactly 0 the slope of a power below 1 is infinite; 1e-7 is what float32 can tell from 1.
    const miss = maximum(graph, subtract(graph, 1, exponential(graph, negate(graph, entropy))), 1e-7);
    const focused = gamma === 0 ? entropy : multiply(graph, power(graph, miss, gamma), entropy);
    return divide(
      graph,
      multiply(graph, sum(graph, multiply(graph, focused, valid)), parameter("alpha")),
      validCount,
    );
  },
};
