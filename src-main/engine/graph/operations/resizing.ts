import { attribute } from "../attributes.ts";
import type { GradientRules } from "../gradients.ts";
import { inputOf } from "../graph.ts";
import type { Graph, TensorSymbol } from "../graph.ts";
import { multiply } from "./arithmetic.ts";
import { averagePool, sidesOf } from "./pooling.ts";
import type { WindowSize } from "./pooling.ts";

const byPixelCentres = {
  T: attribute.type("float32"),
  align_corners: attribute.boolean(false),
  half_pixel_centers: attribute.boolean(true),
};

/** Bilinear interpolation of an NHWC tensor to another size, pixel centres at 0.5, as Keras' UpSampling2D does it. */
export function resizeBilinear(
  graph: Graph,
  input: TensorSymbol,
  height: number,
  width: number,
): TensorSymbol {
  const [batch = 0, , , channels = 0] = input.shape;
  return graph.symbol("ResizeBilinear", {
    inputs: [input, graph.constant([height, width], "int32")],
    attributes: byPixelCentres,
    shape: [batch, height, width, channels],
    dataType: "float32",
  });
}

/** Repeats each pixel of an NHWC tensor `factor` times, down and across. */
export function repeatPixels(graph: Graph, input: TensorSymbol, factor: WindowSize): TensorSymbol {
  const [down, across] = sidesOf(factor);
  const [batch = 0, height = 0, width = 0, channels = 0] = input.shape;
  const output = graph.symbol("ResizeNearestNeighbor", {
    inputs: [input, graph.constant([height * down, width * across], "int32")],
    attributes: byPixelCentres,
    shape: [batch, height * down, width * across, channels],
    dataType: "float32",
  });
  // ResizeNearestNeighborGrad runs on one core; the sum over each block is the same and pooling runs on all of them.
  graph.overrideGradient(output, {
    sources: [input],
    rule: (gradient) => [multiply(graph, averagePool(graph, gradient, { size: factor }), down * across)],
  });
  return output;
}

/** Gradient of bilinear interpolation. */
export const resizingGradients: GradientRules = {
  ResizeBilinear: ({ graph, node, outputGradients: [gradient] }) => {
    const input = inputOf(node, 0);
    return gradient
      ? [
          graph.symbol("ResizeBilinearGrad", {
            inputs: [gradient, input],
            attributes: node.attributes,
            shape: input.shape,
            dataType: "float32",
          }),
        ]
      : [];
  },
};
