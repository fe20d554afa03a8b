import { maximumPool } from "../graph/operations/pooling.ts";
import { repeatPixels, resizeBilinear } from "../graph/operations/resizing.ts";
import type { LayerDefinition } from "./layer.ts";
import { onlyInput } from "./layer.ts";

/** The largest number of each `size`×`size` block (Keras' `MaxPooling2D`). */
export function maxPooling2d(size = 2): LayerDefinition {
  return {
    type: "MaxPooling2D",
    defaultName: "max_pooling2d",
    config: { size },
    outputShape: (inputs) => {
      const [height, width, channels] = onlyInput(inputs, "MaxPooling2D");
      return [Math.floor(height / size), Math.floor(width / size), channels];
    },
    weights: () => [],
    build: ({ graph, inputs }) => maximumPool(graph, onlyInput(inputs, "MaxPooling2D"), { size }),
  };
}

/** Enlarges `factor` times by repeating pixels or by bilinear interpolation (Keras' `UpSampling2D`). */
export function upSampling2d(
  factor: number,
  interpolation: "nearest" | "bilinear" = "nearest",
): LayerDefinition {
  return {
    type: "UpSampling2D",
    defaultName: "up_sampling2d",
    config: { factor, interpolation },
    outputShape: (inputs) => {
      const [height, width, channels] = onlyInput(inputs, "UpSampling2D");
      return [height * factor, width * factor, channels];
    },
    weights: () => [],
    build: ({ graph, inputs }) => {
      const input = onlyInput(inputs, "UpSampling2D");
      const [, height = 0, width = 0] = input.shape;
      return interpolation === "nearest"
        ? repeatPixels(graph, input, factor)
        : resizeBilinear(graph, input, height * factor, width * factor);
    },
  };
}
