import { attribute } from "../attributes.ts";
import type { Shape } from "../data-type.ts";
import type { Graph, TensorSymbol } from "../graph.ts";
import { addAll } from "./arithmetic.ts";
import { convolve, convolveTransposed } from "./convolution.ts";
import type { ConvolutionOptions } from "./convolution.ts";
import { multiplyMatrices } from "./matrix.ts";
import { exchangeLastAxes, pad, permuteAxes, reshape, slice } from "./shape.ts";
import { convolveWinograd, gainsByWinograd } from "./winograd.ts";

/** A convolution goes as a matrix product when its kernel has this many times as many numbers as its patches. */
const KERNEL_TO_PATCHES = 2;

/**
 * Convolution, in the form that is fastest for its shapes: the numbers are those of `convolve`, up to rounding.
 *
 * TensorFlow's convolution brings the kernel into a layout of its own in each run, once for the output and once for each
 * gradient. For FCN's `fc1` (7×7×512×4096 on 8×8 pixels, 411 MB) that takes longer than the arithmetic and twice the memory. Where
 * the kernel is that much larger than the image, the image's patches are laid out instead and multiplied with the kernel as it is.
 */
export function convolveFast(
  graph: Graph,
  input: TensorSymbol,
  kernel: TensorSymbol,
  options: ConvolutionOptions = {},
): TensorSymbol {
  if (graph.forms === "plain") {
    return convolve(graph, input, kernel, options);
  }
  const { stride = 1, dilation = 1, padding = "same" } = options;
  const [batch = 0, height = 0, width = 0] = input.shape;
  const [kernelHeight = 0, kernelWidth = 0, channels = 0, filters = 0] = kernel.shape;
  const isSquareOdd = kernelHeight === kernelWidth && kernelHeight % 2 === 1;
  const keepsSize = stride === 1 && dilation === 1 && (padding === "same" || kernelHeight === 1);
  const pixels = batch * height * width;
  const isFloat32 = input.dataType === "float32";
  // cuDNN chooses among Winograd's forms by itself.
  if (graph.device === "cpu" && isFloat32 && keepsSize && gainsByWinograd(input, kernel)) {
    return convolveWinograd(graph, input, kernel);
  }
  // An exported graph's batch (-1) is known only when it runs.
  const isLarger = pixels > 0 && pixels * KERNEL_TO_PATCHES <= filters;
  if (!isFloat32 || !isSquareOdd || !keepsSize || !isLarger) {
    return convolve(graph, input, kernel, options);
  }
  const depth = kernelHeight * kernelWidth * channels;
  const patches = kernelHeight === 1 ? input : extractPatches(graph, input, kernelHeight);
  const product = multiplyMatrices(
    graph,
    reshape(graph, patches, [pixels, depth]),
    reshape(graph, kernel, [depth, filters]),
  );
  return reshape(graph, product, [batch, height, width, filters]);
}

/**
 * Transposed convolution, in the form that is fastest for its shapes: the numbers are those of `convolveTransposed`, up to rounding.
 *
 * Where the kernel is as wide as the stride, every output pixel comes from one input pixel: a matrix product makes the `stride`×`stride`
 * block of each, and what is left is to put the blocks' rows in place. oneDNN's strided convolutions reach a tenth of
 * its usual speed there, the kernel's gradient most of all (U-Net's steps up).
 */
export function convolveTransposedFast(
  graph: Graph,
  input: TensorSymbol,
  kernel: TensorSymbol,
  outputShape: Shape,
  { stride }: { readonly stride: number },
): TensorSymbol {
  const [batch = 0, height = 0, width = 0, channels = 0] = input.shape;
  const [kernelHeight = 0, kernelWidth = 0, filters = 0] = kernel.shape;
  const isBlock = kernelHeight === stride && kernelWidth === stride && stride > 1;
  // An exported graph's batch (-1) is known only when it runs.
  if (graph.forms === "plain" || !isBlock || batch < 0 || input.dataType !== "float32") {
    return convolveTransposed(graph, input, kernel, outputShape, { stride });
  }
  const blocks = multiplyMatrices(
    graph,
    reshape(graph, input, [batch * height * width, channels]),
    reshape(graph, kernel, [stride * stride * filters, channels]),
    { transposeSecond: true },
  );
  const rows = permuteAxes(
    graph,
    reshape(graph, blocks, [batch * height, width, stride, stride * filters]),
    [0, 2, 1, 3],
  );
  return reshape(graph, rows, outputShape);
}

/**
 * The `side`×`side` neighbourhood of each pixel of an NHWC tensor, zeros beyond the edge:
 * `[batch, height, width, side × side × channels]`. `side` is odd.
 */
function extractPatches(graph: Graph, input: TensorSymbol, side: number): TensorSymbol {
  const [batch = 0, height = 0, width = 0, channels = 0] = input.shape;
  const output = graph.symbol("ExtractImagePatches", {
    inputs: [input],
    attributes: {
      T: attribute.type("float32"),
      ksizes: attribute.integers([1, side, side, 1]),
      strides: attribute.integers([1, 1, 1, 1]),
      rates: attribute.integers([1, 1, 1, 1]),
      padding: attribute.text("SAME"),
    },
    shape: [batch, height, width, side * side * channels],
    dataType: "float32",
  });
  graph.overrideGradient(output, {
    sources: [input],
    rule: (gradient) => [sumOfPatches(graph, gradient, side, channels)],
  });
  return output;
}

/** Adds each number of each pixel's patch to the pixel it was taken from. */
function sumOfPatches(graph: Graph, patches: TensorSymbol, side: number, channels: number): TensorSymbol {
  const [batch = 0, height = 0, width = 0] = patches.shape;
  const radius = (side - 1) / 2;
  const shifted: TensorSymbol[] = [];
  for (let down = -radius; down <= radius; down += 1) {
    for (let across = -radius; across <= radius; across += 1) {
      const tap = (down + radius) * side + across + radius;
      const rows = height - Math.abs(down);
      const columns = width - Math.abs(across);
      if (rows <= 0 || columns <= 0) {
        continue;
      }
      const begin = [0, Math.max(0, -down), Math.max(0, -across), tap * channels];
      const part = slice(graph, patches, begin, [batch, rows, columns, channels]);
      shifted.push(
        pad(graph, part, [
          [0, 0],
          [Math.max(0, down), Math.max(0, -down)],
          [Math.max(0, across), Math.max(0, -across)],
          [0, 0],
        ]),
      );
    }
  }
  return addAll(graph, shifted);
}

/**
 * Convolution (`same`, stride 1, an odd square kernel) of an image whose pixels are first repeated `factor` times down and
 * across, without making the larger image. Neighbouring taps of the kernel see the same pixel there, so they are added up
 * beforehand: what is left is a transposed convolution with `factor` as stride, for 3×3 and factor 2 with 4 taps an output
 * pixel instead of 9.
 */
export function convolveRepeated(
  graph: Graph,
  input: TensorSymbol,
  kernel: TensorSymbol,
  factor: number,
): TensorSymbol {
  const [batch = 0, height = 0, width = 0] = input.shape;
  const [side = 0, , channels = 0, filters = 0] = kernel.shape;
  const larger = factor + side - 1;
  // Row s of this matrix says which taps t of the kernel meet in tap s of the larger one: t = j + side - 1 - s, 0 ≤ j < factor.
  const meets = (s: number, t: number): boolean => t + s - side + 1 >= 0 && t + s - side + 1 < factor;
  const taps = Array.from({ length: larger * larger }, (_, to) =>
    Array.from({ length: side * side }, (_unused, from) =>
      meets(Math.floor(to / larger), Math.floor(from / side)) && meets(to % larger, from % side) ? 1 : 0,
    ),
  ).flat();
  const flat = reshape(graph, exchangeLastAxes(graph, kernel), [side * side, filters * channels]);
  const summed = multiplyMatrices(
    graph,
    graph.constant(taps, "float32", [larger * larger, side * side]),
    flat,
  );
  return convolveTransposed(
    graph,
    input,
    reshape(graph, summed, [larger, larger, filters, channels]),
    [batch, height * factor, width * factor, filters],
    { stride: factor },
  );
}
