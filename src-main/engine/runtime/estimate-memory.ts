import type { OptimizerSettings } from "#shared/training/training-settings.ts";
import { elementCount } from "../graph/data-type.ts";
import { weightsOf } from "../models/model.ts";
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

/**
 * What a process will need at its peak, in bytes: weights, gradients and optimizer slots, the activations that gradients
 * read, and the largest layer's gradients on top. An estimate, within about a third of what was measured.
 */
export function estimateBytes(
  model: Model,
  {
    batch,
    training,
    slots,
    accumulates = false,
  }: {
    readonly batch: number;
    readonly training: boolean;
    readonly slots: number;
    /** Whether gradients are summed up over several steps. */
    readonly accumulates?: boolean;
  },
): number {
  const { parameters, trainableParameters } = parameterCounts(model);
  const sizes = model.layers.map(({ outputShape: [height, width, channels], definition }) => ({
    type: definition.type,
    bytes: batch * height * width * channels * 4,
  }));
  const largest = Math.max(...sizes.map(({ bytes }) => bytes));
  if (!training) {
    return BASE_BYTES + parameters * 4 + 3 * largest;
  }
  const kept = sizes.reduce((total, { type, bytes }) => total + bytes * (KEPT_IN_TRAINING[type] ?? 1), 0);
  // oneDNN keeps kernel and kernel gradient in an order of its own while it works: 800 MB for FCN's fc1.
  const largestWeight = Math.max(...weightsOf(model).map(({ shape }) => elementCount(shape) * 4));
  const trained = trainableParameters * 4 * (slots + (accumulates ? 2 : 1)) + 2 * largestWeight;
  return BASE_BYTES + parameters * 4 + trained + kept + 3 * largest;
}

/** The same for a training's settings; what the host knows before there is an engine. */
export function estimateTrainingBytes(
  settings: ModelSettings,
  {
    batch,
    optimizer,
    accumulates,
  }: {
    readonly batch: number;
    readonly optimizer: OptimizerSettings;
    readonly accumulates: boolean;
  },
): number {
  return estimateBytes(modelOf(settings), {
    batch,
    training: true,
    slots: optimizerOf(optimizer).slots.length,
    accumulates,
  });
}
