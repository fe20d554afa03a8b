import { elementCount } from "../graph/data-type.ts";
import { Graph } from "../graph/graph.ts";
import type { TensorSymbol } from "../graph/graph.ts";
import { softmax } from "../graph/operations/activation.ts";
import { weightsOf } from "../models/model.ts";
import type { Model } from "../models/model.ts";
import type { InputType } from "../port.ts";
import { buildForward } from "./build-forward.ts";
import { constantWeights } from "./constant-weights.ts";
import type { WeightValues } from "./constant-weights.ts";
import { ModelVariables } from "./model-variables.ts";
import { readAll, scaledPixels, valueOf } from "./training-graph.ts";

/**
 * Up to this size weights are constants of the graph; beyond, variables. TensorFlow keeps constant kernels in the layout that it
 * multiplies in, and folds normalizations into them once instead of at each run. But constants exist several times while a
 * graph is loaded, and a graph's bytes end at 2 GB.
 */
const CONSTANT_BYTES = 256 << 20;

/** A graph that predicts. */
export interface PredictionGraph {
  readonly graph: Graph;
  /** None where the weights are constants. */
  readonly variables: ModelVariables;
  readonly pixels: TensorSymbol;
  /** float32 `[batch, height, width, classes]`. */
  readonly probabilities: TensorSymbol;
}

/** Writes the graph of a prediction. `values` are asked for at once where they become constants; the variables are to be loaded by the caller. */
export function buildPredictionGraph(
  model: Model,
  batch: number,
  inputType: InputType,
  values: WeightValues,
): PredictionGraph {
  const graph = new Graph();
  const [height, width, bands] = (model.layers[0] as (typeof model.layers)[number]).outputShape;
  const pixels = graph.placeholder("pixels", [batch, height, width, bands], inputType);
  const variables = new ModelVariables(graph);
  const weights = weightsOf(model);
  const bytes = weights.reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);
  const held =
    bytes <= CONSTANT_BYTES
      ? constantWeights(graph, model, values)
      : readAll(
          graph,
          weights.map(({ fullName, shape }) => ({ fullName, variable: variables.declare(fullName, shape) })),
        );
  const { logits } = buildForward(graph, model, {
    mode: "inference",
    input: scaledPixels(graph, pixels),
    weight: (name) => valueOf(held, name),
    dropoutSeed: null,
  });
  const probabilities = softmax(graph, logits);
  variables.prepare();
  return { graph, variables, pixels, probabilities };
}
