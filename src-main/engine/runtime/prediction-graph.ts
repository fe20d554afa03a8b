import { Graph } from "../graph/graph.ts";
import type { Device, TensorSymbol } from "../graph/graph.ts";
import { softmax } from "../graph/operations/activation.ts";
import { weightsOf } from "../models/model.ts";
import type { Model } from "../models/model.ts";
import type { InputType } from "../port.ts";
import { buildForward } from "./build-forward.ts";
import { ModelVariables } from "./model-variables.ts";
import { readAll, scaledPixels, valueOf } from "./training-graph.ts";

/** A graph that predicts. */
export interface PredictionGraph {
  readonly graph: Graph;
  readonly variables: ModelVariables;
  readonly pixels: TensorSymbol;
  /** float32 `[batch, height, width, classes]`. */
  readonly probabilities: TensorSymbol;
}

/** Writes the graph of a prediction, with a variable for each of the model's weights. */
export function buildPredictionGraph(
  model: Model,
  {
    batch,
    inputType,
    device,
  }: { readonly batch: number; readonly inputType: InputType; readonly device: Device },
): PredictionGraph {
  const graph = new Graph(device);
  const [height, width, bands] = (model.layers[0] as (typeof model.layers)[number]).outputShape;
  const pixels = graph.placeholder("pixels", [batch, height, width, bands], inputType);
  const variables = new ModelVariables(graph);
  const weights = weightsOf(model).map(({ fullName, shape }) => ({
    fullName,
    variable: variables.declare(fullName, shape),
  }));
  const values = readAll(graph, weights);
  const { logits } = buildForward(graph, model, {
    mode: "inference",
    input: scaledPixels(graph, pixels),
    weight: (name) => valueOf(values, name),
    dropoutSeed: null,
  });
  const probabilities = softmax(graph, logits);
  variables.prepare();
  return { graph, variables, pixels, probabilities };
}
