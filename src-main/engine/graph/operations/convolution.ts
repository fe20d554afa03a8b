import { attribute } from "../attributes.ts";
import type { Attributes } from "../attributes.ts";
import type { DataType, Shape } from "../data-type.ts";
import type { GradientRules } from "../gradients.ts";
import { inputOf } from "../graph.ts";
import type { Graph, TensorSymbol } from "../graph.ts";
import { fill } from "./arithmetic.ts";
import { concatenate, shapeOf, slice } from "./shape.ts";

/** `same`: as many output pixels as input pixels, divided by the stride, zeros beyond the edge. `valid`: no zeros. */
export type Padding = "same" | "valid";

/** How a kernel moves over an image. */
export interface ConvolutionOptions {
  readonly stride?: number;
  /** Distance between the kernel's taps, in pixels; 1 by default. */
  readonly dilation?: number;
  readonly padding?: Padding;
}

/** Height or width after a window operation, as TensorFlow counts it. */
export function windowedSize(size: number, window: number, stride: number, padding: Padding): number {
  return padding === "same" ? Math.ceil(size / stride) : Math.ceil((size - window + 1) / stride);
}

function convolutionAttributes(options: ConvolutionOptions, dataType: DataType): Attributes {
  const { stride = 1, dilation = 1, padding = "same" } = options;
  return {
    T: attribute.type(dataType),
    strides: attribute.integers([1, stride, stride, 1]),
    dilations: attribute.integers([1, dilation, dilation, 1]),
    padding: attribute.text(padding.toUpperCase()),
    data_format: attribute.text("NHWC"),
  };
}

/** Convolution of NHWC `input` with a `[height, width, in, out]` kernel. */
export function convolve(
  graph: Graph,
  input: TensorSymbol,
  kernel: TensorSymbol,
  options: ConvolutionOptions = {},
): TensorSymbol {
  const [batch = 0, height = 0, width = 0, channels] = input.shape;
  const [kernelHeight = 0, kernelWidth = 0, kernelChannels, filters = 0] = kernel.shape;
  const { stride = 1, dilation = 1, padding = "same" } = options;
  if (channels !== kernelChannels) {
    throw new Error(`The kernel expects ${kernelChannels ?? 0} channels, the input has ${channels ?? 0}.`);
  }
  return graph.symbol("Conv2D", {
    inputs: [input, kernel],
    attributes: {
      ...convolutionAttributes(options, input.dataType),
      use_cudnn_on_gpu: attribute.boolean(true),
    },
    shape: [
      batch,
      windowedSize(height, (kernelHeight - 1) * dilation + 1, stride, padding),
      windowedSize(width, (kernelWidth - 1) * dilation + 1, stride, padding),
      filters,
    ],
    dataType: input.dataType,
  });
}

/**
 * The convolution that undoes the shape of `convolve`: kernel `[height, width, out, in]`, output `outputShape` (NHWC), whose first
 * size is -1 where the batch is known only when the graph runs.
 */
export function convolveTransposed(
  graph: Graph,
  input: TensorSymbol,
  kernel: TensorSymbol,
  outputShape: Shape,
  options: ConvolutionOptions = {},
): TensorSymbol {
  const [batch = 0, ...sizes] = outputShape;
  const shape =
    batch >= 0
      ? graph.constant(outputShape, "int32")
      : concatenate(
          graph,
          [slice(graph, shapeOf(graph, input), [0], [1]), graph.constant(sizes, "int32")],
          0,
        );
  return graph.symbol("Conv2DBackpropInput", {
    inputs: [shape, kernel, input],
    attributes: {
      ...convolutionAttributes(options, input.dataType),
      use_cudnn_on_gpu: attribute.boolean(true),
    },
    shape: outputShape,
    dataType: input.dataType,
  });
}

/**
 * Convolves each channel with its own kernel `[height, width, channels, 1]`, stride 1. No dilation: TensorFlow's gradient kernels
 * ignore it on the CPU, without a word.
 */
export function convolveDepthwise(
  graph: Graph,
  input: TensorSymbol,
  kernel: TensorSymbol,
  padding: Padding = "same",
): TensorSymbol {
  const [batch = 0, height = 0, width = 0, channels = 0] = input.shape;
  const [kernelHeight = 0, kernelWidth = 0, , multiplier = 0] = kernel.shape;
  return graph.symbol("DepthwiseConv2dNative", {
    inputs: [input, kernel],
    attributes: convolutionAttributes({ padding }, input.dataType),
    shape: [
      batch,
      windowedSize(height, kernelHeight, 1, padding),
      windowedSize(width, kernelWidth, 1, padding),
      channels * multiplier,
    ],
    dataType: input.dataType,
  });
}

/** Adds one number a channel. */
export function addBias(graph: Graph, input: TensorSymbol, bias: TensorSymbol): TensorSymbol {
  return graph.symbol("BiasAdd", {
    inputs: [input, bias],
    attributes: { T: attribute.type(input.dataType), data_format: attribute.text("NHWC") },
    shape: input.shape,
    dataType: input.dataType,
  });
}

/**
 * Adds one number a channel to what a batch normalization then takes the mean from. Whatever is added is taken away again, so
 * the bias has the gradient 0: it is said to be, instead of summing up an image of rounding errors.
 */
export function addUnfeltBias(graph: Graph, input: TensorSymbol, bias: TensorSymbol): TensorSymbol {
  const output = addBias(graph, input, bias);
  graph.overrideGradient(output, {
    sources: [input, bias],
    rule: (gradient) => [gradient, fill(graph, bias.shape, 0)],
  });
  return output;
}

/** The gradient rule of a forward convolution whose kernels are `name`BackpropInput and `name`BackpropFilter. */
function forwardConvolution(name: "Conv2D" | "DepthwiseConv2dNative"): GradientRules[string] {
  return ({ graph, node, outputGradients: [gradient], wanted }) => {
    const [input, kernel] = [inputOf(node, 0), inputOf(node, 1)];
    if (!gradient) {
      return [];
    }
    return [
      wanted[0]
        ? graph.symbol(`${name}BackpropInput`, {
            inputs: [graph.constant(input.shape, "int32"), kernel, gradient],
            attributes: node.attributes,
            shape: input.shape,
            dataType: gradient.dataType,
          })
        : null,
      wanted[1]
        ? graph.symbol(`${name}BackpropFilter`, {
            inputs: [input, graph.constant(kernel.shape, "int32"), gradient],
            attributes: node.attributes,
            shape: kernel.shape,
            dataType: gradient.dataType,
          })
        : null,
    ];
  };
}

/** Gradients of the convolutions, by TensorFlow's own kernels. */
export const convolutionGradients: GradientRules = {
  Conv2D: forwardConvolution("Conv2D"),
  Conv2DBackpropInput: ({ graph, node, outputGradients: [gradient], wanted }) => {
    const [kernel, input] = [inputOf(node, 1), inputOf(node, 2)];
    if (!gradient) {
      return [];
    }
    return [
      null,
      wanted[1]
        ? graph.symbol("Conv2DBackpropFilter", {
            inputs: [gradient, graph.constant(kernel.shape, "int32"), input],
            attributes: node.attributes,
            shape: kernel.shape,
            dataType: gradient.dataType,
          })
        : null,
      wanted[2]
        ? graph.symbol("Conv2D", {
            inputs: [gradient, kernel],
            attributes: node.attributes,
            shape: input.shape,
            dataType: gradient.dataType,
          })
        : null,
    ];
  },
  DepthwiseConv2dNative: forwardConvolution("DepthwiseConv2dNative"),
  BiasAdd: ({ graph, outputGradients: [gradient], wanted }) =>
    gradient
      ? [
          gradient,
          wanted[1]
            ? graph.symbol("BiasAddGrad", {
                inputs: [gradient],
                attributes: { T: attribute.type(gradient.dataType), data_format: attribute.text("NHWC") },
                shape: gradient.shape.slice(-1),
                dataType: gradient.dataType,
              })
            : null,
        ]
      : [],
};
