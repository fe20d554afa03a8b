import type { EpochRecord } from "./run.ts";
import type { EarlyStoppingSettings, ScheduleSettings } from "./training-settings.ts";

/** What of an epoch decides about rates and stopping. */
export type MeasuredEpoch = Pick<EpochRecord, "valLoss" | "valMeanIou">;

/** Where a step lies in its training. */
export interface StepPlace {
  /** Of all steps, from 1. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Of the whole training as it is set now. */
  readonly totalSteps: number;
  /** The epochs before this step's own, in order. */
  readonly finished: readonly MeasuredEpoch[];
}

/**
 * The learning rate of a step. It depends on nothing but the settings, the step and the epochs so far, all of which are in the run: nothing else need be
 * kept for a resumed training to go on exactly as it would have.
 */
export function learningRateAt(firstRate: number, schedule: ScheduleSettings, place: StepPlace): number {
  const before = place.step - 1;
  switch (schedule.kind) {
    case "constant":
      return firstRate;
    case "step":
      return firstRate * schedule.factor ** Math.floor(before / (schedule.everyEpochs * place.stepsPerEpoch));
    case "cosine":
      return firstRate * cosineShare(before, schedule.warmupEpochs * place.stepsPerEpoch, place.totalSteps);
    case "plateau":
      return firstRate * schedule.factor ** plateausReached(place.finished, schedule.patience);
  }
}

/** As Keras' `CosineDecay` from 0 with `warmup_steps`; the first step has the rate after one step of warm-up, as a rate of 0 would waste it. */
function cosineShare(stepsBefore: number, warmupSteps: number, totalSteps: number): number {
  const warmup = Math.min(warmupSteps, totalSteps - 1);
  if (stepsBefore < warmup) {
    return Math.min(1, (stepsBefore + 1) / warmup);
  }
  const share = Math.min(1, (stepsBefore - warmup) / Math.max(1, totalSteps - warmup));
  return 0.5 * (1 + Math.cos(Math.PI * share));
}

/** Keras' `min_delta` of ReduceLROnPlateau: less is no improvement. */
const LEAST_FALL = 1e-4;

/** How often the validation loss has not fallen for `patience` epochs on end, as Keras' ReduceLROnPlateau counts. */
export function plateausReached(epochs: readonly MeasuredEpoch[], patience: number): number {
  let best = Infinity;
  let waited = 0;
  let reached = 0;
  for (const { valLoss } of epochs) {
    if (valLoss < best - LEAST_FALL) {
      best = valLoss;
      waited = 0;
    } else {
      waited++;
      if (waited >= patience) {
        reached++;
        waited = 0;
      }
    }
  }
  return reached;
}

/** Whether the last `patience` epochs brought nothing better than those before, as Keras' EarlyStopping counts. */
export function isExhausted(
  epochs: readonly MeasuredEpoch[],
  { measure, patience }: EarlyStoppingSettings,
): boolean {
  let best = Infinity;
  let waited = 0;
  for (const { valLoss, valMeanIou } of epochs) {
    const value = measure === "loss" ? valLoss : -valMeanIou;
    waited = value < best ? 0 : waited + 1;
    best = Math.min(best, value);
  }
  return waited >= patience;
}
