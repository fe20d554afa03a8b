import type { Graph, TensorSymbol } from "../graph/graph.ts";
import { randomKeepMask } from "../graph/operations/random.ts";
import type { Layer, LayerContext, Mode } from "../layers/layer.ts";
import { logitsLayer } from "../models/model.ts";
import type { Model } from "../models/model.ts";

export interface ForwardOptions {
  readonly mode: Mode;
  /** float32 NHWC. */
  readonly input: TensorSymbol;
  /** This run's value of a weight, by its full name. */
  readonly weight: (fullName: string) => TensorSymbol;
  /** int32 `[2]` that decides what dropout drops; null leaves dropout out. */
  readonly dropoutSeed: TensorSymbol | null;
}

export interface Forward {
  /** `[batch, height, width, classes]`. */
  readonly logits: TensorSymbol;
  /** What weights become after the step, by full name: moving statistics. */
  readonly updates: ReadonlyMap<string, TensorSymbol>;
}

/** Adds a model's layers to a graph, each under its own name. */
export function buildForward(graph: Graph, model: Model, options: ForwardOptions): Forward {
  const updates = new Map<string, TensorSymbol>();
  const outputs = new Map<Layer, TensorSymbol>();
  const target = logitsLayer(model);
  let randomStreams = 0;

  function outputOfLayer(layer: Layer): TensorSymbol {
    const output = outputs.get(layer);
    if (output === undefined) {
      throw new Error(`Layer ${layer.name} is used before it is built.`);
    }
    return output;
  }

  for (const layer of model.layers) {
    if (layer.definition.type === "InputLayer") {
      outputs.set(layer, options.input);
      continue;
    }
    const context: LayerContext = {
      graph,
      mode: options.mode,
      inputs: layer.inputs.map(outputOfLayer),
      weight: (name) => options.weight(`${layer.name}/${name}`),
      updateWeight: (name, value) => updates.set(`${layer.name}/${name}`, value),
      keepMask: (shape, rate) => {
        if (options.dropoutSeed === null) {
          return graph.constant(1);
        }
        randomStreams += 1;
        return randomKeepMask(graph, shape, rate, options.dropoutSeed, randomStreams);
      },
    };
    const skipped = layer.definition.type === "Dropout" && options.dropoutSeed === null;
    outputs.set(
      layer,
      skipped
        ? outputOfLayer(layer.inputs[0] as Layer)
        : graph.inScope(layer.name, () => layer.definition.build(context)),
    );
    if (layer === target) {
      break;
    }
  }
  return { logits: outputOfLayer(target), updates };
}
