import { attribute } from "../attributes.ts";
import type { GradientRules } from "../gradients.ts";
import { outputOf } from "../graph.ts";
import type { Graph, TensorSymbol } from "../graph.ts";
import { multiply, subtract } from "./arithmetic.ts";
import { sum } from "./reduction.ts";
import { reshape } from "./shape.ts";

/** `max(input, 0)`. */
export function rectify(graph: Graph, input: TensorSymbol): TensorSymbol {
  return graph.symbol("Relu", {
    inputs: [input],
    attributes: { T: attribute.type(input.dataType) },
    shape: input.shape,
    dataType: input.dataType,
  });
}

/** Passes `gradient` where `features` is positive: the gradient of `rectify`, given its input or its output. */
export function rectifyGradient(graph: Graph, gradient: TensorSymbol, features: TensorSymbol): TensorSymbol {
  return graph.symbol("ReluGrad", {
    inputs: [gradient, features],
    attributes: { T: attribute.type(gradient.dataType) },
    shape: gradient.shape,
    dataType: gradient.dataType,
  });
}

/** Probabilities along the last axis. */
export function softmax(graph: Graph, logits: TensorSymbol): TensorSymbol {
  return graph.symbol("Softmax", {
    inputs: [logits],
    attributes: { T: attribute.type("float32") },
    shape: logits.shape,
    dataType: "float32",
  });
}

/** Gradients of the activations. */
export const activationGradients: GradientRules = {
  // From the output rather than the input, so that what came before it need not be kept.
  Relu: ({ graph, node, outputGradients: [gradient] }) => [
    gradient ? rectifyGradient(graph, gradient, outputOf(node)) : null,
  ],
  Softmax: ({ graph, node, outputGradients: [gradient] }) => {
    if (!gradient) {
      return [];
    }
    const output = outputOf(node);
    const last = output.shape.length - 1;
    const inner = sum(graph, multiply(graph, gradient, output), [last]);
    return [
      multiply(
        graph,
        output,
        subtract(graph, gradient, reshape(graph, inner, [...output.shape.slice(0, -1), 1])),
      ),
    ];
  },
};
