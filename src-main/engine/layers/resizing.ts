import { averagePool, maximumPool, sidesOf, unpoolMaxima } from "../graph/operations/pooling.ts";
import type { WindowSize } from "../graph/operations/pooling.ts";
import { repeatPixels, resizeBilinear } from "../graph/operations/resizing.ts";
import type { FeatureShape, LayerDefinition } from "./layer.ts";
import { onlyInput } from "./layer.ts";

function poolingLayer(
  type: string,
  defaultName: string,
  size: WindowSize,
  pool: typeof maximumPool,
): LayerDefinition {
  const [down, across] = sidesOf(size);
  return {
    type,
    defaultName,
    config: { height: down, width: across },
    outputShape: (inputs) => {
      const [height, width, channels] = onlyInput(inputs, type);
      return [Math.floor(height / down), Math.floor(width / across), channels];
    },
    weights: () => [],
    build: ({ graph, inputs }) => pool(graph, onlyInput(inputs, type), { size }),
  };
}

/** The largest number of each block (Keras' `MaxPooling2D`). */
export function maxPooling2d(size: WindowSize = 2): LayerDefinition {
  return poolingLayer("MaxPooling2D", "max_pooling2d", size, maximumPool);
}

/** The mean of each block (Keras' `AveragePooling2D`). */
export function averagePooling2d(size: WindowSize = 2): LayerDefinition {
  return poolingLayer("AveragePooling2D", "average_pooling2d", size, averagePool);
}

/** Enlarges `factor` times by repeating pixels or by bilinear interpolation (Keras' `UpSampling2D`). */
export function upSampling2d(
  factor: WindowSize,
  interpolation: "nearest" | "bilinear" = "nearest",
): LayerDefinition {
  const [down, across] = sidesOf(factor);
  return {
    type: "UpSampling2D",
    defaultName: "up_sampling2d",
    config: { height: down, width: across, interpolation },
    outputShape: (inputs) => {
      const [height, width, channels] = onlyInput(inputs, "UpSampling2D");
      return [height * down, width * across, channels];
    },
    weights: () => [],
    build: ({ graph, inputs }) => {
      const input = onlyInput(inputs, "UpSampling2D");
      const [, height = 0, width = 0] = input.shape;
      return interpolation === "nearest"
        ? repeatPixels(graph, input, factor)
        : resizeBilinear(graph, input, height * down, width * across);
    },
  };
}

/**
 * Undoes a max pooling: puts each number where that pooling had found its maximum, zeros elsewhere. Three inputs: the numbers,
 * what was pooled, and the pooling. Keras has no such layer.
 */
export function maxUnpooling2d(): LayerDefinition {
  return {
    type: "MaxUnpooling2D",
    defaultName: "max_unpooling2d",
    config: {},
    outputShape: (inputs) => {
      const [values, image, pooled] = threeOf<FeatureShape>(inputs);
      if (values.join() !== pooled.join()) {
        throw new Error(
          `Unpooling [${values.join(", ")}] by a pooling of [${pooled.join(", ")}]: the shapes must be the same.`,
        );
      }
      return image;
    },
    weights: () => [],
    build: ({ graph, inputs }) => unpoolMaxima(graph, ...threeOf(inputs)),
  };
}

function threeOf<T>(inputs: readonly T[]): [T, T, T] {
  const [values, image, pooled] = inputs;
  if (values === undefined || image === undefined || pooled === undefined) {
    throw new Error(`MaxUnpooling2D takes three inputs, not ${inputs.length}.`);
  }
  return [values, image, pooled];
}
