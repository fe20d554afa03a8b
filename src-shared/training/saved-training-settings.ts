import { z } from "zod";
import {
  noAugmentation,
  optimizerDefaults,
  trainingSettingsSchema,
  TRAINING_SETTINGS_VERSION,
} from "./training-settings.ts";

/** Training settings as they come from a file: those of every earlier version are led up to this one's. */
export const savedTrainingSettingsSchema = z.preprocess(upgradeTrainingSettings, trainingSettingsSchema);

/** Settings of an older version as this version writes them, so that an old run goes on as it began; anything else as it is. */
function upgradeTrainingSettings(saved: unknown): unknown {
  if (typeof saved !== "object" || saved === null || "version" in saved) {
    return saved;
  }
  // Version 1 had no number, one switch for flips and turns, and optimizers and losses without settings of their own.
  const { augment, optimizer, loss, ...same } = saved as Record<string, unknown>;
  const turns = augment === true;
  return {
    ...same,
    version: TRAINING_SETTINGS_VERSION,
    upsampling: null,
    freezeEncoder: false,
    accumulation: 1,
    optimizer:
      typeof optimizer === "string" && optimizer in optimizerDefaults
        ? optimizerDefaults[optimizer as keyof typeof optimizerDefaults]
        : optimizer,
    schedule: { kind: "constant" },
    clipping: { kind: "none" },
    earlyStopping: null,
    l2: 0,
    precision: "float32",
    // The focal loss had no α, which since has the paper's value.
    loss:
      typeof loss === "string"
        ? loss
            .split("+")
            .map((term) => (term.trim() === "focal" ? "focal(alpha=1)" : term.trim()))
            .join("+")
        : loss,
    sampling: "grid",
    augmentation: { ...noAugmentation, flips: turns, quarterTurns: turns },
  };
}
