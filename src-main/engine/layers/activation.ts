import { multiply } from "../graph/operations/arithmetic.ts";
import { rectify, softmax } from "../graph/operations/activation.ts";
import type { LayerDefinition } from "./layer.ts";
import { onlyInput } from "./layer.ts";

/** An activation as a layer of its own (Keras' `Activation`). */
export function activation(kind: "relu" | "softmax"): LayerDefinition {
  return {
    type: "Activation",
    defaultName: "activation",
    config: { activation: kind },
    outputShape: (inputs) => onlyInput(inputs, "Activation"),
    weights: () => [],
    build: ({ graph, inputs }) => {
      const input = onlyInput(inputs, "Activation");
      return kind === "relu" ? rectify(graph, input) : softmax(graph, input);
    },
  };
}

/** Sets a share of the numbers to zero while training and enlarges the rest to keep the mean (Srivastava et al. 2014). */
export function dropout(rate: number): LayerDefinition {
  return {
    type: "Dropout",
    defaultName: "dropout",
    config: { rate },
    outputShape: (inputs) => onlyInput(inputs, "Dropout"),
    weights: () => [],
    build: ({ graph, mode, inputs, keepMask }) => {
      const input = onlyInput(inputs, "Dropout");
      if (mode === "inference" || rate === 0) {
        return input;
      }
      return multiply(graph, input, multiply(graph, keepMask(input.shape, rate), 1 / (1 - rate)));
    },
  };
}
