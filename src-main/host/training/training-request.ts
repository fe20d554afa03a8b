import type { TrainingSettings } from "#shared/training/training-settings.ts";
import type { TrainingRequest } from "../../engine/port.ts";
import type { InputLayout, TileVariation } from "../network-tiles/index.ts";
import { classWeights } from "./class-weights.ts";
import { modelSettings } from "./plan-training.ts";
import type { TrainingData } from "./training-data.ts";

/** What the engine is asked for to train with these settings on this data; `checkpoint` is where to go on from. */
export function trainingRequest(
  data: TrainingData,
  settings: TrainingSettings,
  normalization: InputLayout["normalization"],
  checkpoint: string | null,
): TrainingRequest {
  return {
    model: modelSettings(data),
    batch: settings.batch,
    loss: settings.loss,
    optimizer: settings.optimizer,
    gradientRules: {
      clipping: settings.clipping,
      l2: settings.l2,
      accumulates: settings.accumulation > 1,
      precision: settings.precision,
    },
    seed: settings.seed,
    classWeights:
      data.labels === null
        ? null
        : classWeights(settings.classWeighting, data.counted, data.split.training, data.labels),
    ignoredClasses: [],
    inputType: normalization.kind === "uint8" ? "uint8" : "float32",
    checkpoint,
    freezeEncoder: settings.freezeEncoder,
  };
}

/** How training tiles are drawn and varied; validation tiles never are. */
export function tileVariation(
  { sampling, augmentation }: TrainingSettings,
  { labels }: Pick<TrainingData, "labels">,
): TileVariation {
  return { sampling, augmentation, labels };
}
