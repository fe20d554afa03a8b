import { addAll } from "../graph/operations/arithmetic.ts";
import { concatenate } from "../graph/operations/shape.ts";
import type { FeatureShape, LayerDefinition } from "./layer.ts";

/** Puts the channels of several inputs of one size side by side (Keras' `Concatenate`). */
export function concatenateLayer(): LayerDefinition {
  return {
    type: "Concatenate",
    defaultName: "concatenate",
    config: {},
    outputShape: (inputs) => {
      const [height, width] = sizeOf(inputs, "Concatenate");
      return [height, width, inputs.reduce((total, [, , channels]) => total + channels, 0)];
    },
    weights: () => [],
    build: ({ graph, inputs }) => concatenate(graph, inputs, 3),
  };
}

/** The sum of several inputs of one shape (Keras' `Add`). */
export function addLayer(): LayerDefinition {
  return {
    type: "Add",
    defaultName: "add",
    config: {},
    outputShape: (inputs) => sizeOf(inputs, "Add"),
    weights: () => [],
    build: ({ graph, inputs }) => addAll(graph, inputs),
  };
}

function sizeOf(inputs: readonly FeatureShape[], type: string): FeatureShape {
  const [first] = inputs;
  if (first === undefined) {
    throw new Error(`${type} needs inputs.`);
  }
  const other = inputs.find(([height, width]) => height !== first[0] || width !== first[1]);
  if (other !== undefined) {
    throw new Error(
      `${type} of ${first[1]}×${first[0]} and ${other[1]}×${other[0]} pixels: the sizes must be the same.`,
    );
  }
  return first;
}
