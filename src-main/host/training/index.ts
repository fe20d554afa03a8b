import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import type { contract } from "#shared/contract.ts";
import type { JobState } from "#shared/jobs/job.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import { hasLabels } from "#shared/project/mosaic.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { GroundSplit, SplitPart } from "#shared/training/saved-split.ts";
import type { Run, RunEvent } from "#shared/training/run.ts";
import {
  nothingFitsSentence,
  type WeightsReport,
  type WeightsSource,
} from "#shared/training/weights-report.ts";
import type { TrainingMeasure, TrainingPlan, TrainingSettings } from "#shared/training/training-settings.ts";
import { listArchitectures, listLosses } from "../../engine/catalog.ts";
import { createEngineTrainer, type Engine } from "../engine/index.ts";
import { isUnfinished, type Jobs } from "../jobs/index.ts";
import type { Project } from "../projects/index.ts";
import { keepSplitWithRun, restoreSplitOfRun } from "../saved-splits/index.ts";
import { architectureEntry, type Runs, type StoredRun } from "../runs/index.ts";
import { findNormalization, TileCache, TileFeed } from "../network-tiles/index.ts";
import { weightsOfRun, writeFirstWeights, type FirstWeights } from "./first-weights.ts";
import { LabelCensus } from "./label-census.ts";
import { measureTraining } from "./measure-training.ts";
import { memoryLimit, refuseTooLarge, type MemoryLimit } from "./memory-limit.ts";
import { checkLoss, modelSettings, planTraining } from "./plan-training.ts";
import { presets } from "./presets.ts";
import { RunEvents } from "./run-events.ts";
import { suggestSettings } from "./suggest-settings.ts";
import { labelledMosaics, prepareTrainingData, splitMosaics, type TrainingData } from "./training-data.ts";
import { carryOutTraining } from "./training-job.ts";
import { tileVariation, trainingRequest } from "./training-request.ts";

export { LabelCensus, labelKnowledge } from "./label-census.ts";
export { labelledMosaics, splitMosaics } from "./training-data.ts";
export { pixelMeters } from "./ground-pixel-meters.ts";

/** Jobs that need the engine go one after another: two networks at once would need the memory of both. */
export const ENGINE_LANE = "engine";

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

/** A training that has begun. */
export interface StartedRun {
  readonly runId: string;
  readonly jobId: string;
  readonly directory: string;
  /** Never rejects. */
  readonly done: Promise<JobState>;
}

/** Plans, measures, starts and stops trainings. */
export class Training {
  readonly #options: TrainingOptions;
  readonly #census = new LabelCensus();
  readonly #events = new RunEvents();
  #device: "cpu" | "gpu" | null = null;
  readonly #underWay = new Map<string, { readonly jobId: string; readonly stop: AbortController }>();

  constructor(options: TrainingOptions) {
    this.#options = options;
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
      jobs.list().some(({ kind, state }) => !["export", "pyramid", "import"].includes(kind) && isUnfinished(state))
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

  /**
   * Writes a new run and starts its job; `directory` is where the run goes instead of the project's own storage, `classes` what it learns instead of the project's
   * classes.
   */
  async start(
    project: Project,
    settings: TrainingSettings,
    options: {
      readonly name?: string | null;
      readonly directory?: string | undefined;
      readonly classes?: readonly LandClass[];
      readonly weights?: FirstWeights | null;
    } = {},
  ): Promise<StartedRun> {
    checkLoss(settings);
    const { weights = null } = options;
    if (settings.freezeEncoder && weights === null) {
      throw new RpcError(
        "invalid-input",
        "A frozen encoder needs weights to begin with: at random it would stay as it was drawn.",
      );
    }
    await project.settled();
    const { runs, version } = this.#options;
    // What can be known to fail fails here, not in the job.
    const mosaicIds = labelledMosaics(project, settings.mosaicIds).map(({ id }) => id);
    // The run says which mosaics it was made from: one added later must not move the split when it is taken up again.
    const ownSettings = { ...settings, mosaicIds };
    const data = await this.#prepare(project, ownSettings, "if-known", { classes: options.classes });
    // A card's own memory isn't known beforehand: there TensorFlow says when it is exhausted.
    await this.#learnDevice();
    const plan = planTraining(data, this.#memory());
    refuseTooLarge(plan, settings.batch);
    const count = (await runs.list(project)).length;
    const createdAt = new Date().toISOString();
    const run: Omit<Run, "state"> = {
      version: 1,
      id: `${settings.architecture}-${createdAt.slice(0, 19).replaceAll(/\D/g, "")}-${randomBytes(2).toString("hex")}`,
      name: options.name ?? `${architectureEntry(settings.architecture).name} ${count + 1}`,
      createdAt,
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
    };
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
    return this.#startJob(project, run.id, run.name, async (jobId) => {
      const stored = await runs.add(
        project,
        { ...run, state: { kind: "running", jobId } },
        options.directory,
      );
      if (begun !== null) {
        await writeFirstWeights(stored.directory, begun);
      }
      if (settings.split.kind === "saved") {
        await keepSplitWithRun(project, settings.split.splitId, stored.directory);
      }
      return stored;
    });
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
  async resume(
    project: Project,
    runId: string,
    limits: { readonly epochs?: number | undefined; readonly maxSteps?: number | null | undefined } = {},
  ): Promise<StartedRun> {
    const { runs } = this.#options;
    const { run } = await runs.get(project.id, runId);
    if (run.state.kind === "running") {
      throw new RpcError("conflict", `${run.name} is training already.`);
    }
    const epochs = limits.epochs ?? run.settings.epochs;
    if (run.history.length >= epochs) {
      throw new RpcError(
        "conflict",
        `${run.name} has finished all of its ${epochs} epochs: start a new run, or give it more epochs.`,
      );
    }
    if (run.settings.split.kind === "saved") {
      const { directory } = await runs.get(project.id, runId);
      await restoreSplitOfRun(project, run.settings.split.splitId, directory);
    }
    const maxSteps = limits.maxSteps === undefined ? run.settings.maxSteps : limits.maxSteps;
    return this.#startJob(project, runId, run.name, async (jobId) => {
      const resumed = await runs.update(project.id, runId, (before) => ({
        ...before,
        settings: { ...before.settings, epochs, maxSteps },
        state: { kind: "running", jobId },
      }));
      const { directory } = await runs.get(project.id, runId);
      return { run: resumed, directory };
    });
  }

  /** The tiles that a run used, by part: what was counted of validation tiles, and whole tiles else. */
  async groundOf(project: Project, { run, directory }: StoredRun): Promise<GroundSplit> {
    if (run.settings.split.kind === "saved") {
      await restoreSplitOfRun(project, run.settings.split.splitId, directory);
    }
    const { split } = await this.#prepare(project, run.settings, "wait", { classes: run.classes });
    const areaOf = (
      part: SplitPart,
      mosaicId: string,
      pixelWindow: PixelWindow,
    ): GroundSplit["areas"][number] => ({ part, mosaicId, shape: { kind: "window", pixelWindow } });
    return {
      areas: [
        ...split.training.map(({ mosaicId, pixelWindow }) => areaOf("training", mosaicId, pixelWindow)),
        ...split.test.map(({ mosaicId, pixelWindow }) => areaOf("test", mosaicId, pixelWindow)),
        ...split.validation.map(({ mosaicId, counted }) => areaOf("validation", mosaicId, counted)),
      ],
      rest: "unused",
      guardMeters: 0,
    };
  }

  /** Ends a training after its step in flight and keeps its best epoch. */
  stop(runId: string): void {
    const underWay = this.#underWay.get(runId);
    if (underWay === undefined) {
      throw new RpcError("not-found", "This run isn't training.");
    }
    underWay.stop.abort(new RpcError("cancelled", "The training was stopped."));
    const { jobs } = this.#options;
    if (jobs.get(underWay.jobId).state.kind === "queued") {
      jobs.cancel(underWay.jobId);
    } else {
      jobs.resume(underWay.jobId);
    }
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
      resume: async ({ projectId, runId }) => {
        const { jobId } = await this.resume(projects.get(projectId), runId);
        return { jobId };
      },
      stop: ({ runId }) => {
        this.stop(runId);
      },
      watch: ({ projectId, runId }, context) => this.watch(projectId, runId, context),
    };
  }

  async #startJob(
    project: Project,
    runId: string,
    name: string,
    write: (jobId: string) => Promise<StoredRun>,
  ): Promise<StartedRun> {
    const { jobs, runs, engine } = this.#options;
    const stop = new AbortController();
    let isWritten: (result: Promise<StoredRun>) => void = () => undefined;
    const written = new Promise<StoredRun>((resolve) => {
      isWritten = resolve;
    });
    const { job, done } = jobs.start(
      {
        kind: "training",
        title: `Train ${name}`,
        projectId: project.id,
        runId,
        mosaicId: null,
        canPause: true,
        lane: ENGINE_LANE,
      },
      async (context) => {
        // The run names its job, so the job begins before the run is there.
        await written;
        return carryOutTraining(
          { project, runId, runs, engine, census: this.#census, events: this.#events, stop: stop.signal },
          context,
        );
      },
    );
    this.#underWay.set(runId, { jobId: job.id, stop });
    const settled = done.then(async (state) => {
      this.#underWay.delete(runId);
      await this.#settleUnstarted(project.id, runId);
      return state;
    });
    const writing = write(job.id);
    isWritten(writing);
    const { directory } = await writing;
    return { runId, jobId: job.id, directory, done: settled };
  }

  /** A job that was cancelled while it waited for its turn has never touched its run. */
  async #settleUnstarted(projectId: string, runId: string): Promise<void> {
    const stored = await this.#options.runs.get(projectId, runId).catch(() => null);
    if (stored?.run.state.kind === "running") {
      const run = await this.#options.runs.update(projectId, runId, (before) => ({
        ...before,
        state: { kind: "interrupted" },
      }));
      this.#events.emit(runId, { kind: "run", run });
    }
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
