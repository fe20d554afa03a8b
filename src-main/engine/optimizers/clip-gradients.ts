import type { ClippingSettings } from "#shared/training/training-settings.ts";
import type { Graph, TensorSymbol } from "../graph/graph.ts";
import { addAll, divide, maximum, minimum, multiply, squareRoot } from "../graph/operations/arithmetic.ts";
import { halfSumOfSquares } from "../graph/operations/reduction.ts";

/**
 * Bounds gradients as Keras' `clipvalue` and `global_clipnorm` do (Pascanu et al. 2013, arXiv:1211.5063): each number by itself, or all
 * of them scaled down together so that the norm over all weights is at most `limit`.
 */
export function clipGradients(
  graph: Graph,
  gradients: readonly TensorSymbol[],
  clipping: ClippingSettings,
): readonly TensorSymbol[] {
  switch (clipping.kind) {
    case "none":
      return gradients;
    case "value":
      return gradients.map((gradient) =>
        maximum(graph, minimum(graph, gradient, clipping.limit), -clipping.limit),
      );
    case "norm": {
      const norm = globalNorm(graph, gradients);
      const scale = divide(graph, clipping.limit, maximum(graph, norm, clipping.limit));
      return gradients.map((gradient) => multiply(graph, gradient, scale));
    }
  }
}

/** The Euclidean norm of several tensors taken as one vector, a scalar. */
export function globalNorm(graph: Graph, tensors: readonly TensorSymbol[]): TensorSymbol {
  const halves = tensors.map((tensor) => halfSumOfSquares(graph, tensor));
  return squareRoot(graph, multiply(graph, addAll(graph, halves), 2));
}
