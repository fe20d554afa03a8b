import type { Normalization } from "#shared/training/normalization.ts";
import { Graph } from "../graph/graph.ts";
import type { TensorSymbol } from "../graph/graph.ts";
import { softmax } from "../graph/operations/activation.ts";
import { add, multiply } from "../graph/operations/arithmetic.ts";
import type { Model } from "../models/model.ts";
import { buildForward } from "../runtime/build-forward.ts";
import { constantWeights } from "../runtime/constant-weights.ts";
import type { WeightValues } from "../runtime/constant-weights.ts";

/** A size that is known only when the graph runs. */
const ANY_BATCH = -1;

/** A prediction graph that holds its weights: raw samples in, class probabilities out, any number of tiles. */
export interface ServingGraph {
  readonly graph: Graph;
  /** float32 `[any, height, width, bands]`, samples as the imagery has them. */
  readonly image: TensorSymbol;
  /** float32 `[any, height, width, classes]`. */
  readonly probabilities: TensorSymbol;
}

/** Writes a network as one graph with its weights as constants and the input's normalization in front. */
export function buildServingGraph(
  model: Model,
  weights: WeightValues,
  normalization: Normalization,
): ServingGraph {
  const graph = new Graph();
  const [height, width, bands] = (model.layers[0] as (typeof model.layers)[number]).outputShape;
  const image = graph.placeholder("image", [ANY_BATCH, height, width, bands], "float32");
  const values = constantWeights(graph, model, weights);
  const { logits } = buildForward(graph, model, {
    mode: "inference",
    input: normalized(graph, image, normalization),
    weight: (name) => values.get(name) as TensorSymbol,
    dropoutSeed: null,
  });
  const probabilities = softmax(graph, logits);
  return { graph, image, probabilities };
}

function normalized(graph: Graph, image: TensorSymbol, normalization: Normalization): TensorSymbol {
  if (normalization.kind === "uint8") {
    return multiply(graph, image, 1 / 255);
  }
  const { offset, scale } = normalization;
  const factor = graph.constant(scale.map((value) => 1 / value));
  const shift = graph.constant(offset.map((value, band) => -value / (scale[band] ?? 1)));
  return add(graph, multiply(graph, image, factor), shift);
}
