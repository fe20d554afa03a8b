import { attribute } from "../attributes.ts";
import type { GradientRules } from "../gradients.ts";
import { outputOf } from "../graph.ts";
import type { Graph, TensorSymbol } from "../graph.ts";
import { multiply } from "./arithmetic.ts";
import { reshape } from "./shape.ts";

/**
 * Cross-entropy of each row of `logits` (`[pixels, classes]`) against its int32 class index (`[pixels]`), without ever forming
 * the probabilities. An index outside the classes gives NaN: mask it before.
 */
export function crossEntropyOfLogits(
  graph: Graph,
  logits: TensorSymbol,
  classIndices: TensorSymbol,
): TensorSymbol {
  return outputOf(
    graph.add("SparseSoftmaxCrossEntropyWithLogits", {
      inputs: [logits, classIndices],
      attributes: { T: attribute.type("float32"), Tlabels: attribute.type("int32") },
      outputs: [
        { shape: classIndices.shape, dataType: "float32" },
        // The operation works out its own gradient on the way.
        { shape: logits.shape, dataType: "float32" },
      ],
    }),
  );
}

/** Gradient of the cross-entropy. */
export const classificationGradients: GradientRules = {
  SparseSoftmaxCrossEntropyWithLogits: ({ graph, node, outputGradients: [gradient] }) => [
    gradient ? multiply(graph, outputOf(node, 1), reshape(graph, gradient, [...gradient.shape, 1])) : null,
  ],
};
