import { freemem } from "node:os";
import { isDeepStrictEqual } from "node:util";
import type { JobResult } from "#shared/jobs/job.ts";
import { centredNormalization } from "#shared/training/normalization.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Run, RunState } from "#shared/training/run.ts";
import { createEngineTrainer, modelOfRun, type Engine, type Trainer } from "../engine/index.ts";
import { fileError, toHostError } from "../host-error.ts";
import { HostClosing, type JobContext } from "../jobs/index.ts";
import type { Project } from "../projects/index.ts";
import {
  appendLog,
  appendTensorBoard,
  architectureEntry,
  claimRun,
  clearLeftovers,
  cutTornTails,
  expectWeights,
  keepGround,
  keepWeightsSum,
  pendingWeights,
  readGround,
  releaseRun,
  settleWeights,
  type Runs,
} from "../runs/index.ts";
import { findNormalization, TileCache, TileFeed } from "../network-tiles/index.ts";
import { readFirstWeights, type FirstWeights } from "./first-weights.ts";
import { groundPixelMeters } from "./ground-pixel-meters.ts";
import type { LabelCensus } from "./label-census.ts";
import { exhaustedSentence, smallerBatch } from "./memory-limit.ts";
import { choosePreviewTiles, previewTiles } from "./preview-tiles.ts";
import type { RunEvents } from "./run-events.ts";
import { dataFingerprint, groundOfTiles, isSameGround } from "./training-ground.ts";
import { tileVariation, trainingRequest } from "./training-request.ts";
import { prepareTrainingData, type TrainingData } from "./training-data.ts";
import { runTrainingLoop, type FinishedEpoch, type LoopEnd } from "./training-loop.ts";

/** What a training job works with. */
export interface TrainingJob {
  readonly project: Project;
  readonly runId: string;
  readonly runs: Runs;
  readonly engine: Engine;
  readonly census: LabelCensus;
  readonly events: RunEvents;
  /** Aborted by `training.stop`: what was learned is kept, even in the first epoch. */
  readonly stop: AbortSignal;
  /** The run's state while it is trained. */
  readonly running: Extract<RunState, { kind: "running" }>;
  /** Whether it is to go on by itself at the next start, should the host close in the middle. */
  readonly goesOn: () => Promise<boolean>;
}

/** Decoded tiles kept for the next epoch: at most this, and a quarter of the memory that is free. */
const MOST_CACHE_BYTES = 2 * 2 ** 30;

/**
 * Trains a run from where it stands to its end, and writes it down after each epoch: weights, `run.json`, then the weights' names. A stop
 * returns; anything that fails leaves the run `failed` with a sentence and what earlier epochs came to. Where the host closes, a run of a queue waits for its next
 * start.
 */
export async function carryOutTraining(job: TrainingJob, context: JobContext): Promise<JobResult> {
  const { project, runId, runs, events } = job;
  const stop = AbortSignal.any([context.signal, job.stop]);
  const { directory } = await runs.get(project.id, runId);
  const update = async (change: (run: Run) => Run): Promise<Run> => {
    const run = await runs.update(project.id, runId, change);
    events.emit(runId, { kind: "run", run });
    return run;
  };
  const settle = (state: RunState): Promise<Run> => update((run) => ({ ...run, state }));
  const goesOn = async (): Promise<boolean> =>
    context.signal.reason instanceof HostClosing && (await job.goesOn());

  if (
    (await claimRun(directory)) === "taken" &&
    (await runs.adopt(project, directory)).run.state.kind !== "queued"
  ) {
    throw new RpcError("conflict", "This run was trained by another Orthomask while it waited for its turn.");
  }
  let trainer: Trainer | null = null;
  try {
    await settle(job.running);
    await cutTornTails(directory);
    await clearLeftovers(directory, (await runs.get(project.id, runId)).run);
    context.report({ progress: null, detail: "reading labels" });
    const started = await startTraining(job, directory, update, stop);
    trainer = started.trainer;
    const end = await train(job, context, { ...started, directory, stop, update });
    const { history } = (await runs.get(project.id, runId)).run;
    if (end === "stopped" && (await goesOn())) {
      await settle(nextInLine);
      stop.throwIfAborted();
    }
    if (end === "stopped" && history.length === 0) {
      // Nothing worth keeping was finished: the job counts as cancelled.
      await settle({ kind: "interrupted" });
      stop.throwIfAborted();
    }
    await settle({ kind: "finished", reason: end });
    return { kind: "training", runId };
  } catch (error) {
    const { run } = await runs.get(project.id, runId);
    if (run.state.kind === "running") {
      const isStopped = stop.aborted && error === stop.reason;
      await settle(
        !isStopped ? failedState(error, run) : (await goesOn()) ? nextInLine : { kind: "interrupted" },
      );
    }
    throw error;
  } finally {
    await trainer?.close();
    // An engine that was killed while it wrote weights leaves half of them.
    await runs
      .get(project.id, runId)
      .then(({ run }) => clearLeftovers(directory, run))
      .catch(() => undefined);
    await releaseRun(directory);
  }
}

/** Before all that wait: it has begun already. */
const nextInLine: RunState = { kind: "queued", turn: 0 };

interface StartedTraining {
  readonly data: TrainingData;
  readonly trainer: Trainer;
  readonly training: TileFeed;
  readonly validation: TileFeed;
}

async function startTraining(
  { project, runId, runs, engine, census }: TrainingJob,
  directory: string,
  update: (change: (run: Run) => Run) => Promise<Run>,
  signal: AbortSignal,
): Promise<StartedTraining> {
  const { run } = await runs.get(project.id, runId);
  const isFresh = run.history.length === 0;
  const choice = {
    census,
    count: "wait",
    classes: run.classes,
    signal,
    stride: architectureEntry(run.settings.architecture).stride,
  } as const;
  // Epochs of one run are of the same tiles, whatever was labelled since.
  const ground = isFresh ? null : await readGround(directory);
  const data = await prepareTrainingData(project, run.settings, { ...choice, ground });
  if (ground !== null) {
    await tellOfOtherTiles(project, run, data, () => prepareTrainingData(project, run.settings, choice));
  }
  const images = await Promise.all(data.mosaics.map(({ id }) => project.image(id)));
  const firstWeights = isFresh ? await readFirstWeights(directory) : null;
  const input = isFresh ? await freshInput(images, data.shape.bands, firstWeights, signal) : run.input;
  const shape = { ...data.shape, bands: input.bands };
  const client = await engine.client();
  const info = await client.engine.info().catch(async (error: unknown) => {
    throw await engine.explained(error);
  });
  signal.throwIfAborted();
  const trainer = await createEngineTrainer(engine, {
    ...trainingRequest(
      { ...data, shape },
      run.settings,
      input.normalization,
      isFresh ? null : await expectWeights({ run, directory }, "last"),
    ),
    initialWeights: firstWeights?.path ?? null,
    initialWeightsInput: firstWeights?.input ?? null,
  });
  const { weights } = trainer;
  const pixelMeters = groundPixelMeters(data.mosaics);
  if (ground === null) {
    await keepGround(directory, groundOfTiles(data.split));
  }
  await update((before) => ({
    ...before,
    input,
    ...(firstWeights !== null && weights !== null
      ? { startedFrom: { ...weights, source: firstWeights.name } }
      : {}),
    ...(pixelMeters === null ? {} : { pixelMeters }),
    parameters: trainer.parameters,
    trainableParameters: trainer.trainableParameters,
    trainingMosaicIds: [...new Set(data.split.training.map(({ mosaicId }) => mosaicId))],
    validationMosaicIds: [...new Set(data.split.validation.map(({ mosaicId }) => mosaicId))],
    ...(data.labels === null ? {} : dataKnown(before, dataFingerprint(data.split, data.labels))),
    madeWith: {
      ...before.madeWith,
      tensorflow: info.tensorflowVersion,
      device: `${info.device}: ${info.deviceName}`,
    },
  }));
  const feedOptions = {
    shape,
    normalization: input.normalization,
    batch: run.settings.batch,
    cache: new TileCache(Math.min(MOST_CACHE_BYTES, freemem() / 4)),
  };
  return {
    data: { ...data, shape },
    trainer,
    training: new TileFeed(project, data.split.training, {
      ...feedOptions,
      variation: tileVariation(run.settings, data),
    }),
    validation: new TileFeed(project, data.split.validation, feedOptions),
  };
}

/** What a run says it was trained and measured on, once it begins or goes on with this data. */
function dataKnown(run: Run, data: NonNullable<Run["data"]>): Pick<Run, "data" | "relabelled"> {
  const { history, relabelled = [] } = run;
  // What was told of epochs that never ended, or were left out since, holds no more.
  const earlier = relabelled.filter(({ fromEpoch }) => fromEpoch <= history.length);
  const latest = earlier.at(-1)?.data ?? run.data;
  if (history.length === 0 || latest === undefined) {
    return { data };
  }
  if (!isDeepStrictEqual(latest, data)) {
    return { relabelled: [...earlier, { fromEpoch: history.length + 1, data }] };
  }
  return earlier.length === relabelled.length ? {} : { relabelled: earlier };
}

/** Says so where a run goes on with its tiles although its settings would choose others by now. */
async function tellOfOtherTiles(
  project: Project,
  run: Run,
  kept: TrainingData,
  prepareAnew: () => Promise<TrainingData>,
): Promise<void> {
  // Where they choose none any more, there is nothing that a new run could learn from.
  const anew = await prepareAnew().catch(() => null);
  const id = `kept-tiles-${run.id}`;
  if (anew === null || isSameGround(anew.split, kept.split)) {
    project.clearProblem(id);
    return;
  }
  project.addProblem({
    ...{ id, severity: "warning", file: null, mosaicId: null },
    message: `Other ground is labelled than when ${run.name} began: it goes on with the tiles it began with, so that its epochs stay comparable. To learn from all that is labelled now, train a new run that begins with its weights.`,
  });
}

/** How a new run's tiles become numbers; the way that its first weights are used to. */
async function freshInput(
  images: Parameters<typeof findNormalization>[0],
  bands: readonly number[],
  firstWeights: FirstWeights | null,
  signal: AbortSignal,
): Promise<Run["input"]> {
  const normalization = await findNormalization(images, bands, { signal });
  const isCentred = firstWeights !== null && ["imagenet", "centred"].includes(firstWeights.input ?? "");
  return {
    bands: [...bands],
    normalization: isCentred ? centredNormalization(normalization) : normalization,
  };
}

async function train(
  { project, runId, runs, events, stop: userStop }: TrainingJob,
  context: JobContext,
  started: StartedTraining & {
    readonly directory: string;
    readonly stop: AbortSignal;
    readonly update: (change: (run: Run) => Run) => Promise<Run>;
  },
): Promise<LoopEnd> {
  const { data, trainer, training, validation, directory, stop, update } = started;
  const { run } = await runs.get(project.id, runId);
  const shown = choosePreviewTiles(data.split.validation, data.labels);

  const onEpoch = async ({ record, confusion, stepMilliseconds }: FinishedEpoch): Promise<void> => {
    const { best } = (await runs.get(project.id, runId)).run;
    const pendingPath = pendingWeights(directory, record.epoch);
    await trainer.save(pendingPath).catch((error: unknown) => {
      throw fileError(error, pendingPath);
    });
    await keepWeightsSum(directory, pendingPath, record.epoch, (await runs.get(project.id, runId)).run);
    const isBest = best === null || record.valMeanIou > best.meanIou;
    // With this the epoch counts: its weights are there, and get their names now or when the run is taken up again.
    const told = await update((before) => ({
      ...before,
      history: [...before.history, record],
      stepMilliseconds,
      best: isBest
        ? { epoch: record.epoch, meanIou: record.valMeanIou, confusion: confusion.toRows() }
        : before.best,
    }));
    await settleWeights(directory, told).catch((error: unknown) => {
      throw fileError(error, directory);
    });
    await appendLog(directory, record);
    await appendTensorBoard(directory, record, { isFirst: record.epoch === 1 });
    events.emit(runId, { kind: "epoch", record });
    const tiles = await previewTiles(shown, data, validation, trainer, data.settings.batch);
    events.emit(runId, { kind: "previews", epoch: record.epoch, tiles });
  };

  return runTrainingLoop({
    trainer,
    training,
    validation,
    settings: run.settings,
    counted: data.counted,
    finished: run.history,
    stop,
    keepsFirstSteps: () => userStop.aborted && !context.signal.aborted,
    whilePaused: () => context.whilePaused(),
    isPaused: () => context.paused,
    onStep: ({ progress, ...step }) => {
      events.emit(runId, { kind: "step", ...step });
      context.report({
        progress,
        detail: `epoch ${step.epoch} of ${run.settings.epochs}${step.phase === "validating" ? ", validating" : ""}`,
        etaSeconds: step.totalEtaSeconds,
      });
    },
    onEpoch,
  });
}

/** How a run failed, what of it is kept, and where memory ran out what would fit. */
function failedState(error: unknown, run: Run): RunState {
  const { best, history, settings } = run;
  const { message, code } = toHostError(error);
  const isExhausted = code === "out-of-memory";
  const smaller = isExhausted ? smallerBatch(settings.batch) : null;
  const reason = isExhausted ? exhaustedSentence(message, modelOfRun(run), settings, smaller) : message;
  return {
    kind: "failed",
    message:
      best === null
        ? reason
        : `${reason} The best so far, epoch ${best.epoch}, is kept, and training can go on after epoch ${history.length}.`,
    smallerBatch: smaller,
  };
}
