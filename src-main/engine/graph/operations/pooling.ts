import { attribute } from "../attributes.ts";
import type { Attributes } from "../attributes.ts";
import type { GradientRules } from "../gradients.ts";
import { inputOf, outputOf } from "../graph.ts";
import type { Graph, TensorSymbol } from "../graph.ts";
import { windowedSize } from "./convolution.ts";
import type { Padding } from "./convolution.ts";

/** Height and width in pixels; one number for a square. */
export type WindowSize = number | readonly [height: number, width: number];

/** Height and width of a window. */
export function sidesOf(size: WindowSize): readonly [height: number, width: number] {
  return typeof size === "number" ? [size, size] : size;
}

/** A pooling's window and how far it moves. */
export interface PoolingOptions {
  /** Height and width of the window, in pixels; one number for a square. */
  readonly size: WindowSize;
  /** Distance between windows; the window's size when left out. */
  readonly stride?: WindowSize;
  readonly padding?: Padding;
}

function pool(graph: Graph, operation: string, input: TensorSymbol, options: PoolingOptions): TensorSymbol {
  const { size, stride = size, padding = "valid" } = options;
  const [sides, strides] = [sidesOf(size), sidesOf(stride)];
  const [batch = 0, height = 0, width = 0, channels = 0] = input.shape;
  const attributes: Attributes = {
    T: attribute.type("float32"),
    ksize: attribute.integers([1, ...sides, 1]),
    strides: attribute.integers([1, ...strides, 1]),
    padding: attribute.text(padding.toUpperCase()),
    data_format: attribute.text("NHWC"),
  };
  return graph.symbol(operation, {
    inputs: [input],
    attributes,
    shape: [
      batch,
      windowedSize(height, sides[0], strides[0], padding),
      windowedSize(width, sides[1], strides[1], padding),
      channels,
    ],
    dataType: "float32",
  });
}

/** The largest number in each window of an NHWC tensor. */
export function maximumPool(graph: Graph, input: TensorSymbol, options: PoolingOptions): TensorSymbol {
  return pool(graph, "MaxPool", input, options);
}

/** The mean of each window of an NHWC tensor. */
export function averagePool(graph: Graph, input: TensorSymbol, options: PoolingOptions): TensorSymbol {
  return pool(graph, "AvgPool", input, options);
}

/**
 * Puts each number of `values` where the maximum of its window in `image` was, zeros elsewhere: unpooling with remembered
 * positions (Badrinarayanan et al. 2017). `pooled` is `maximumPool(image)`, whose gradient kernel does exactly that.
 */
export function unpoolMaxima(
  graph: Graph,
  values: TensorSymbol,
  image: TensorSymbol,
  pooled: TensorSymbol,
): TensorSymbol {
  const node = { attributes: pooled.node.attributes, dataType: "float32" as const };
  const output = graph.symbol("MaxPoolGrad", {
    ...node,
    inputs: [image, pooled, values],
    shape: image.shape,
  });
  graph.overrideGradient(output, {
    sources: [values],
    rule: (gradient) => [
      graph.symbol("MaxPoolGradGrad", { ...node, inputs: [image, pooled, gradient], shape: values.shape }),
    ],
  });
  return output;
}

/** Gradients of pooling. */
export const poolingGradients: GradientRules = {
  MaxPool: ({ graph, node, outputGradients: [gradient] }) => {
    const input = inputOf(node, 0);
    return gradient
      ? [
          graph.symbol("MaxPoolGrad", {
            inputs: [input, outputOf(node), gradient],
            attributes: node.attributes,
            shape: input.shape,
            dataType: "float32",
          }),
        ]
      : [];
  },
  AvgPool: ({ graph, node, outputGradients: [gradient] }) => {
    const input = inputOf(node, 0);
    return gradient
      ? [
          graph.symbol("AvgPoolGrad", {
            inputs: [graph.constant(input.shape, "int32"), gradient],
            attributes: node.attributes,
            shape: input.shape,
            dataType: "float32",
          }),
        ]
      : [];
  },
};
