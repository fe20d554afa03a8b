import type { FeatureShape, LayerDefinition } from "./layer.ts";

/** Where the image comes in (Keras' `InputLayer`); the graph builder feeds it. */
export function inputLayer(shape: FeatureShape): LayerDefinition {
  return {
    type: "InputLayer",
    defaultName: "input_layer",
    config: {},
    outputShape: () => shape,
    weights: () => [],
    build: () => {
      throw new Error("An input layer is fed, not built.");
    },
  };
}
