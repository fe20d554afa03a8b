import { inputLayer } from "../layers/input.ts";
import type { Layer, LayerDefinition, WeightDescription } from "../layers/layer.ts";

/** A network as a list of layers, each after those it takes its inputs from. Holds no weights. */
export interface Model {
  readonly layers: readonly Layer[];
  /** The last layer. Its output is `[height, width, classes]`: logits, or their softmax if the layer is that activation. */
  readonly output: Layer;
  /** The layers that turn the image into features: those that `freezeEncoder` keeps as they are. */
  readonly encoder: ReadonlySet<Layer>;
}

/** One weight of a model with its full name, `layer/weight`. */
export interface NamedWeight extends WeightDescription {
  readonly fullName: string;
  readonly layer: Layer;
}

/** Puts layers together; names them as Keras would. */
export class ModelBuilder {
  readonly #layers: Layer[] = [];
  readonly #counts = new Map<string, number>();
  #encoder: ReadonlySet<Layer> = new Set();
  /** The image: `height`×`width`×`bands`. */
  readonly input: Layer;

  constructor(height: number, width: number, bands: number) {
    this.input = this.apply(inputLayer([height, width, bands]), []);
  }

  /** Adds a layer on top of others and returns it. */
  apply(definition: LayerDefinition, inputs: Layer | readonly Layer[], name?: string): Layer {
    const list = "definition" in inputs ? [inputs] : inputs;
    const shapes = list.map((layer) => layer.outputShape);
    const layer: Layer = {
      name: name ?? this.#nextName(definition.defaultName),
      definition,
      inputs: list,
      outputShape: definition.outputShape(shapes),
      weights: definition.weights(shapes),
    };
    if (this.#layers.some((other) => other.name === layer.name)) {
      throw new Error(`There are two layers named ${layer.name}.`);
    }
    this.#layers.push(layer);
    return layer;
  }

  /** Says that all layers so far are the encoder. */
  endEncoder(): void {
    this.#encoder = new Set(this.#layers);
  }

  /** The finished model; the layer added last is its output. */
  finish(): Model {
    const output = this.#layers.at(-1);
    if (output === undefined) {
      throw new Error("A model needs layers.");
    }
    return { layers: this.#layers, output, encoder: this.#encoder };
  }

  #nextName(defaultName: string): string {
    const count = this.#counts.get(defaultName) ?? 0;
    this.#counts.set(defaultName, count + 1);
    return count === 0 ? defaultName : `${defaultName}_${count}`;
  }
}

/** All weights of a model, in the order of its layers. */
export function weightsOf(model: Model): NamedWeight[] {
  return model.layers.flatMap((layer) =>
    layer.weights.map((weight) => ({ ...weight, fullName: `${layer.name}/${weight.name}`, layer })),
  );
}

/** The layer whose output are the logits: a final softmax belongs to loss and prediction. */
export function logitsLayer(model: Model): Layer {
  const { definition, inputs } = model.output;
  const [input] = inputs;
  return definition.type === "Activation" &&
    definition.config["activation"] === "softmax" &&
    input !== undefined
    ? input
    : model.output;
}
