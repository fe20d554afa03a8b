import type { EpochRecord } from "#shared/training/run.ts";

/** A run's history by column, in the order of epochs: what charts are drawn from. */
export interface RunCurves {
  readonly epochs: number[];
  readonly loss: (number | null)[];
  readonly valLoss: (number | null)[];
  readonly accuracy: (number | null)[];
  readonly valAccuracy: (number | null)[];
  readonly valMeanIou: (number | null)[];
}

/** The columns of a history; what isn't a number leaves a gap. */
export function curvesOf(history: readonly EpochRecord[]): RunCurves {
  const ordered = [...history].sort((first, second) => first.epoch - second.epoch);
  const column = (key: "loss" | "valLoss" | "accuracy" | "valAccuracy" | "valMeanIou"): (number | null)[] =>
    ordered.map((record) => (Number.isFinite(record[key]) ? record[key] : null));
  return {
    epochs: ordered.map(({ epoch }) => epoch),
    loss: column("loss"),
    valLoss: column("valLoss"),
    accuracy: column("accuracy"),
    valAccuracy: column("valAccuracy"),
    valMeanIou: column("valMeanIou"),
  };
}
