import { RpcError } from "#shared/rpc/errors.ts";
import { classTotals } from "#shared/training/tile-split.ts";
import type { TrainingPlan, TrainingSettings } from "#shared/training/training-settings.ts";
import { describeModel, parseLoss } from "../../engine/catalog.ts";
import type { ModelSettings } from "../../engine/port.ts";
import type { TrainingData } from "./training-data.ts";

/** The network that settings and data ask for, as the engine builds it. */
export function modelSettings({
  settings,
  shape,
  counted,
}: Pick<TrainingData, "settings" | "shape" | "counted">): ModelSettings {
  return {
    architecture: settings.architecture,
    width: settings.width,
    upsampling: settings.upsampling,
    bands: shape.bands.length,
    classes: counted.length,
    tileHeight: shape.inputPixels,
    tileWidth: shape.inputPixels,
  };
}

/** What a training would be, without TensorFlow. Throws `invalid-input` for a loss or width that there isn't. */
export function planTraining(data: TrainingData): TrainingPlan {
  const { settings, split, labels, counted } = data;
  checkLoss(settings);
  const description = describedModel(modelSettings(data), settings);
  const totals =
    labels === null
      ? null
      : { training: classTotals(split.training, labels), validation: classTotals(split.validation, labels) };
  const nameOf = (ids: ReadonlySet<string>): string[] =>
    data.mosaics.filter(({ id }) => ids.has(id)).map(({ name }) => name);
  return {
    parameters: description.parameters,
    trainableParameters: description.trainableParameters,
    trainingTiles: split.training.length,
    validationTiles: split.validation.length,
    stepsPerEpoch: Math.ceil(split.training.length / settings.batch),
    estimatedBytes: estimatedBytes(description, settings),
    trainingMosaics: nameOf(new Set(split.training.map(({ mosaicId }) => mosaicId))),
    validationMosaics: nameOf(new Set(split.validation.map(({ mosaicId }) => mosaicId))),
    classShares:
      totals === null
        ? null
        : counted.map(({ id }, index) => ({
            classId: id,
            training: share(totals.training, index),
            validation: share(totals.validation, index),
          })),
    warnings: [...data.warnings, ...weightingWarnings(settings)],
  };
}

/** Throws `invalid-input` for a loss that there isn't. */
export function checkLoss({ loss }: TrainingSettings): void {
  try {
    parseLoss(loss);
  } catch (error) {
    throw new RpcError("invalid-input", error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

/** Weights and a loss that uses them belong together. */
function weightingWarnings({ loss, classWeighting }: TrainingSettings): string[] {
  const usesWeights = loss.split("+").includes("weighted-crossentropy");
  if (usesWeights && classWeighting.kind === "none") {
    return [
      "Weighted cross-entropy without class weights is plain cross-entropy: choose automatic weights, or give them.",
    ];
  }
  return !usesWeights && classWeighting.kind !== "none"
    ? ["The class weights do nothing: only the weighted cross-entropy uses them."]
    : [];
}

function describedModel(
  settings: ModelSettings,
  options: { readonly freezeEncoder: boolean },
): ReturnType<typeof describeModel> {
  try {
    return describeModel(settings, options);
  } catch (error) {
    throw new RpcError("invalid-input", error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

/**
 * Peak memory of the engine: weights, gradients and two optimizer slots (four numbers a parameter), and each layer's output twice, forwards and
 * backwards; 4 bytes each, beside 300 MB that TensorFlow takes to start. The engine's own estimate, known once it has built the network, is closer.
 */
function estimatedBytes(
  { layers, parameters }: ReturnType<typeof describeModel>,
  { batch, optimizer }: TrainingSettings,
): number {
  const activations = layers.reduce(
    (sum, { outputShape: [height, width, channels] }) => sum + height * width * channels,
    0,
  );
  const numbersAParameter = optimizer === "sgd" ? 3 : 4;
  return 300e6 + 4 * (parameters * numbersAParameter + activations * batch * 2);
}

function share(totals: readonly number[], index: number): number {
  const whole = totals.reduce((sum, pixels) => sum + pixels, 0);
  return whole === 0 ? 0 : (totals[index] ?? 0) / whole;
}
