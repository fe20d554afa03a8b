import type { Graph, TensorSymbol } from "../graph/graph.ts";
import type { Precision } from "#shared/training/training-settings.ts";
import { rectify } from "../graph/operations/activation.ts";
import { cast, multiply } from "../graph/operations/arithmetic.ts";
import { addBias, addUnfeltBias } from "../graph/operations/convolution.ts";
import { randomKeepMask } from "../graph/operations/random.ts";
import type { Layer, LayerContext, Mode } from "../layers/layer.ts";
import { logitsLayer } from "../models/model.ts";
import type { Model } from "../models/model.ts";
import { convolveLayer, convolveNormalized, dropRectified, findFusions } from "./fusions.ts";
import type { Fusions } from "./fusions.ts";

/** What a forward pass takes in, and how its layers are built. */
export interface ForwardOptions {
  readonly mode: Mode;
  /** float32 NHWC. */
  readonly input: TensorSymbol;
  /** This run's value of a weight, by its full name. */
  readonly weight: (fullName: string) => TensorSymbol;
  /** int32 `[2]` that decides what dropout drops; null leaves dropout out. */
  readonly dropoutSeed: TensorSymbol | null;
  /** The numbers that convolutions work with; float32 without it. What they hand on is float32. */
  readonly precision?: Precision;
  /** Layers that learn nothing: their normalizations use what they have kept, as Keras' do with `trainable=False`. */
  readonly frozen?: ReadonlySet<Layer>;
  /** False builds every layer by itself, to compare. */
  readonly fuse?: boolean;
}

/** What a forward pass gives. */
export interface Forward {
  /** `[batch, height, width, classes]`. */
  readonly logits: TensorSymbol;
  /** What weights become after the step, by full name: moving statistics. */
  readonly updates: ReadonlyMap<string, TensorSymbol>;
}

/** Adds a model's layers to a graph, each under its own name. */
export function buildForward(graph: Graph, model: Model, options: ForwardOptions): Forward {
  return new ForwardBuilder(graph, model, options).build();
}

/** Keras' names of the layers that have a float16 and a bfloat16 form. */
const CONVOLUTIONS: ReadonlySet<string> = new Set(["Conv2D", "Conv2DTranspose", "DepthwiseConv2D"]);

class ForwardBuilder {
  readonly #updates = new Map<string, TensorSymbol>();
  readonly #outputs = new Map<Layer, TensorSymbol>();
  /** Dropout layers whose input comes enlarged, as `dropRectified` wants it. */
  readonly #enlarged = new Set<Layer>();
  readonly #graph: Graph;
  readonly #model: Model;
  readonly #options: ForwardOptions;
  /** Undefined where every layer is to be built by itself. */
  readonly #fusions: Fusions | undefined;
  #randomStreams = 0;

  constructor(graph: Graph, model: Model, options: ForwardOptions) {
    this.#graph = graph;
    this.#model = model;
    this.#options = options;
    const { fuse = true, precision = "float32" } = options;
    // In another precision, convolutions are built by themselves.
    this.#fusions = fuse && precision === "float32" ? findFusions(model) : undefined;
  }

  build(): Forward {
    const target = logitsLayer(this.#model);
    for (const layer of this.#model.layers) {
      if (this.#fusions?.absorbed.has(layer) === true) {
        // The convolution after it starts from what it would repeat or join.
        continue;
      }
      this.#outputs.set(
        layer,
        this.#graph.inScope(layer.name, () => this.#fused(layer) ?? this.#built(layer, target)),
      );
      if (layer === target) {
        break;
      }
    }
    return { logits: this.#outputOf(target), updates: this.#updates };
  }

  /** A layer by itself; its convolution in the wanted precision, but for the logits, which the loss needs exactly. */
  #built(layer: Layer, target: Layer): TensorSymbol {
    const { precision = "float32" } = this.#options;
    const context = this.#context(layer);
    if (precision === "float32" || layer === target || !CONVOLUTIONS.has(layer.definition.type)) {
      return layer.definition.build(context);
    }
    const output = layer.definition.build({
      ...context,
      inputs: context.inputs.map((input) => cast(this.#graph, input, precision)),
      weight: (name) => cast(this.#graph, context.weight(name), precision),
    });
    return cast(this.#graph, output, "float32");
  }

  /** The layers that aren't simply built; undefined for all others. */
  #fused(layer: Layer): TensorSymbol | undefined {
    const { dropoutSeed, input } = this.#options;
    const { type, config } = layer.definition;
    if (type === "InputLayer") {
      return input;
    }
    const [previous] = layer.inputs;
    if (type === "Dropout" && previous !== undefined) {
      if (this.#options.mode === "inference" || dropoutSeed === null) {
        return this.#outputOf(previous);
      }
      const [beforeRelu] = previous.inputs;
      if (this.#enlarged.has(layer) && beforeRelu !== undefined) {
        const rectified = this.#outputOf(previous);
        const mask = this.#context(layer).keepMask(rectified.shape, Number(config["rate"]));
        return dropRectified(this.#graph, this.#outputOf(beforeRelu), rectified, mask);
      }
    }
    if (this.#fusions !== undefined && type === "BatchNormalization") {
      return this.#normalization(layer, this.#fusions);
    }
    if (this.#fusions !== undefined && type === "Conv2D") {
      return this.#convolution(layer, this.#fusions);
    }
    return undefined;
  }

  #convolution(layer: Layer, fusions: Fusions): TensorSymbol | undefined {
    const { bias, activation } = layer.definition.config;
    const normalization = fusions.normalizationAfter.get(layer);
    // One that stands still takes away its own mean, not the batch's: there a bias is felt.
    const isUnfelt =
      bias === true && normalization !== undefined && this.#modeOf(normalization) === "training";
    if (!isUnfelt && !fusions.absorbedBefore.has(layer)) {
      return undefined;
    }
    const weight = this.#weightsOf(layer);
    const convolved = this.#convolved(layer, weight("kernel"), fusions);
    const addTo = isUnfelt ? addUnfeltBias : addBias;
    const biased = bias === true ? addTo(this.#graph, convolved, weight("bias")) : convolved;
    return activation === "relu" ? rectify(this.#graph, biased) : biased;
  }

  #convolved(layer: Layer, kernel: TensorSymbol, fusions: Fusions): TensorSymbol {
    const absorbed = fusions.absorbedBefore.get(layer);
    const images = (absorbed ?? layer).inputs.map((image) => this.#outputOf(image));
    return convolveLayer(this.#graph, layer, images, kernel, absorbed);
  }

  #normalization(layer: Layer, fusions: Fusions): TensorSymbol | undefined {
    const { mode, dropoutSeed } = this.#options;
    const dropout = fusions.dropoutAfter.get(layer);
    if (mode === "training" && dropoutSeed !== null && dropout !== undefined) {
      this.#enlarged.add(dropout);
      const factor = 1 / (1 - Number(dropout.definition.config["rate"]));
      const context = this.#context(layer);
      return layer.definition.build({
        ...context,
        // relu(s·x) = s·relu(x) for s > 0: enlarging two short vectors enlarges the image.
        weight: (name) =>
          name === "gamma" || name === "beta"
            ? multiply(this.#graph, context.weight(name), factor)
            : context.weight(name),
      });
    }
    const convolution = fusions.convolutionBefore.get(layer);
    if (mode === "inference" && convolution !== undefined) {
      return convolveNormalized(
        this.#graph,
        (kernel) => this.#convolved(convolution, kernel, fusions),
        { layer: convolution, weight: this.#weightsOf(convolution) },
        { layer, weight: this.#weightsOf(layer) },
      );
    }
    return undefined;
  }

  /** Dropout goes on in a frozen part; only normalizations stand still. */
  #modeOf(layer: Layer): Mode {
    const isFrozen = this.#options.frozen?.has(layer) === true;
    return isFrozen && layer.definition.type === "BatchNormalization" ? "inference" : this.#options.mode;
  }

  #weightsOf(layer: Layer): (name: string) => TensorSymbol {
    return (name) => this.#options.weight(`${layer.name}/${name}`);
  }

  #context(layer: Layer): LayerContext {
    const { dropoutSeed } = this.#options;
    return {
      graph: this.#graph,
      mode: this.#modeOf(layer),
      inputs: layer.inputs.map((input) => this.#outputOf(input)),
      weight: this.#weightsOf(layer),
      updateWeight: (name, value) => {
        this.#updates.set(`${layer.name}/${name}`, value);
      },
      keepMask: (shape, rate) => {
        if (dropoutSeed === null) {
          throw new Error(`Layer ${layer.name} drops numbers, but there is no seed for it.`);
        }
        this.#randomStreams += 1;
        return randomKeepMask(this.#graph, shape, rate, dropoutSeed, this.#randomStreams);
      },
    };
  }

  #outputOf(layer: Layer): TensorSymbol {
    const output = this.#outputs.get(layer);
    if (output === undefined) {
      throw new Error(`Layer ${layer.name} is used before it is built.`);
    }
    return output;
  }
}
