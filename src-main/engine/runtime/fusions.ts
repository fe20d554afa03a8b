import type { Graph, TensorSymbol } from "../graph/graph.ts";
import { rectifyGradient } from "../graph/operations/activation.ts";
import { add, multiply, reciprocalSquareRoot, subtract } from "../graph/operations/arithmetic.ts";
import { addBias, convolve } from "../graph/operations/convolution.ts";
import type { Padding } from "../graph/operations/convolution.ts";
import type { Layer } from "../layers/layer.ts";
import type { Model } from "../models/model.ts";

/**
 * Groups of layers that are cheaper together. Each gives the same numbers as its layers one by one, up to rounding;
 * `build-forward.test.ts` compares them.
 */
export interface Fusions {
  /** In training: the dropout whose enlargement a normalization can do, because only a ReLU lies between. */
  readonly dropoutAfter: ReadonlyMap<Layer, Layer>;
  /** In inference: the convolution that a normalization can be folded into, because nobody else uses its output. */
  readonly convolutionBefore: ReadonlyMap<Layer, Layer>;
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
  return { dropoutAfter, convolutionBefore };
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

/** A convolution with the normalization after it worked into its kernel and bias: one pass over the image less. */
export function convolveNormalized(
  graph: Graph,
  input: TensorSymbol,
  convolution: { readonly layer: Layer; readonly weight: (name: string) => TensorSymbol },
  normalization: { readonly layer: Layer; readonly weight: (name: string) => TensorSymbol },
): TensorSymbol {
  const { stride, dilation, padding, bias } = convolution.layer.definition.config;
  const deviation = add(
    graph,
    normalization.weight("moving_variance"),
    Number(normalization.layer.definition.config["epsilon"]),
  );
  const scale = multiply(graph, normalization.weight("gamma"), reciprocalSquareRoot(graph, deviation));
  const mean = normalization.weight("moving_mean");
  const centre =
    bias === true ? subtract(graph, convolution.weight("bias"), mean) : multiply(graph, mean, -1);
  const convolved = convolve(graph, input, multiply(graph, convolution.weight("kernel"), scale), {
    stride: Number(stride),
    dilation: Number(dilation),
    padding: padding as Padding,
  });
  return addBias(graph, convolved, add(graph, multiply(graph, centre, scale), normalization.weight("beta")));
}
