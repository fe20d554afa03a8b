import type { Graph, TensorSymbol } from "../graph/graph.ts";
import type { Initializer } from "../weights/initializers.ts";

/** Height, width, channels of a layer's output; the batch is left out. */
export type FeatureShape = readonly [height: number, width: number, channels: number];

/** A tensor of numbers that a layer keeps. */
export interface WeightDescription {
  /** Keras' name for it: `kernel`, `bias`, `gamma`, `beta`, `moving_mean`, `moving_variance`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  /** Whether the optimizer changes it; batch statistics are kept without it. */
  readonly trainable: boolean;
}

/** `training` uses and updates batch statistics and drops units; `inference` does neither. */
export type Mode = "training" | "inference";

/** What a layer is given to add its nodes to a graph. */
export interface LayerContext {
  readonly graph: Graph;
  readonly mode: Mode;
  /** The inputs, float32 NHWC. */
  readonly inputs: readonly TensorSymbol[];
  /** This step's value of one of the layer's weights. */
  readonly weight: (name: string) => TensorSymbol;
  /** Notes the value that a weight gets when the step is over. Only in training. */
  readonly updateWeight: (name: string, value: TensorSymbol) => void;
  /** Ones and zeros, zero with probability `rate`, new at each step. */
  readonly keepMask: (shape: readonly number[], rate: number) => TensorSymbol;
}

/** What Keras would write into the layer's config, as far as it matters here. */
export type LayerConfig = Readonly<Record<string, string | number | boolean>>;

/** A kind of layer with its settings, before it has a name and inputs. */
export interface LayerDefinition {
  /** Keras' class name, such as `Conv2D`. */
  readonly type: string;
  /** What Keras calls an unnamed one, such as `conv2d`: the second is `conv2d_1`. */
  readonly defaultName: string;
  readonly config: LayerConfig;
  outputShape(inputs: readonly FeatureShape[]): FeatureShape;
  weights(inputs: readonly FeatureShape[]): readonly WeightDescription[];
  build(context: LayerContext): TensorSymbol;
}

/** A layer in a model. */
export interface Layer {
  readonly name: string;
  readonly definition: LayerDefinition;
  readonly inputs: readonly Layer[];
  readonly outputShape: FeatureShape;
  readonly weights: readonly WeightDescription[];
}

/** The one input of a layer that has only one. */
export function onlyInput<T>(inputs: readonly T[], type: string): T {
  const [input] = inputs;
  if (input === undefined || inputs.length !== 1) {
    throw new Error(`${type} takes one input, not ${inputs.length}.`);
  }
  return input;
}
