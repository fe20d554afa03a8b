import type { Layer } from "../layers/layer.ts";
import { settlingSteps } from "../layers/normalization.ts";
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

/** A model as a table, with its sums. */
export interface ModelDescription {
  readonly layers: readonly LayerRow[];
  readonly parameters: number;
  readonly trainableParameters: number;
  /** Tile sides must be multiples of this, in pixels. */
  readonly stride: number;
  /** Steps before its normalizations' averages are of use in evaluation; 0 without normalizations that learn. */
  readonly settlingSteps: number;
}

/** The model that some settings stand for. Throws when the architecture is unknown or the tile doesn't fit it. */
export function modelOf(settings: ModelSettings): Model {
  const { architecture, width, upsampling, ...size } = settings;
  return buildModel(architecture, {
    ...size,
    width: width ?? undefined,
    upsampling: upsampling ?? undefined,
  });
}

/** A model's layers and how many numbers it learns, less those of a frozen encoder. Takes milliseconds and no TensorFlow. */
export function describeModel(
  settings: ModelSettings,
  { freezeEncoder = false }: { readonly freezeEncoder?: boolean } = {},
): ModelDescription {
  const model = modelOf(settings);
  const frozen = freezeEncoder ? model.encoder : new Set<Layer>();
  const momenta = model.layers
    .filter((layer) => layer.definition.type === "BatchNormalization" && !frozen.has(layer))
    .map(({ definition }) => Number(definition.config["momentum"]));
  return {
    layers: model.layers.map((layer) => ({
      name: layer.name,
      type: layer.definition.type,
      outputShape: layer.outputShape,
      parameters: layer.weights.reduce((total, { shape }) => total + numberCount(shape), 0),
    })),
    ...parameterCounts(model, frozen),
    stride: architectureOf(settings.architecture).stride,
    settlingSteps: Math.max(0, ...momenta.map(settlingSteps)),
  };
}

/** How many numbers a model's weights have, and how many of them the optimizer changes: none of those in `frozen` layers. */
export function parameterCounts(
  model: Model,
  frozen: ReadonlySet<Layer> = new Set(),
): { parameters: number; trainableParameters: number } {
  const weights = weightsOf(model);
  const total = (list: typeof weights): number =>
    list.reduce((amount, { shape }) => amount + numberCount(shape), 0);
  return {
    parameters: total(weights),
    trainableParameters: total(weights.filter(({ trainable, layer }) => trainable && !frozen.has(layer))),
  };
}

function numberCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
