import { rectify } from "../graph/operations/activation.ts";
import { addBias, convolveDepthwise, windowedSize } from "../graph/operations/convolution.ts";
import type { Padding } from "../graph/operations/convolution.ts";
import { convolveFast, convolveTransposedFast } from "../graph/operations/fast-convolution.ts";
import type { Initializer } from "../weights/initializers.ts";
import type { LayerDefinition, WeightDescription } from "./layer.ts";
import { onlyInput } from "./layer.ts";

/** A convolution layer's settings, with Keras' defaults. */
export interface ConvolutionLayerOptions {
  readonly filters: number;
  /** Height and width of the kernel, in pixels. */
  readonly kernelSize: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly padding?: Padding;
  readonly bias?: boolean;
  readonly activation?: "linear" | "relu";
  /** Keras' default is Glorot's. */
  readonly initializer?: Initializer;
}

/** Convolution, bias and activation in one layer (Keras' `Conv2D`). */
export function conv2d(options: ConvolutionLayerOptions): LayerDefinition {
  const { filters, kernelSize, stride = 1, dilation = 1, padding = "same", bias = true } = options;
  const { activation = "linear", initializer = "glorot-uniform" } = options;
  return {
    type: "Conv2D",
    defaultName: "conv2d",
    config: { filters, kernelSize, stride, dilation, padding, bias, activation },
    outputShape: (inputs) => {
      const [height, width] = onlyInput(inputs, "Conv2D");
      const window = (kernelSize - 1) * dilation + 1;
      return [
        windowedSize(height, window, stride, padding),
        windowedSize(width, window, stride, padding),
        filters,
      ];
    },
    weights: (inputs) => {
      const [, , channels] = onlyInput(inputs, "Conv2D");
      return [
        { name: "kernel", shape: [kernelSize, kernelSize, channels, filters], initializer, trainable: true },
        ...biasOf(bias, filters),
      ];
    },
    build: ({ graph, inputs, weight }) => {
      const convolved = convolveFast(graph, onlyInput(inputs, "Conv2D"), weight("kernel"), {
        stride,
        dilation,
        padding,
      });
      const biased = bias ? addBias(graph, convolved, weight("bias")) : convolved;
      return activation === "relu" ? rectify(graph, biased) : biased;
    },
  };
}

/**
 * Enlarges by `stride` with a learned kernel (Keras' `Conv2DTranspose`, padding `same`). A kernel size that the stride divides
 * gives each output pixel as many taps as any other, so no checkerboard (Odena et al. 2016, doi:10.23915/distill.00003).
 */
export function conv2dTranspose(options: {
  readonly filters: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly bias?: boolean;
  readonly initializer?: Initializer;
}): LayerDefinition {
  const { filters, kernelSize, stride, bias = true, initializer = "glorot-uniform" } = options;
  return {
    type: "Conv2DTranspose",
    defaultName: "conv2d_transpose",
    config: { filters, kernelSize, stride, bias },
    outputShape: (inputs) => {
      const [height, width] = onlyInput(inputs, "Conv2DTranspose");
      return [height * stride, width * stride, filters];
    },
    weights: (inputs) => {
      const [, , channels] = onlyInput(inputs, "Conv2DTranspose");
      return [
        { name: "kernel", shape: [kernelSize, kernelSize, filters, channels], initializer, trainable: true },
        ...biasOf(bias, filters),
      ];
    },
    build: ({ graph, inputs, weight }) => {
      const input = onlyInput(inputs, "Conv2DTranspose");
      const [batch = 0, height = 0, width = 0] = input.shape;
      const shape = [batch, height * stride, width * stride, filters];
      const enlarged = convolveTransposedFast(graph, input, weight("kernel"), shape, { stride });
      return bias ? addBias(graph, enlarged, weight("bias")) : enlarged;
    },
  };
}

/** Convolves each channel with a kernel of its own (Keras' `DepthwiseConv2D`, padding `same`, no bias). */
export function depthwiseConv2d(kernelSize: number): LayerDefinition {
  return {
    type: "DepthwiseConv2D",
    defaultName: "depthwise_conv2d",
    config: { kernelSize, dilation: 1, stride: 1, bias: false },
    outputShape: (inputs) => onlyInput(inputs, "DepthwiseConv2D"),
    weights: (inputs) => {
      const [, , channels] = onlyInput(inputs, "DepthwiseConv2D");
      const shape = [kernelSize, kernelSize, channels, 1];
      return [{ name: "kernel", shape, initializer: "glorot-uniform", trainable: true }];
    },
    build: ({ graph, inputs, weight }) =>
      convolveDepthwise(graph, onlyInput(inputs, "DepthwiseConv2D"), weight("kernel")),
  };
}

function biasOf(bias: boolean, filters: number): WeightDescription[] {
  return bias ? [{ name: "bias", shape: [filters], initializer: "zeros", trainable: true }] : [];
}
