import type { TrainingMeasure } from "#shared/training/training-settings.ts";
import type { TileFeed } from "../network-tiles/index.ts";
import type { Trainer } from "../engine/index.ts";

/** Steps that are timed; one before them, in which TensorFlow sets itself up, isn't. */
const TIMED_STEPS = 4;
/** Enough is known after this long. */
const ENOUGH_SECONDS = 20;

/** Times a few steps of the real network on the real tiles; what was learned is thrown away. */
export async function measureTraining(
  trainer: Trainer,
  feeds: { readonly training: TileFeed; readonly validation: TileFeed },
  settings: { readonly seed: number; readonly learningRate: number },
  device: "cpu" | "gpu",
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<TrainingMeasure> {
  const { training, validation } = feeds;
  const started = performance.now();
  const times: number[] = [];
  let step = 0;
  const pass = { shuffle: { seed: settings.seed, epoch: 1 } };
  // A set of fewer batches than steps is gone through again.
  while (times.length < TIMED_STEPS && !isEnough(started, times)) {
    for await (const batch of training.batches(pass, options)) {
      options.signal?.throwIfAborted();
      const before = performance.now();
      step++;
      await trainer.step(batch, { learningRate: settings.learningRate, step, update: step });
      if (step > 1) {
        times.push(performance.now() - before);
      }
      if (times.length >= TIMED_STEPS || isEnough(started, times)) {
        break;
      }
    }
  }
  const validationTimes: number[] = [];
  for await (const batch of validation.batches({ shuffle: null }, options)) {
    options.signal?.throwIfAborted();
    const before = performance.now();
    await trainer.evaluate(batch, { predict: false });
    validationTimes.push(performance.now() - before);
    if (validationTimes.length === 2) {
      break;
    }
  }
  const stepMilliseconds = median(times);
  return {
    stepMilliseconds,
    secondsPerEpoch:
      (stepMilliseconds * training.batchCount + Math.min(...validationTimes) * validation.batchCount) / 1000,
    device,
  };
}

function isEnough(started: number, times: readonly number[]): boolean {
  return times.length > 0 && performance.now() - started > ENOUGH_SECONDS * 1000;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((first, second) => first - second);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
