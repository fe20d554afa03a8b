import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import type { contract } from "#shared/contract.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import { hasLabels } from "#shared/project/mosaic.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { GroundSplit } from "#shared/training/saved-split.ts";
import { RUN_VERSION, type Run, type RunEvent } from "#shared/training/run.ts";
import {
  nothingFitsSentence,
  type WeightsReport,
  type WeightsSource,
} from "#shared/training/weights-report.ts";
import type { TrainingMeasure, TrainingPlan, TrainingSettings } from "#shared/training/training-settings.ts";
import { listArchitectures, listLosses } from "../../engine/catalog.ts";
import { createEngineTrainer, type Engine } from "../engine/index.ts";
import { toHostError } from "../host-error.ts";
import { isUnfinished, type Jobs } from "../jobs/index.ts";
import type { Project } from "../projects/index.ts";
import { keepSplitWithRun, restoreSplitOfRun } from "../saved-splits/index.ts";
import {
  architectureEntry,
  claimRun,
  goBackToBest,
  releaseRun,
  expectWeights,
  readGround,
  type Runs,
  type StoredRun,
} from "../runs/index.ts";
import { findNormalization, TileCache, TileFeed } from "../network-tiles/index.ts";
import { weightsOfRun, writeFirstWeights, type FirstWeights } from "./first-weights.ts";
import { LabelCensus } from "./label-census.ts";
import { measureTraining } from "./measure-training.ts";
import { memoryLimit, refuseTooLarge, type MemoryLimit } from "./memory-limit.ts";
import { checkLoss, modelSettings, planTraining } from "./plan-training.ts";
import { presets } from "./presets.ts";
import { RunEvents } from "./run-events.ts";
import { suggestSettings } from "./suggest-settings.ts";
import { leftOutSentence } from "./left-out-classes.ts";
import { labelledMosaics, prepareTrainingData, splitMosaics, type TrainingData } from "./training-data.ts";
import { groundOfTiles } from "./training-ground.ts";
import { TrainingQueue, type StartedRun } from "./training-queue.ts";
import { tileVariation, trainingRequest } from "./training-request.ts";

export { leftOutSentence } from "./left-out-classes.ts";
export { LabelCensus, labelKnowledge } from "./label-census.ts";
export { labelledMosaics, splitMosaics } from "./training-data.ts";
export { ENGINE_LANE, type StartedRun } from "./training-queue.ts";
export { pixelMeters } from "./ground-pixel-meters.ts";

/** How long a plan waits for masks that are still being counted. */
const PLAN_PATIENCE_MILLISECONDS = 1500;
const MEASURE_CACHE_BYTES = 256 * 2 ** 20;

export interface TrainingOptions {
  readonly projects: { get(projectId: string): Project };
  readonly jobs: Jobs;
  readonly engine: Engine;
  readonly runs: Runs;
  readonly version: string;
  /** Files that a page may name by the ids it was given. */
  readonly files: { resolveFile(fileId: string): Promise<string> };
}

/** A run that can be trained, before it is written. */
interface RunDraft {
  readonly name: string | null;
  readonly content: Omit<Run, "id" | "name" | "createdAt" | "state">;
  /** What it begins with; null where that is drawn. */
  readonly begun: FirstWeights | null;
}

/** What a new training is made of. */
export interface NewTraining {
  readonly settings: TrainingSettings;
  /** Null for the network's name and a number. */
  readonly name: string | null;
}

/** Limits that a run gets when it is taken up again. */
interface RunLimits {
  readonly epochs?: number | undefined;
  readonly maxSteps?: number | null | undefined;
  /** "best" leaves out the epochs after the best one, where the last one's weights are damaged; the last one unless told otherwise. */
  readonly from?: "last" | "best" | undefined;
}

interface StartOptions {
  /** Where the run goes instead of the project's own storage. */
  readonly directory?: string | undefined;
  /** What it learns instead of the project's classes. */
  readonly classes?: readonly LandClass[];
  readonly weights?: FirstWeights | null;
}

/** Plans, measures, starts and stops trainings. */
export class Training {
  readonly #options: TrainingOptions;
  readonly #census = new LabelCensus();
  readonly #events = new RunEvents();
  #device: "cpu" | "gpu" | null = null;
  readonly #queue: TrainingQueue;
  /** Runs of an earlier session, by project, as they were taken up when it was opened. */
  readonly #goneOn = new Map<string, Promise<StartedRun[]>>();

  /** Runs that are about to be taken up again. */
  readonly #resuming = new Set<string>();

  constructor(options: TrainingOptions) {
    this.#options = options;
    this.#queue = new TrainingQueue({ ...options, census: this.#census, events: this.#events });
  }

  /** The recipe that fits this project's data and this machine. */
  async suggest(project: Project): Promise<TrainingSettings> {
    await project.settled();
    const ready = project.snapshot().mosaics.filter((mosaic) => mosaic.kind === "ready");
    const labelled = ready.filter(({ mask }) => hasLabels(mask));
    return suggestSettings(
      splitMosaics(project, labelled.length > 0 ? labelled : ready),
      await this.#learnDevice(),
    );
  }

  /** What a training would be; class shares are null while masks are still being counted. */
  async plan(
    project: Project,
    settings: TrainingSettings,
    options: { readonly classes?: readonly LandClass[] | undefined } = {},
  ): Promise<TrainingPlan> {
    const counting = this.#prepare(project, settings, "wait", options);
    // It goes on in the background for the next plan; what fails is told by the one that is waited for.
    counting.catch(() => undefined);
    const counted = await Promise.race([counting, afterMilliseconds(PLAN_PATIENCE_MILLISECONDS)]);
    return planTraining(
      counted ?? (await this.#prepare(project, settings, "if-known", options)),
      this.#memory(),
    );
  }

  /** Times a few real steps; refuses while a training runs, which would be slowed and slow it. */
  async measure(
    project: Project,
    settings: TrainingSettings,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<TrainingMeasure> {
    const { engine, jobs } = this.#options;
    if (
      jobs
        .list()
        .some(
          ({ kind, state }) =>
            !["export", "report", "pyramid", "import", "merge"].includes(kind) && isUnfinished(state),
        )
    ) {
      throw new RpcError("conflict", "The engine is busy with another job: measure when it has ended.");
    }
    checkLoss(settings);
    const data = await this.#prepare(project, settings, "wait", { signal });
    const images = await Promise.all(data.mosaics.map(({ id }) => project.image(id)));
    const normalization = await findNormalization(images, data.shape.bands, { signal });
    const status = await engine.status();
    if (status.kind === "unavailable") {
      throw new RpcError("unsupported", status.reason);
    }
    signal.throwIfAborted();
    const trainer = await createEngineTrainer(engine, trainingRequest(data, settings, normalization, null));
    try {
      const feedOptions = {
        shape: data.shape,
        normalization,
        batch: settings.batch,
        cache: new TileCache(MEASURE_CACHE_BYTES),
      };
      const feeds = {
        training: new TileFeed(project, data.split.training, {
          ...feedOptions,
          variation: tileVariation(settings, data),
        }),
        validation: new TileFeed(project, data.split.validation, feedOptions),
      };
      return await measureTraining(trainer, feeds, settings, status.device, { signal });
    } finally {
      await trainer.close();
    }
  }

  /** Writes a new run and starts its job, or lets it wait for its turn. */
  async start(
    project: Project,
    settings: TrainingSettings,
    options: StartOptions & { readonly name?: string | null } = {},
  ): Promise<StartedRun> {
    const draft = await this.#draft(project, { settings, name: options.name ?? null }, options);
    return this.#enqueue(project, draft, options, { fromQueue: false });
  }

  /**
   * Queues several trainings, in this order, to go on in the next session if this one ends before them. None is written unless all can be trained; what can't is
   * named.
   */
  async startAll(
    project: Project,
    trainings: readonly NewTraining[],
    options: Omit<StartOptions, "directory"> = {},
  ): Promise<StartedRun[]> {
    const drafts: RunDraft[] = [];
    for (const training of trainings) {
      try {
        drafts.push(await this.#draft(project, training, options));
      } catch (error) {
        const { code, message } = toHostError(error);
        throw new RpcError(code, `${training.name ?? "One of them"} can't be trained: ${message}`, {
          cause: error,
        });
      }
    }
    const started: StartedRun[] = [];
    try {
      for (const draft of drafts) {
        started.push(await this.#enqueue(project, draft, options, { fromQueue: true }));
      }
    } catch (error) {
      await this.#takeBack(project, started);
      throw error;
    }
    return started;
  }

  /** Removes runs that have only just been queued. */
  async #takeBack(project: Project, started: readonly StartedRun[]): Promise<void> {
    const { jobs, runs } = this.#options;
    // From the last to the first, so that none begins when the one before it ends.
    for (const { jobId } of started.toReversed()) {
      jobs.cancel(jobId);
    }
    for (const { runId, done } of started) {
      await done;
      await runs.remove(project.id, runId).catch((error: unknown) => {
        console.error(`The run ${runId} could not be removed: ${toHostError(error).message}`);
      });
    }
  }

  /**
   * Takes up what an earlier session has left in the queue; later calls answer the same. Nothing else does: who only looks into a project must not begin to
   * train.
   */
  goOn(project: Project): Promise<StartedRun[]> {
    const going = this.#goneOn.get(project.id) ?? project.settled().then(() => this.#queue.goOn(project));
    this.#goneOn.set(project.id, going);
    return going;
  }

  /** Ends with the host: closes the jobs and waits until every run has been written as it is to be found. */
  close(closeJobs: () => Promise<void>): Promise<void> {
    return this.#queue.close(closeJobs);
  }

  async #draft(
    project: Project,
    { settings, name }: NewTraining,
    { weights = null, classes }: StartOptions,
  ): Promise<RunDraft> {
    checkLoss(settings);
    if (settings.freezeEncoder && weights === null) {
      throw new RpcError(
        "invalid-input",
        "A frozen encoder needs weights to begin with: at random it would stay as it was drawn.",
      );
    }
    await project.settled();
    const { version } = this.#options;
    // What can be known to fail fails here, not in the job.
    const mosaicIds = labelledMosaics(project, settings.mosaicIds).map(({ id }) => id);
    // The run says which mosaics it was made from: one added later must not move the split when it is taken up again.
    const ownSettings = { ...settings, mosaicIds };
    const data = await this.#prepare(project, ownSettings, "if-known", { classes });
    // A card's own memory isn't known beforehand: there TensorFlow says when it is exhausted.
    await this.#learnDevice();
    const plan = planTraining(data, this.#memory());
    refuseTooLarge(plan, settings.batch);
    let begun: FirstWeights | null = null;
    if (weights !== null) {
      // Refused here if nothing fits, not in the job.
      const report = await this.checkWeights(data, weights);
      begun = { ...weights, input: report.input ?? "unit" };
      if (report.loaded.length === 0) {
        throw new RpcError(
          "invalid-input",
          nothingFitsSentence(report, architectureEntry(settings.architecture).name),
        );
      }
    }
    return {
      name,
      begun,
      content: {
        version: RUN_VERSION,
        settings: ownSettings,
        classes: [...data.classes],
        input: { bands: [...data.shape.bands], normalization: { kind: "uint8" } },
        parameters: plan.parameters,
        trainableParameters: plan.trainableParameters,
        trainingMosaicIds: [...new Set(data.split.training.map(({ mosaicId }) => mosaicId))],
        validationMosaicIds: [...new Set(data.split.validation.map(({ mosaicId }) => mosaicId))],
        stepMilliseconds: null,
        history: [],
        best: null,
        madeWith: { orthomask: version, tensorflow: "unknown", device: "unknown" },
      },
    };
  }

  async #enqueue(
    project: Project,
    { name, content, begun }: RunDraft,
    { directory }: StartOptions,
    options: { readonly fromQueue: boolean },
  ): Promise<StartedRun> {
    const { runs } = this.#options;
    const { architecture, split } = content.settings;
    const present = (await runs.list(project)).map(({ run }) => run);
    // Later than all others, so that those of a sweep are listed in its order.
    const newest = present[0] === undefined ? 0 : Date.parse(present[0].createdAt) + 1;
    const createdAt = new Date(Math.max(Date.now(), Math.min(newest, Date.now() + 1000))).toISOString();
    const run = {
      ...content,
      id: `${architecture}-${createdAt.slice(0, 19).replaceAll(/\D/g, "")}-${randomBytes(2).toString("hex")}`,
      name: name ?? `${architectureEntry(architecture).name} ${present.length + 1}`,
      createdAt,
    };
    return this.#queue.add(
      project,
      run,
      async (turn) => {
        const stored = await runs.add(project, { ...run, state: { kind: "queued", turn } }, directory);
        if (begun !== null) {
          await writeFirstWeights(stored.directory, begun);
        }
        if (split.kind === "saved") {
          await keepSplitWithRun(project, split.splitId, stored.directory);
        }
        return stored;
      },
      options,
    );
  }

  /** What a network for this data would take from a file of weights. */
  async checkWeights(
    data: Pick<TrainingData, "settings" | "shape" | "counted">,
    { path, name, input }: FirstWeights,
  ): Promise<WeightsReport> {
    const { engine } = this.#options;
    try {
      const client = await engine.client();
      const report = await client.engine.inspectWeights({ model: modelSettings(data), path, input });
      return { ...report, source: name };
    } catch (error) {
      throw await engine.explained(error);
    }
  }

  /** Where the weights are that a page chose. Throws `not-found`, and `conflict` for a run without a finished epoch. */
  async #weightsOf(projectId: string, source: WeightsSource): Promise<FirstWeights> {
    if (source.kind === "run") {
      return weightsOfRun(await this.#options.runs.get(projectId, source.runId));
    }
    const filePath = await this.#options.files.resolveFile(source.fileId);
    return { path: filePath, name: basename(filePath), input: source.input };
  }

  /** Takes a run up after its last finished epoch; `epochs` and `maxSteps` may raise its limits. Throws `conflict` while it runs, or when it is complete. */
  async resume(project: Project, runId: string, limits: RunLimits = {}): Promise<StartedRun> {
    // Before anything is waited for, so that of two calls together only one goes on.
    if (this.#resuming.has(runId)) {
      throw new RpcError("conflict", "This run is being taken up already.");
    }
    this.#resuming.add(runId);
    try {
      return await this.#resume(project, runId, limits);
    } finally {
      this.#resuming.delete(runId);
    }
  }

  async #resume(project: Project, runId: string, limits: RunLimits): Promise<StartedRun> {
    const { runs } = this.#options;
    const stored = await runs.get(project.id, runId);
    let { run } = stored;
    if (run.state.kind === "running") {
      throw new RpcError("conflict", `${run.name} is training already.`);
    }
    if (run.state.kind === "queued" && this.#queue.has(runId)) {
      throw new RpcError("conflict", `${run.name} waits for its turn already.`);
    }
    if (this.#queue.has(runId)) {
      // A run says how it ended a moment before its job has.
      await this.#queue.left(runId);
      return this.#resume(project, runId, limits);
    }
    if (limits.from === "best") {
      run = await this.#goBackToBest(project, stored);
    } else if (run.history.length > 0) {
      await expectWeights(stored, "last");
    }
    const epochs = limits.epochs ?? run.settings.epochs;
    if (run.history.length >= epochs) {
      throw new RpcError(
        "conflict",
        `${run.name} has finished all of its ${epochs} epochs: start a new run, or give it more epochs.`,
      );
    }
    if (run.settings.split.kind === "saved") {
      await restoreSplitOfRun(project, run.settings.split.splitId, stored.directory);
    }
    const maxSteps = limits.maxSteps === undefined ? run.settings.maxSteps : limits.maxSteps;
    const leftOut = leftOutSentence(run, project.snapshot().classes);
    const problem = { id: `left-out-${runId}`, severity: "warning", file: null, mosaicId: null } as const;
    if (leftOut === null) {
      project.clearProblem(problem.id);
    } else {
      project.addProblem({ ...problem, message: leftOut });
    }
    return this.#queue.add(
      project,
      run,
      async (turn) => {
        const { directory } = await runs.get(project.id, runId);
        await claimRun(directory);
        const resumed = await runs.update(project.id, runId, (before) => ({
          ...before,
          settings: { ...before.settings, epochs, maxSteps },
          state: { kind: "queued", turn },
        }));
        return { run: resumed, directory };
      },
      { fromQueue: false },
    );
  }

  async #goBackToBest(project: Project, stored: StoredRun): Promise<Run> {
    const { runs } = this.#options;
    const isNew = (await claimRun(stored.directory)) === "taken";
    try {
      const back = await goBackToBest(stored);
      return await runs.update(project.id, stored.run.id, (before) => ({ ...before, history: back.history }));
    } finally {
      if (isNew) {
        await releaseRun(stored.directory);
      }
    }
  }

  /** The tiles that a run used, by part. Of runs from before they were kept: those that its settings choose with the labels as they are now. */
  async groundOf(project: Project, { run, directory }: StoredRun): Promise<GroundSplit> {
    const kept = await readGround(directory);
    if (kept !== null) {
      return kept;
    }
    if (run.settings.split.kind === "saved") {
      await restoreSplitOfRun(project, run.settings.split.splitId, directory);
    }
    const { split } = await this.#prepare(project, run.settings, "wait", { classes: run.classes });
    return groundOfTiles(split);
  }

  /** Ends a training after its step in flight and keeps its best epoch; one that waits leaves the queue. */
  stop(runId: string): void {
    this.#queue.stop(runId);
  }

  /** The run as it is, then all that happens in it. */
  async *watch(
    projectId: string,
    runId: string,
    options: { readonly signal: AbortSignal },
  ): AsyncGenerator<RunEvent> {
    const { run } = await this.#options.runs.get(projectId, runId);
    yield* this.#events.watch(runId, { kind: "run", run }, options);
  }

  implementation(): Implementation<typeof contract>["training"] {
    const { projects } = this.#options;
    return {
      options: () => ({
        architectures: listArchitectures().map(
          ({ id, name, summary, source, width, stride, upsamplings }) => ({
            id,
            name,
            summary: `${summary} (${source})`,
            width,
            stride,
            upsamplings: [...upsamplings],
          }),
        ),
        losses: listLosses().map((loss) => ({ ...loss, parameters: [...loss.parameters] })),
        presets: [...presets],
      }),
      suggest: ({ projectId }) => this.suggest(projects.get(projectId)),
      plan: ({ projectId, settings }) => this.plan(projects.get(projectId), settings),
      measure: ({ projectId, settings }, context) => this.measure(projects.get(projectId), settings, context),
      checkWeights: async ({ projectId, settings, weights }) => {
        const data = await this.#prepare(projects.get(projectId), settings, "if-known", {});
        return this.checkWeights(data, await this.#weightsOf(projectId, weights));
      },
      start: async ({ projectId, settings, name, weights: source }) => {
        const weights =
          source === null || source === undefined ? null : await this.#weightsOf(projectId, source);
        const { runId, jobId } = await this.start(projects.get(projectId), settings, { name, weights });
        return { runId, jobId };
      },
      resume: async ({ projectId, runId, from }) => {
        const { jobId } = await this.resume(projects.get(projectId), runId, { from });
        return { jobId };
      },
      startAll: async ({ projectId, trainings, weights: source }) => {
        const weights =
          source === null || source === undefined ? null : await this.#weightsOf(projectId, source);
        const started = await this.startAll(projects.get(projectId), trainings, { weights });
        return { runIds: started.map(({ runId }) => runId) };
      },
      goneOn: async ({ projectId }) => {
        const gone = await (this.#goneOn.get(projectId) ?? []);
        return gone.map(({ runId }) => runId).filter((runId) => this.#queue.has(runId));
      },
      move: ({ projectId, runId, by }) => this.#queue.move(projects.get(projectId), runId, by),
      stop: ({ runId }) => {
        this.stop(runId);
      },
      watch: ({ projectId, runId }, context) => this.watch(projectId, runId, context),
    };
  }

  async #learnDevice(): Promise<"cpu" | "gpu"> {
    const status = await this.#options.engine.status();
    this.#device = status.kind === "ready" ? status.device : "cpu";
    return this.#device;
  }

  /** What the engine may use; null on a GPU, and while nobody has asked what it runs on. */
  #memory(): MemoryLimit | null {
    return this.#device === "cpu" ? memoryLimit() : null;
  }

  #prepare(
    project: Project,
    settings: TrainingSettings,
    count: "wait" | "if-known",
    options: {
      readonly classes?: readonly LandClass[] | undefined;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<TrainingData> {
    return prepareTrainingData(project, settings, {
      census: this.#census,
      count,
      stride: architectureEntry(settings.architecture).stride,
      classes: options.classes ?? null,
      signal: options.signal,
    });
  }
}

async function afterMilliseconds(milliseconds: number): Promise<null> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
  return null;
}
