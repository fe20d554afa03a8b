import type { OptimizerSettings, Precision } from "#shared/training/training-settings.ts";
import { elementCount } from "../graph/data-type.ts";
import type { Layer } from "../layers/layer.ts";
import { logitsLayer, weightsOf } from "../models/model.ts";
import type { Model } from "../models/model.ts";
import { modelOf, parameterCounts } from "../models/describe.ts";
import { optimizerOf } from "../optimizers/registry.ts";
import type { ModelSettings } from "../port.ts";

/** What TensorFlow, its kernels' scratch space and Node take beside the tensors; measured with SegNet at 256². */
const BASE_BYTES = 600 << 20;

/** How many buffers of its output a layer needs in a training step: those its gradient reads. */
const KEPT_IN_TRAINING: Readonly<Record<string, number>> = {
  Conv2D: 1,
  Conv2DTranspose: 1,
  BatchNormalization: 0,
  Activation: 1,
  Dropout: 1.25,
  MaxPooling2D: 1,
  UpSampling2D: 1,
  Concatenate: 1,
  Add: 1,
};

/** Layers that work with copies of their input and kernel where the precision isn't float32. */
const CONVOLUTIONS: ReadonlySet<string> = new Set(["Conv2D", "Conv2DTranspose", "DepthwiseConv2D"]);

/** What decides how much a training needs beside its network. */
export interface TrainingMemory {
  readonly batch: number;
  /** Numbers that the optimizer remembers for each weight. */
  readonly slots: number;
  /** Whether gradients are summed up over several steps. */
  readonly accumulates?: boolean;
  /** Layers that learn nothing: they have no gradients and no slots, and what only they read isn't kept. */
  readonly frozen?: ReadonlySet<Layer>;
  readonly precision?: Precision;
}

/** What a process that predicts will need at its peak, in bytes: weights, and the largest layer with what goes in and out. */
export function estimatePredictionBytes(model: Model, batch: number): number {
  const { parameters } = parameterCounts(model);
  const largest = Math.max(...model.layers.map((layer) => outputBytes(layer, batch)));
  // oneDNN's copy in an order of its own: 411 MB for FCN's fc1.
  const largestWeight = Math.max(...weightsOf(model).map(({ shape }) => elementCount(shape) * 4));
  return BASE_BYTES + parameters * 4 + largestWeight + 3 * largest;
}

/**
 * What a process that trains will need at its peak, in bytes: weights, gradients and optimizer slots, the activations that gradients
 * read, and the largest layer's gradients on top. An estimate, within about a third of what was measured.
 */
export function estimateBytes(
  model: Model,
  { batch, slots, accumulates = false, frozen = new Set(), precision = "float32" }: TrainingMemory,
): number {
  const { parameters, trainableParameters } = parameterCounts(model, frozen);
  const sizeOf = (layer: Layer): number => outputBytes(layer, batch);
  const learning = model.layers.filter((layer) => !frozen.has(layer));
  // Of a frozen part, only what the rest takes in.
  const handedOn = new Set(learning.flatMap(({ inputs }) => inputs.filter((input) => frozen.has(input))));
  const kept =
    sumOf(learning, (layer) => sizeOf(layer) * (KEPT_IN_TRAINING[layer.definition.type] ?? 1)) +
    sumOf([...handedOn], sizeOf);
  const largest = Math.max(...learning.map(sizeOf));
  const largestFrozen = Math.max(0, ...[...frozen].map(sizeOf));
  // oneDNN keeps kernel and kernel gradient in an order of its own while it works: 800 MB for FCN's fc1.
  const largestWeight = Math.max(
    ...weightsOf(model).map(({ shape, layer }) => elementCount(shape) * (frozen.has(layer) ? 4 : 8)),
  );
  const trained = trainableParameters * 4 * (slots + (accumulates ? 2 : 1)) + largestWeight;
  const halves = precision === "float32" ? 0 : halfBytes(model, learning, sizeOf);
  return BASE_BYTES + parameters * 4 + trained + kept + halves + 3 * Math.max(largest, largestFrozen);
}

/**
 * The copies of two bytes a number that gradients of convolutions read in another precision: their inputs and kernels. What lies between two convolutions stays
 * float32 beside them, so less precision needs more memory here, not less.
 */
function halfBytes(model: Model, learning: readonly Layer[], sizeOf: (layer: Layer) => number): number {
  const output = logitsLayer(model);
  const convolutions = learning.filter(
    (layer) => layer !== output && CONVOLUTIONS.has(layer.definition.type),
  );
  return sumOf(
    convolutions,
    ({ inputs, weights }) =>
      sumOf(inputs, sizeOf) / 2 + sumOf(weights, ({ shape }) => elementCount(shape) * 2),
  );
}

function outputBytes({ outputShape: [height, width, channels] }: Layer, batch: number): number {
  return batch * height * width * channels * 4;
}

function sumOf<T>(items: readonly T[], number: (item: T) => number): number {
  return items.reduce((total, item) => total + number(item), 0);
}

/** What `estimateBytes` says of a training's settings, which is what the host knows before there is an engine. */
export function estimateTrainingBytes(
  settings: ModelSettings,
  {
    optimizer,
    freezeEncoder,
    ...memory
  }: Omit<TrainingMemory, "slots" | "frozen"> & {
    readonly optimizer: OptimizerSettings;
    readonly freezeEncoder: boolean;
  },
): number {
  const model = modelOf(settings);
  return estimateBytes(model, {
    ...memory,
    slots: optimizerOf(optimizer).slots.length,
    frozen: freezeEncoder ? model.encoder : new Set(),
  });
}
