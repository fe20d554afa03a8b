import { RpcError } from "#shared/rpc/errors.ts";
import { classTotals } from "#shared/training/tile-split.ts";
import type { TrainingPlan, TrainingSettings } from "#shared/training/training-settings.ts";
import { classWeights } from "./class-weights.ts";
import { largestBatch, stepBytes, type MemoryLimit } from "./memory-limit.ts";
import { describeModel, listLosses, parseLoss } from "../../engine/catalog.ts";
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
    tileHeight: shape.networkPixels,
    tileWidth: shape.networkPixels,
  };
}

/**
 * What a training would be, without TensorFlow; `memory` is what the engine may use, null where that isn't known. Throws `invalid-input` for a loss or width that there
 * isn't.
 */
export function planTraining(data: TrainingData, memory: MemoryLimit | null): TrainingPlan {
  const { settings, split, labels, counted } = data;
  checkLoss(settings);
  const model = modelSettings(data);
  const description = describedModel(model, settings);
  const weights =
    labels === null ? null : classWeights(settings.classWeighting, counted, split.training, labels);
  const totals =
    labels === null
      ? null
      : { training: classTotals(split.training, labels), validation: classTotals(split.validation, labels) };
  const nameOf = (ids: ReadonlySet<string>): string[] =>
    data.mosaics.filter(({ id }) => ids.has(id)).map(({ name }) => name);
  const stepsPerEpoch = Math.ceil(split.training.length / settings.batch);
  const steps = Math.min(settings.epochs * stepsPerEpoch, settings.maxSteps ?? Infinity);
  return {
    parameters: description.parameters,
    trainableParameters: description.trainableParameters,
    trainingTiles: split.training.length,
    validationTiles: split.validation.length,
    stepsPerEpoch,
    estimatedBytes: stepBytes(model, settings, settings.batch),
    memory: memory === null ? null : { ...memory, ...largestBatch(model, settings, memory.limitBytes) },
    classWeights: weights?.map((weight, index) => ({ classId: counted[index]?.id ?? 0, weight })) ?? null,
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
    warnings: [...data.warnings, ...weightingWarnings(settings), ...settlingWarnings(steps, description)],
  };
}

/** The ids of all losses, the usual one first. */
export function lossIds(): string[] {
  return listLosses().map(({ id }) => id);
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
  const usesWeights = parseLoss(loss).some(({ loss: { id } }) => id === "weighted-crossentropy");
  if (usesWeights && classWeighting.kind === "none") {
    return [
      "Weighted cross-entropy without class weights is plain cross-entropy: choose automatic weights, or give them.",
    ];
  }
  return !usesWeights && classWeighting.kind !== "none"
    ? ["The class weights do nothing: only the weighted cross-entropy uses them."]
    : [];
}

/** A network measured before its normalizations' averages have settled looks worse than it is, however low its loss. */
function settlingWarnings(steps: number, { settlingSteps }: { readonly settlingSteps: number }): string[] {
  return steps >= settlingSteps
    ? []
    : [
        `This network's normalizations keep averages that need some ${settlingSteps} steps, and this training has ${steps}: unless it begins with weights that have them, ` +
          "its masks and its validation will look wrong however low its loss. More epochs or smaller batches give it more steps.",
      ];
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

function share(totals: readonly number[], index: number): number {
  const whole = totals.reduce((sum, pixels) => sum + pixels, 0);
  return whole === 0 ? 0 : (totals[index] ?? 0) / whole;
}
