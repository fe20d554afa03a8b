import type { ModelSettings } from "../port.ts";
import type { Model } from "./model.ts";
import { weightsOf } from "./model.ts";
import { architectureOf, buildModel } from "./registry.ts";

/** A line of a model's table. */
export interface LayerRow {
  readonly name: string;
  /** Keras' class name. */
  readonly type: string;
  /** Height, width, channels. */
  readonly outputShape: readonly [height: number, width: number, channels: number];
  readonly parameters: number;
}

export interface ModelDescription {
  readonly layers: readonly LayerRow[];
  readonly parameters: number;
  readonly trainableParameters: number;
  /** Tile sides must be multiples of this, in pixels. */
  readonly stride: number;
}

/** The model that some settings stand for. Throws when the architecture is unknown or the tile doesn't fit it. */
export function modelOf(settings: ModelSettings): Model {
  return buildModel(settings.architecture, { ...settings, width: settings.width ?? undefined });
}

/** A model's layers and how many numbers it learns. Takes milliseconds and no TensorFlow. */
export function describeModel(settings: ModelSettings): ModelDescription {
  const model = modelOf(settings);
  return {
    layers: model.layers.map((layer) => ({
      name: layer.name,
      type: layer.definition.type,
      outputShape: layer.outputShape,
      parameters: layer.weights.reduce((total, { shape }) => total + numberCount(shape), 0),
    })),
    ...parameterCounts(model),
    stride: architectureOf(settings.architecture).stride,
  };
}

/** How many numbers a model's weights have, and how many of them the optimizer changes. */
export function parameterCounts(model: Model): { parameters: number; trainableParameters: number } {
  const weights = weightsOf(model);
  const total = (list: typeof weights): number =>
    list.reduce((amount, { shape }) => amount + numberCount(shape), 0);
  return {
    parameters: total(weights),
    trainableParameters: total(weights.filter(({ trainable }) => trainable)),
  };
}

function numberCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
