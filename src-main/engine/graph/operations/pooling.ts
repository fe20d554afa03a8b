import { attribute } from "../attributes.ts";
import type { Attributes } from "../attributes.ts";
import type { GradientRules } from "../gradients.ts";
import { inputOf, outputOf } from "../graph.ts";
import type { Graph, TensorSymbol } from "../graph.ts";
import { windowedSize } from "./convolution.ts";
import type { Padding } from "./convolution.ts";

export interface PoolingOptions {
  /** Height and width of the window, in pixels. */
  readonly size: number;
  readonly stride?: number;
  readonly padding?: Padding;
}

function pool(graph: Graph, operation: string, input: TensorSymbol, options: PoolingOptions): TensorSymbol {
  const { size, stride = size, padding = "valid" } = options;
  const [batch = 0, height = 0, width = 0, channels = 0] = input.shape;
  const attributes: Attributes = {
    T: attribute.type("float32"),
    ksize: attribute.integers([1, size, size, 1]),
    strides: attribute.integers([1, stride, stride, 1]),
    padding: attribute.text(padding.toUpperCase()),
    data_format: attribute.text("NHWC"),
  };
  return graph.symbol(operation, {
    inputs: [input],
    attributes,
    shape: [
      batch,
      windowedSize(height, size, stride, padding),
      windowedSize(width, size, stride, padding),
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
