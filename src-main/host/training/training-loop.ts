import { isExhausted, learningRateAt } from "#shared/training/learning-rate.ts";
import type { EpochRecord } from "#shared/training/run.ts";
import type { TrainingSettings } from "#shared/training/training-settings.ts";
import { evaluationReport } from "#shared/metrics/build-report.ts";
import { ConfusionMatrix } from "#shared/metrics/confusion-matrix.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { StepClock } from "./step-clock.ts";
import type { TileBatch, TileFeed } from "../network-tiles/index.ts";
import type { Trainer } from "../engine/index.ts";

/** Where a training stands, after each step. */
export interface StepReport {
  readonly epoch: number;
  /** Of this phase, from 1; 0 before the first. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Of the epoch so far. */
  readonly loss: number;
  readonly accuracy: number;
  readonly stepMilliseconds: number;
  readonly epochEtaSeconds: number | null;
  readonly totalEtaSeconds: number | null;
  readonly phase: "preparing" | "training" | "validating" | "saving" | "paused";
  /** Share of the whole training that is done, 0–1. */
  readonly progress: number;
}

export interface FinishedEpoch {
  readonly record: EpochRecord;
  /** Over the whole validation part. */
  readonly confusion: ConfusionMatrix;
  readonly stepMilliseconds: number | null;
}

export interface TrainingLoopOptions {
  readonly trainer: Trainer;
  readonly training: TileFeed;
  readonly validation: TileFeed;
  readonly settings: TrainingSettings;
  readonly counted: readonly LandClass[];
  /** The epochs finished before, when this goes on from them. */
  readonly finished: readonly EpochRecord[];
  /** Ends the loop after the step in flight. */
  readonly stop: AbortSignal;
  /** Whether a stop before the first finished epoch still measures and keeps what was learned. */
  readonly keepsFirstSteps: () => boolean;
  readonly whilePaused: () => Promise<void>;
  readonly isPaused: () => boolean;
  readonly onStep: (report: StepReport) => void;
  /** Keeps the epoch; the loop goes on when it resolves. */
  readonly onEpoch: (epoch: FinishedEpoch) => Promise<void>;
}

export type LoopEnd = "all-epochs" | "stopped" | "step-limit" | "no-improvement";

/** The loss is no number any more: going on is useless. */
export class DivergedError extends RpcError {
  constructor(loss: number, epoch: number, step: number, learningRate: number) {
    super(
      "invalid-input",
      `The loss became ${Number.isNaN(loss) ? "NaN" : "infinite"} in epoch ${epoch}, step ${step}, at a learning rate of ${learningRate}. ` +
        `Train again with a smaller one, such as ${Number(Math.min(learningRate / 10, 0.001).toPrecision(2))}.`,
    );
    this.name = "DivergedError";
  }
}

/** Counts and mean loss of a pass, every counted pixel weighing the same whatever batch it was in. */
class PassTotals {
  readonly confusion: ConfusionMatrix;
  #lossSum = 0;
  #pixels = 0;
  #hits = 0;

  constructor(counted: readonly LandClass[]) {
    this.confusion = new ConfusionMatrix(counted.map(({ id }) => id));
  }

  add(loss: number, confusion: ArrayLike<number>): void {
    this.confusion.addCounts(confusion);
    const { size } = this.confusion;
    let pixels = 0;
    for (let cell = 0; cell < confusion.length; cell++) {
      pixels += confusion[cell] as number;
    }
    for (let index = 0; index < size; index++) {
      this.#hits += confusion[index * size + index] as number;
    }
    this.#lossSum += loss * pixels;
    this.#pixels += pixels;
  }

  get loss(): number {
    return this.#pixels === 0 ? 0 : this.#lossSum / this.#pixels;
  }

  get accuracy(): number {
    return this.#pixels === 0 ? 0 : this.#hits / this.#pixels;
  }
}

/**
 * Trains epoch after epoch, each followed by a measurement over the whole validation part. The same settings, data and machine give the same run, also when it
 * was stopped after an epoch and taken up again. Throws `DivergedError` when the loss is no longer a number, and whatever the trainer throws.
 */
export async function runTrainingLoop(options: TrainingLoopOptions): Promise<LoopEnd> {
  const { settings, training, validation, counted, stop, onEpoch } = options;
  const trainingSteps = training.batchCount;
  const validationSteps = validation.batchCount;
  const clock = new StepClock();
  const stepLimit = settings.maxSteps ?? Infinity;
  const history = [...options.finished];
  const stepsOf = ({ steps = trainingSteps }: EpochRecord): number => steps;
  const updatesOf = (steps: number): number => Math.ceil(steps / settings.accumulation);
  let stepsDone = history.reduce((sum, record) => sum + stepsOf(record), 0);
  const totalSteps = Math.min(settings.epochs * trainingSteps, stepLimit);

  const report = (epoch: number, phase: StepReport["phase"], step: number, totals: PassTotals): void => {
    const isTraining = phase === "training" || phase === "preparing" || phase === "paused";
    const leftTraining = isTraining ? Math.min(trainingSteps - step, stepLimit - stepsDone) : 0;
    const leftValidation = phase === "validating" ? validationSteps - step : isTraining ? validationSteps : 0;
    const epochEtaSeconds = clock.secondsFor(leftTraining, leftValidation);
    const laterSteps = Math.max(
      0,
      Math.min((settings.epochs - epoch) * trainingSteps, stepLimit - stepsDone - leftTraining),
    );
    const laterSeconds = clock.secondsFor(
      laterSteps,
      Math.ceil(laterSteps / trainingSteps) * validationSteps,
    );
    const work = trainingSteps + validationSteps / 3;
    const doneOfEpoch = isTraining ? step : trainingSteps + (phase === "saving" ? validationSteps : step) / 3;
    const byEpochs = (epoch - 1 + doneOfEpoch / work) / settings.epochs;
    options.onStep({
      epoch,
      step,
      stepsPerEpoch: phase === "validating" ? validationSteps : trainingSteps,
      loss: totals.loss,
      accuracy: totals.accuracy,
      stepMilliseconds: clock.stepMilliseconds ?? 0,
      epochEtaSeconds,
      totalEtaSeconds:
        epochEtaSeconds === null || laterSeconds === null ? null : epochEtaSeconds + laterSeconds,
      phase,
      progress: Math.min(1, Math.max(byEpochs, stepLimit === Infinity ? 0 : stepsDone / stepLimit)),
    });
  };

  for (let epoch = history.length + 1; epoch <= settings.epochs; epoch++) {
    if (stepsDone >= stepLimit) {
      return "step-limit";
    }
    if (isDone(history, settings)) {
      return "no-improvement";
    }
    const started = performance.now();
    const updatesBefore = history.reduce((sum, record) => sum + updatesOf(stepsOf(record)), 0);
    const trained = new PassTotals(counted);
    const pass = { shuffle: { seed: settings.seed, epoch } };
    let learningRate = settings.learningRate;
    report(epoch, "preparing", 0, trained);
    let step = 0;
    // Those whose gradients are in the weights: a stop between two updates drops what was added up since the last.
    let stepsInWeights = 0;
    let waited = 0;
    let paused = 0;
    await eachBatch(
      training.batches(pass, { signal: stop }),
      async (batch, waitedMilliseconds) => {
        if (options.isPaused()) {
          report(epoch, "paused", step, trained);
          const pausedAt = performance.now();
          await options.whilePaused();
          paused += performance.now() - pausedAt;
        }
        if (stop.aborted || stepsDone >= stepLimit) {
          return false;
        }
        waited += waitedMilliseconds;
        const before = performance.now();
        learningRate = learningRateAt(settings.learningRate, settings.schedule, {
          step: stepsDone + 1,
          stepsPerEpoch: trainingSteps,
          totalSteps,
          finished: history,
        });
        // What is left over at an epoch's end is an update too: nothing learned is carried beyond a checkpoint.
        const isUpdate =
          (step + 1) % settings.accumulation === 0 ||
          step + 1 === trainingSteps ||
          stepsDone + 1 >= stepLimit;
        const outcome = await options.trainer.step(batch, {
          learningRate,
          step: stepsDone + 1,
          update: isUpdate ? updatesBefore + updatesOf(step + 1) : null,
        });
        clock.trained(performance.now() - before);
        step++;
        stepsDone++;
        stepsInWeights = isUpdate ? step : stepsInWeights;
        if (!Number.isFinite(outcome.loss)) {
          throw new DivergedError(outcome.loss, epoch, step, learningRate);
        }
        trained.add(outcome.loss, outcome.confusion);
        report(epoch, "training", step, trained);
        return true;
      },
      () => stop.aborted,
    );
    const trainingMilliseconds = performance.now() - started - paused;
    // Only the first epoch is worth finishing after a stop: later there is a best one already.
    const isLeft = (): boolean =>
      stop.aborted && !(epoch === 1 && stepsInWeights > 0 && options.keepsFirstSteps());
    if (isLeft()) {
      return "stopped";
    }

    const validated = new PassTotals(counted);
    let validationStep = 0;
    report(epoch, "validating", 0, validated);
    const validationBatches = validation.batches({ shuffle: null }, epoch === 1 ? {} : { signal: stop });
    await eachBatch(
      validationBatches,
      async (batch) => {
        if (isLeft()) {
          return false;
        }
        const before = performance.now();
        const outcome = await options.trainer.evaluate(batch, { predict: false });
        clock.validated(performance.now() - before);
        validationStep++;
        if (!Number.isFinite(outcome.loss)) {
          throw new DivergedError(outcome.loss, epoch, step, learningRate);
        }
        validated.add(outcome.loss, outcome.confusion);
        report(epoch, "validating", validationStep, validated);
        return true;
      },
      isLeft,
    );
    if (validationStep < validationSteps) {
      return "stopped";
    }

    report(epoch, "saving", 0, validated);
    const measured = evaluationReport(validated.confusion, [...counted]);
    const record: EpochRecord = {
      epoch,
      steps: stepsInWeights,
      loss: trained.loss,
      accuracy: trained.accuracy,
      valLoss: validated.loss,
      valAccuracy: validated.accuracy,
      valMeanIou: measured.meanIou ?? 0,
      valClassIou: measured.perClass.map(({ iou }) => iou),
      learningRate,
      seconds: (performance.now() - started) / 1000,
      waitShare: trainingMilliseconds === 0 ? 0 : Math.min(1, waited / trainingMilliseconds),
    };
    history.push(record);
    await onEpoch({
      record,
      confusion: validated.confusion,
      stepMilliseconds: clock.stepMilliseconds,
    });
    if (stop.aborted) {
      return "stopped";
    }
    if (epoch < settings.epochs && isDone(history, settings)) {
      return "no-improvement";
    }
  }
  return stepsDone >= stepLimit ? "step-limit" : "all-epochs";
}

function isDone(history: readonly EpochRecord[], { earlyStopping }: TrainingSettings): boolean {
  return earlyStopping !== null && isExhausted(history, earlyStopping);
}

/** Goes through batches until `use` answers false; `waited` is how long each was waited for. A stop while waiting ends it quietly. */
async function eachBatch(
  batches: AsyncGenerator<TileBatch>,
  use: (batch: TileBatch, waitedMilliseconds: number) => Promise<boolean>,
  isLeft: () => boolean,
): Promise<void> {
  try {
    for (;;) {
      const asked = performance.now();
      let next: IteratorResult<TileBatch>;
      try {
        next = await batches.next();
      } catch (error) {
        if (isLeft()) {
          return;
        }
        throw error;
      }
      if (next.done === true || !(await use(next.value, performance.now() - asked))) {
        return;
      }
    }
  } finally {
    await batches.return(undefined);
  }
}
