import type { Graph, TensorSymbol } from "../graph/graph.ts";
import { rectifyGradient } from "../graph/operations/activation.ts";
import { add, addAll, multiply, reciprocalSquareRoot, subtract } from "../graph/operations/arithmetic.ts";
import { addBias } from "../graph/operations/convolution.ts";
import type { Padding } from "../graph/operations/convolution.ts";
import { convolveFast, convolveRepeated } from "../graph/operations/fast-convolution.ts";
import { split } from "../graph/operations/splitting.ts";
import type { Layer } from "../layers/layer.ts";
import type { Model } from "../models/model.ts";

/**
 * Groups of layers that are cheaper together. Each gives the same numbers as its layers one by one, up to rounding;
 * `build-forward.test.ts` compares them.
 */
export interface Fusions {
  /** In training: the dropout whose enlargement a normalization can do, because only a ReLU lies between. */
  readonly dropoutAfter: ReadonlyMap<Layer, Layer>;
  /** The convolution right before a normalization, if nobody else uses its output. */
  readonly convolutionBefore: ReadonlyMap<Layer, Layer>;
  /** The same the other way round: the normalization right after such a convolution. */
  readonly normalizationAfter: ReadonlyMap<Layer, Layer>;
  /** The repetition of pixels or the concatenation right before a convolution, if nobody else uses its output. */
  readonly absorbedBefore: ReadonlyMap<Layer, Layer>;
  /** Those layers: their output isn't needed. */
  readonly absorbed: ReadonlySet<Layer>;
}

/** Finds what can be done together in a model. */
export function findFusions(model: Model): Fusions {
  const users = new Map<Layer, Layer[]>();
  for (const layer of model.layers) {
    for (const input of layer.inputs) {
      users.set(input, [...(users.get(input) ?? []), layer]);
    }
  }
  const onlyUser = (layer: Layer | undefined): Layer | undefined => {
    const list = layer === undefined ? [] : (users.get(layer) ?? []);
    return list.length === 1 ? list[0] : undefined;
  };
  const dropoutAfter = new Map<Layer, Layer>();
  const convolutionBefore = new Map<Layer, Layer>();
  for (const layer of model.layers.filter(({ definition }) => definition.type === "BatchNormalization")) {
    const relu = onlyUser(layer);
    const dropout = onlyUser(relu);
    if (relu?.definition.config["activation"] === "relu" && dropout?.definition.type === "Dropout") {
      dropoutAfter.set(layer, dropout);
    }
    const [input] = layer.inputs;
    const { type, config } = input?.definition ?? {};
    if (
      input !== undefined &&
      type === "Conv2D" &&
      config?.["activation"] === "linear" &&
      onlyUser(input) === layer
    ) {
      convolutionBefore.set(layer, input);
    }
  }
  const absorbedBefore = new Map<Layer, Layer>();
  for (const layer of model.layers.filter(({ definition }) => definition.type === "Conv2D")) {
    const [input] = layer.inputs;
    if (input !== undefined && onlyUser(input) === layer && canAbsorb(layer, input)) {
      absorbedBefore.set(layer, input);
    }
  }
  return {
    dropoutAfter,
    convolutionBefore,
    normalizationAfter: new Map(
      [...convolutionBefore].map(([normalization, convolution]) => [convolution, normalization]),
    ),
    absorbedBefore,
    absorbed: new Set(absorbedBefore.values()),
  };
}

/** Whether a convolution can start from the inputs of the layer before it. */
function canAbsorb(convolution: Layer, before: Layer): boolean {
  return before.definition.type === "Concatenate" || canRepeatInside(convolution, before);
}

/** Whether `convolveRepeated` can do both layers. */
function canRepeatInside(convolution: Layer, repetition: Layer): boolean {
  const { kernelSize, stride, dilation, padding } = convolution.definition.config;
  const { type, config } = repetition.definition;
  return (
    type === "UpSampling2D" &&
    config["interpolation"] === "nearest" &&
    config["height"] === config["width"] &&
    // Factors beyond the kernel's side would make the summed kernel larger than it saves.
    Number(config["height"]) <= Number(kernelSize) &&
    Number(kernelSize) % 2 === 1 &&
    Number(kernelSize) > 1 &&
    stride === 1 &&
    dilation === 1 &&
    padding === "same"
  );
}

/**
 * ReLU and dropout at once. Where the result is 0, either of them let nothing through, so the result is all that the gradient
 * has to keep: neither the mask nor the ReLU's own output. `input` must already be enlarged by 1 / (1 - rate).
 */
export function dropRectified(
  graph: Graph,
  input: TensorSymbol,
  rectified: TensorSymbol,
  mask: TensorSymbol,
): TensorSymbol {
  const output = multiply(graph, rectified, mask);
  graph.overrideGradient(output, {
    sources: [input],
    rule: (gradient) => [rectifyGradient(graph, gradient, output)],
  });
  return output;
}

/**
 * A `Conv2D` layer's convolution alone, without bias and activation, of `images`: its input, or the inputs of the layer that it absorbs.
 * The convolution of channels side by side is the sum of the convolutions of each input with its part of the kernel.
 */
export function convolveLayer(
  graph: Graph,
  layer: Layer,
  images: readonly TensorSymbol[],
  kernel: TensorSymbol,
  absorbed: Layer | undefined,
): TensorSymbol {
  const { stride, dilation, padding } = layer.definition.config;
  const [first] = images;
  if (first !== undefined && absorbed?.definition.type === "UpSampling2D") {
    return convolveRepeated(graph, first, kernel, Number(absorbed.definition.config["height"]));
  }
  const channels = images.map(({ shape }) => shape[3] ?? 0);
  const parts = split(graph, kernel, channels, 2);
  const sums = images.map((image, index) =>
    convolveFast(graph, image, parts[index] as TensorSymbol, {
      stride: Number(stride),
      dilation: Number(dilation),
      padding: padding as Padding,
    }),
  );
  return addAll(graph, sums);
}

/** A layer and this run's values of its weights. */
export interface WeightedLayer {
  readonly layer: Layer;
  readonly weight: (name: string) => TensorSymbol;
}

/** A convolution with the normalization after it worked into its kernel and bias: one pass over the image less. */
export function convolveNormalized(
  graph: Graph,
  convolve: (kernel: TensorSymbol) => TensorSymbol,
  convolution: WeightedLayer,
  normalization: WeightedLayer,
): TensorSymbol {
  const { bias } = convolution.layer.definition.config;
  const deviation = add(
    graph,
    normalization.weight("moving_variance"),
    Number(normalization.layer.definition.config["epsilon"]),
  );
  const scale = multiply(graph, normalization.weight("gamma"), reciprocalSquareRoot(graph, deviation));
  const mean = normalization.weight("moving_mean");
  const centre =
    bias === true ? subtract(graph, convolution.weight("bias"), mean) : multiply(graph, mean, -1);
  const convolved = convolve(multiply(graph, convolution.weight("kernel"), scale));
  return addBias(graph, convolved, add(graph, multiply(graph, centre, scale), normalization.weight("beta")));
}
