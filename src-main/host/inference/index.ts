import type { z } from "zod";
import type { contract, predictionChangeSchema } from "#shared/contract.ts";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { JobResult } from "#shared/jobs/job.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { ClassGrid } from "../../raster/index.ts";
import { createEnginePredictor, type EnginePredictor, type Engine } from "../engine/index.ts";
import { EventQueue } from "../event-queue.ts";
import type { JobContext, Jobs } from "../jobs/index.ts";
import { FileVersions, lookEveryFewSeconds } from "../outside-changes.ts";
import type { Project } from "../projects/index.ts";
import { expectFinishedEpoch, expectWeights, type Runs, type StoredRun } from "../runs/index.ts";
import { ENGINE_LANE } from "../training/index.ts";
import { predictRaster } from "./predict-raster.ts";
import {
  createPrediction,
  listPredictions,
  openPrediction,
  recordPath,
  predictedMosaics,
  removePrediction,
  writeRecord,
  type PredictionRecord,
  type StoredPrediction,
} from "./prediction-store.ts";

export { LivePredictions } from "./live-prediction.ts";

type PredictionChange = z.output<typeof predictionChangeSchema>;

/** Chunks written between two flushes to the disk: what a crash loses at most. */
const CHUNKS_BETWEEN_FLUSHES = 64;

export interface PredictionsOptions {
  readonly projects: { get(projectId: string): Project };
  readonly jobs: Jobs;
  readonly engine: Engine;
  readonly runs: Runs;
}

/** What to predict, and what of it first. */
export interface PredictionRequest {
  readonly runId: string;
  readonly mosaicIds: readonly string[];
  readonly overlap: number;
  readonly viewed: readonly { readonly mosaicId: string; readonly pixelWindow: PixelWindow }[];
}

/** The predictions of all runs: made by jobs, kept as class grids, watched as they fill in. */
export class Predictions {
  readonly #options: PredictionsOptions;
  /** Shared by whoever reads and the job that writes, so that a chunk is seen as soon as it is there. */
  readonly #open = new Map<string, Promise<StoredPrediction | null>>();
  readonly #watchers = new Map<string, Set<EventQueue<PredictionChange>>>();
  /** The record that each prediction was last read from. */
  readonly #versions = new FileVersions();

  constructor(options: PredictionsOptions) {
    this.#options = options;
    options.runs.onRemove((projectId, runId) => {
      void this.#forgetRun(projectId, runId);
    });
  }

  /** The class grid of a prediction, finished or not; null while nothing has been predicted there. */
  async readPrediction(projectId: string, mosaicId: string, runId: string): Promise<ClassGrid | null> {
    return (await this.#find(projectId, mosaicId, runId))?.grid ?? null;
  }

  /** The same of a prediction that has been finished; null for one that hasn't. */
  async readFinished(projectId: string, mosaicId: string, runId: string): Promise<ClassGrid | null> {
    const found = await this.#find(projectId, mosaicId, runId);
    return found?.record.complete === true ? found.grid : null;
  }

  /** Starts a job that predicts mosaics one after another, those in view first. Throws `conflict` for a run without a finished epoch. */
  async start(project: Project, request: PredictionRequest): Promise<{ readonly jobId: string }> {
    const { runs, jobs } = this.#options;
    const stored = await runs.get(project.id, request.runId);
    const mosaics = request.mosaicIds.map((mosaicId) => project.mosaic(mosaicId));
    expectFinishedEpoch(stored.run);
    await expectWeights(stored, "best");
    const { job } = jobs.start(
      {
        kind: "prediction",
        title:
          mosaics.length === 1 ? `Predict ${mosaics[0]?.name ?? ""}` : `Predict ${mosaics.length} mosaics`,
        projectId: project.id,
        runId: request.runId,
        mosaicId: mosaics.length === 1 ? (mosaics[0]?.id ?? null) : null,
        canPause: true,
        lane: ENGINE_LANE,
      },
      async (context) => this.#carryOut(project, request, context),
    );
    return { jobId: job.id };
  }

  /** Removes a prediction; one that isn't there is gone already. */
  async remove(projectId: string, runId: string, mosaicId: string): Promise<void> {
    const { jobs, runs } = this.#options;
    const isBusy = jobs
      .list()
      .some(
        ({ kind, state, runId: ofRun }) =>
          kind === "prediction" && state.kind === "running" && ofRun === runId,
      );
    if (isBusy) {
      throw new RpcError("conflict", "This run is predicting just now: cancel that first.");
    }
    const { directory } = await runs.get(projectId, runId);
    const before = await this.#find(projectId, mosaicId, runId);
    this.#open.delete(openKey(runId, mosaicId));
    await removePrediction(directory, mosaicId);
    if (before !== null) {
      const prediction = described(runId, before);
      this.#emit(projectId, {
        prediction: { ...prediction, revision: prediction.revision + 1 },
        pixelWindow: null,
        removed: true,
      });
    }
  }

  /** All predictions of a project's runs, then every change. */
  async *watch(
    projectId: string,
    options: { readonly signal: AbortSignal },
  ): AsyncGenerator<PredictionChange> {
    const queue = new EventQueue<PredictionChange>(mergedChange);
    const watchers = this.#watchers.get(projectId) ?? new Set();
    this.#watchers.set(projectId, watchers.add(queue));
    const project = this.#options.projects.get(projectId);
    const stop = lookEveryFewSeconds(() => this.look(project));
    try {
      for (const { run, directory } of await this.#options.runs.list(project)) {
        for (const { mosaicId } of await listPredictions(directory)) {
          const known = await this.#find(projectId, mosaicId, run.id);
          if (known !== null) {
            yield { prediction: described(run.id, known), pixelWindow: null, removed: false };
          }
        }
      }
      yield* queue.items(options);
    } finally {
      stop();
      watchers.delete(queue);
    }
  }

  /** Takes over what another process has predicted in a project, once it is finished, and what it has removed. */
  async look(project: Project): Promise<void> {
    for (const { run, directory } of await this.#options.runs.list(project)) {
      const there = new Set(await predictedMosaics(directory));
      for (const mosaicId of there) {
        const record = recordPath(directory, mosaicId);
        if (!(await this.#versions.isOther(record))) {
          continue;
        }
        await this.#versions.note(record);
        const found = await openPrediction(directory, mosaicId);
        const known = await this.#open.get(openKey(run.id, mosaicId))?.catch(() => null);
        // What isn't finished is being written, here or elsewhere.
        if (found?.record.complete === true) {
          // Never the number of an older picture of the same place.
          const revision = Math.max(found.record.revision, (known?.record.revision ?? 0) + 1);
          const taken = { ...found, record: { ...found.record, revision } };
          this.#open.set(openKey(run.id, mosaicId), Promise.resolve(taken));
          this.#emit(project.id, { prediction: described(run.id, taken), pixelWindow: null, removed: false });
        }
      }
      for (const [key, opening] of this.#open) {
        const known = key.startsWith(openKey(run.id, "")) ? await opening.catch(() => null) : null;
        if (
          known?.record.complete === true &&
          !there.has(known.mosaicId) &&
          // It may have been finished since the folder was listed.
          (await openPrediction(directory, known.mosaicId)) === null &&
          this.#open.get(key) === opening
        ) {
          this.#open.delete(key);
          this.#emit(project.id, { prediction: described(run.id, known), pixelWindow: null, removed: true });
        }
      }
    }
  }

  implementation(): Omit<Implementation<typeof contract>["predictions"], "live"> {
    const { projects } = this.#options;
    return {
      watch: ({ projectId }, context) => this.watch(projectId, context),
      start: ({ projectId, ...request }) => this.start(projects.get(projectId), request),
      remove: ({ projectId, runId, mosaicId }) => this.remove(projectId, runId, mosaicId),
    };
  }

  async #carryOut(project: Project, request: PredictionRequest, context: JobContext): Promise<JobResult> {
    const { engine, runs } = this.#options;
    const stored = await runs.get(project.id, request.runId);
    context.report({ progress: null, detail: "loading the network" });
    const predictor = await createEnginePredictor(engine, stored);
    const started = performance.now();
    const viewedIds = new Set(request.viewed.map(({ mosaicId }) => mosaicId));
    const mosaicIds = [
      ...request.mosaicIds.filter((id) => viewedIds.has(id)),
      ...request.mosaicIds.filter((id) => !viewedIds.has(id)),
    ];
    let pixels = 0;
    try {
      for (const [index, mosaicId] of mosaicIds.entries()) {
        const detail =
          mosaicIds.length === 1
            ? project.mosaic(mosaicId).name
            : `mosaic ${index + 1} of ${mosaicIds.length}`;
        await this.#predictMosaic(project, mosaicId, { stored, predictor, request, context }, (share) => {
          context.report({ progress: (index + share) / mosaicIds.length, detail });
        });
        const { width, height } = project.mosaic(mosaicId).image;
        pixels += width * height;
      }
    } finally {
      await predictor.close();
    }
    return {
      kind: "prediction",
      runId: request.runId,
      mosaicIds,
      megapixelsPerSecond: pixels / 1e3 / (performance.now() - started),
    };
  }

  async #predictMosaic(
    project: Project,
    mosaicId: string,
    {
      stored: { run, directory },
      predictor,
      request,
      context,
    }: {
      readonly stored: StoredRun;
      readonly predictor: EnginePredictor;
      readonly request: PredictionRequest;
      readonly context: JobContext;
    },
    onProgress: (share: number) => void,
  ): Promise<void> {
    const image = await project.image(mosaicId);
    const before = await this.#find(project.id, mosaicId, run.id);
    let record: PredictionRecord = {
      version: 1,
      complete: false,
      // Never the number of an older picture of the same place.
      revision: (before?.record.revision ?? 0) + 1,
      epoch: run.best?.epoch ?? 0,
      overlap: request.overlap,
    };
    const created = await createPrediction(directory, mosaicId, image.description, record);
    const { grid } = created;
    const change = (pixelWindow: PixelWindow | null): void => {
      const stored = { ...created, record };
      this.#open.set(openKey(run.id, mosaicId), Promise.resolve(stored));
      this.#emit(project.id, {
        prediction: described(run.id, stored),
        pixelWindow,
        removed: false,
      });
    };
    change(null);
    try {
      const viewed = request.viewed
        .filter((view) => view.mosaicId === mosaicId)
        .map(({ pixelWindow }) => pixelWindow);
      await predictRaster(
        image,
        predictor,
        { overlap: request.overlap, viewed, signal: context.signal },
        async ({ pixelWindow, ids, confidence, entropy }, done, total) => {
          await grid.writeWindow(pixelWindow, ids, confidence, entropy);
          if (done % CHUNKS_BETWEEN_FLUSHES === 0) {
            await grid.flush();
          }
          const complete = done === total;
          if (complete) {
            await grid.flush();
          }
          record = { ...record, complete, revision: record.revision + 1 };
          change(pixelWindow);
          onProgress(done / total);
          await context.whilePaused();
        },
      );
    } finally {
      await grid.flush();
      await writeRecord(directory, mosaicId, record);
      await this.#versions.note(recordPath(directory, mosaicId));
    }
  }

  #find(projectId: string, mosaicId: string, runId: string): Promise<StoredPrediction | null> {
    const key = openKey(runId, mosaicId);
    let opening = this.#open.get(key);
    if (opening === undefined) {
      opening = this.#options.runs.get(projectId, runId).then(async ({ directory }) => {
        await this.#versions.note(recordPath(directory, mosaicId));
        return openPrediction(directory, mosaicId);
      });
      this.#open.set(key, opening);
      const forget = (): void => {
        if (this.#open.get(key) === opening) {
          this.#open.delete(key);
        }
      };
      // What isn't there now may be there later.
      opening.then((found) => {
        if (found === null) {
          forget();
        }
      }, forget);
    }
    return opening;
  }

  /** Its files went with the run; otherwise its masks stayed in memory, and on offer in the window, as long as the project is open. */
  async #forgetRun(projectId: string, runId: string): Promise<void> {
    for (const [key, opening] of [...this.#open]) {
      if (key.startsWith(openKey(runId, ""))) {
        this.#open.delete(key);
        const known = await opening.catch(() => null);
        if (known !== null) {
          this.#emit(projectId, { prediction: described(runId, known), pixelWindow: null, removed: true });
        }
      }
    }
  }

  #emit(projectId: string, change: PredictionChange): void {
    for (const watcher of this.#watchers.get(projectId) ?? []) {
      watcher.push(change);
    }
  }
}

function described(
  runId: string,
  { mosaicId, record, grid }: StoredPrediction,
): PredictionChange["prediction"] {
  const { complete, revision } = record;
  return { runId, mosaicId, complete, revision, uncertainty: grid.hasEntropy ? "entropy" : "confidence" };
}

/** Changes of one chunk after another, for a reader too slow to take each: nothing of the same place is told twice. */
function mergedChange(last: PredictionChange, next: PredictionChange): PredictionChange | null {
  const isSame =
    last.prediction.runId === next.prediction.runId && last.prediction.mosaicId === next.prediction.mosaicId;
  const isWhole = last.pixelWindow === null || next.pixelWindow === null;
  return isSame && !last.removed && !next.removed && isWhole ? { ...next, pixelWindow: null } : null;
}

function openKey(runId: string, mosaicId: string): string {
  return `${runId}/${mosaicId}`;
}
