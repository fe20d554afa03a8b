import path from "node:path";
import type { contract, EvaluationArea } from "#shared/contract.ts";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import { evaluationReport } from "#shared/metrics/build-report.ts";
import { ConfusionMatrix, countedClasses } from "#shared/metrics/confusion-matrix.ts";
import type { PlacesFound } from "#shared/metrics/connected-places.ts";
import type { EvaluatedGround, Judged } from "#shared/metrics/evaluated-ground.ts";
import type { EvaluationDetail, FoundPlaces, PlaceSelection } from "#shared/metrics/evaluation-detail.ts";
import type { EvaluationReport } from "#shared/metrics/evaluation-report.ts";
import { placesOfIndex, type PlaceIndex } from "#shared/metrics/place-index.ts";
import type { RunComparison } from "#shared/metrics/run-comparison.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import { hasLabels } from "#shared/project/mosaic.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { compareData, dataSentence } from "#shared/training/compare-data.ts";
import { partMask } from "#shared/training/part-mask.ts";
import type { GroundSplit, SplitPart } from "#shared/training/saved-split.ts";
import type { Project } from "../projects/index.ts";
import type { PredictionGrids } from "../rasters/index.ts";
import type { Runs, StoredRun } from "../runs/index.ts";
import { withProgress } from "../progress-stream.ts";
import { findSplit } from "../saved-splits/index.ts";
import { evaluateInDetail, type ComparedMosaic } from "./detail.ts";
import { eachComparedBand, type ComparisonOptions, type IdSource } from "./compared-rasters.ts";
import { compareRuns } from "./compare-runs.ts";
import { farFromBorders, onlyWithin, pixelAreaOf } from "./ground-pixels.ts";
import { JudgedMasks } from "./judged-masks.ts";
import { keepMapping, readMapping } from "./kept-mapping.ts";
export type { JudgedSet } from "./judged-masks.ts";
import { PlaceIndexes, versionOf, type IndexBeside, type IndexQuestion } from "./place-indexes.ts";
import { findPlaces, joinPlaces } from "./places.ts";

export interface EvaluationOptions {
  readonly projects: { get(projectId: string): Project };
  readonly runs: Runs;
  readonly predictions: PredictionGrids;
  /** Files that a page may name by the ids it was given. */
  readonly files: { resolveFile(fileId: string): Promise<string> };
  /** The tiles that a run used for each part. */
  readonly groundOfRun: (project: Project, stored: StoredRun) => Promise<GroundSplit>;
}

/** What is compared besides the mosaics' names. */
export interface EvaluationChoice extends ComparisonOptions {
  /** Which ground is counted; all that is labelled where it is left out. */
  readonly within?: EvaluatedGround | undefined;
}

/** A mosaic that a run has predicted. */
interface PredictedMosaic extends ComparedMosaic {
  readonly predictionFolder: string;
}

/** A part of a split. */
interface PartOfGround {
  readonly split: GroundSplit;
  readonly part: SplitPart;
}

/** How often tiles of a prediction that isn't finished are read anew. */
const UNFINISHED_MILLISECONDS = 20_000;

/** Tiles of one view ask for the same ground one after the other. */
const KEPT_GROUND_MILLISECONDS = 5000;

/** Says how right a run is, over its own validation tiles or over whole mosaics that it has predicted. */
export class Evaluation {
  readonly #options: EvaluationOptions;
  readonly #placeIndexes = new PlaceIndexes();
  readonly #grounds = new Map<string, Promise<PartOfGround>>();
  /** Masks from anywhere, held against a project's labels. */
  readonly masks = new JudgedMasks(this.#placeIndexes);

  constructor(options: EvaluationOptions) {
    this.#options = options;
  }

  /** Throws `conflict` where there is nothing to compare yet, saying what to do first. */
  async report(
    project: Project,
    runId: string,
    area: EvaluationArea,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<EvaluationReport> {
    const { run } = await this.#options.runs.get(project.id, runId);
    const classes = countedClasses(run.classes);
    const classIds = classes.map(({ id }) => id);
    switch (area.kind) {
      case "validation":
        if (run.best === null) {
          throw new RpcError(
            "conflict",
            `${run.name} has finished no epoch, so nothing has been measured yet.`,
          );
        }
        return evaluationReport(ConfusionMatrix.fromRows(classIds, run.best.confusion), classes);
      case "mosaics": {
        const matrix = new ConfusionMatrix(classIds);
        for (const mosaicId of area.mosaicIds) {
          await eachComparedBand(
            await this.#compared(project, mosaicId, runId, options),
            ({ truth, prediction }) => {
              matrix.add(truth, prediction);
            },
            options,
          );
        }
        return evaluationReport(matrix, classes);
      }
    }
  }

  /** Everything that whole predicted mosaics tell, in one pass over them, in which the places of their matrix are found too. */
  async detail(
    project: Project,
    runId: string,
    mosaicIds: readonly string[],
    options: EvaluationChoice = {},
  ): Promise<EvaluationDetail> {
    const classes = await this.#classes(project, runId);
    const mosaics = await this.#comparedAll(project, mosaicIds, runId, options);
    const indexers = new Map<string, IndexBeside>();
    for (const mosaic of mosaics) {
      const indexer = await this.#placeIndexes.beside(project, indexQuestion(mosaic, classes, options));
      if (indexer !== null) {
        indexers.set(mosaic.mosaicId, indexer);
      }
    }
    const { detail } = await evaluateInDetail(mosaics, classes, {
      ...options,
      onWindow: (mosaicId, window) => indexers.get(mosaicId)?.add(window),
    });
    for (const indexer of indexers.values()) {
      await indexer.finish();
    }
    return detail;
  }

  /** Where the pixels of one cell of the confusion matrix (or of a class's errors) are. */
  async places(
    project: Project,
    runId: string,
    mosaicIds: readonly string[],
    request: { readonly selection: PlaceSelection; readonly most: number },
    options: EvaluationChoice = {},
  ): Promise<FoundPlaces> {
    const { selection, most } = request;
    const classes = await this.#classes(project, runId);
    const mosaics = await this.#comparedAll(project, mosaicIds, runId, options);
    const found: (readonly [string, PlacesFound])[] = [];
    for (const mosaic of mosaics) {
      const index = await this.#placeIndex(project, mosaic, runId, classes, options);
      const places = placesOfIndex(index, selection, most);
      if (places === null) {
        return findPlaces(
          mosaics,
          classes.map(({ id }) => id),
          request,
          options,
        );
      }
      found.push([mosaic.mosaicId, places]);
    }
    return joinPlaces(found, most);
  }

  /** Finds the places of all cells before one is asked for, so that its answer is there at once. */
  async preparePlaces(
    project: Project,
    runId: string,
    mosaicIds: readonly string[],
    options: EvaluationChoice = {},
  ): Promise<void> {
    const classes = await this.#classes(project, runId);
    for (const mosaic of await this.#comparedAll(project, mosaicIds, runId, options)) {
      await this.#placeIndex(project, mosaic, runId, classes, options);
    }
  }

  #placeIndex(
    project: Project,
    mosaic: PredictedMosaic,
    runId: string,
    classes: readonly LandClass[],
    options: EvaluationChoice,
  ): Promise<PlaceIndex> {
    return this.#placeIndexes.index(
      project,
      indexQuestion(mosaic, classes, options),
      // Read for as many as wait for it, whoever of them leaves.
      async (signal) =>
        (await this.#comparedAll(project, [mosaic.mosaicId], runId, { ...options, signal }))[0]!,
      options,
    );
  }

  /**
   * Compares two runs on the mosaics that both have predicted. Throws `conflict` where their classes differ: numbers of different questions can't
   * be set side by side.
   */
  async compare(
    project: Project,
    runIds: readonly [first: string, second: string],
    mosaicIds: readonly string[],
    options: ComparisonOptions = {},
  ): Promise<RunComparison> {
    const [first, second] = await Promise.all(
      runIds.map((runId) => this.#options.runs.get(project.id, runId)),
    );
    const classes = countedClasses(first!.run.classes);
    const others = countedClasses(second!.run.classes);
    if (classes.map(({ id }) => id).join() !== others.map(({ id }) => id).join()) {
      throw new RpcError(
        "conflict",
        `${first!.run.name} and ${second!.run.name} were trained on different classes (${classes.map(({ name }) => name).join(", ")}; ${others.map(({ name }) => name).join(", ")}).`,
      );
    }
    const mosaics = [];
    for (const mosaicId of mosaicIds) {
      const one = await this.#compared(project, mosaicId, runIds[0], options);
      const other = await this.#compared(project, mosaicId, runIds[1], options);
      mosaics.push({
        size: one.size,
        truth: one.truth,
        first: async (pixelWindow: PixelWindow) => (await one.prediction(pixelWindow)).ids,
        second: async (pixelWindow: PixelWindow) => (await other.prediction(pixelWindow)).ids,
      });
    }
    return {
      ...(await compareRuns(mosaics, classes, options)),
      data: compareData(first!.run, second!.run),
      beware: dataSentence(first!.run, second!.run),
    };
  }

  /**
   * The labels of a mosaic on the ground that counts, and what is held against them, for whoever shows them side by side; null where there is no prediction.
   * Throws `not-found` for masks that are forgotten.
   */
  async compared(
    project: Project,
    mosaicId: string,
    judged: Judged,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<{ readonly truth: IdSource; readonly prediction: IdSource } | null> {
    if (judged.kind === "masks") {
      const set = this.masks.get(project.id, judged.masksId);
      const mosaic = set.mosaics.find((one) => one.mosaicId === mosaicId);
      return mosaic === undefined
        ? null
        : {
            truth: farFromBorders(mosaic.truth, set.question.borderTolerancePixels),
            prediction: (pixelWindow) => this.masks.readIds(set, mosaic, pixelWindow, options),
          };
    }
    const { runId, borderTolerancePixels, within } = judged;
    const grid = await this.#options.predictions.readPrediction(project.id, mosaicId, runId);
    if (grid === null) {
      return null;
    }
    const labels: IdSource = (pixelWindow) => project.readLabels(mosaicId, { pixelWindow }, options);
    const ground = within === null ? null : await this.#keptGround(project, runId, within);
    const truth =
      ground === null ? labels : onlyWithin(labels, partMask(ground.split, mosaicId, ground.part));
    return {
      truth: farFromBorders(truth, borderTolerancePixels),
      prediction: async (pixelWindow) =>
        (await grid.readWindow({ pixelWindow, confidence: false }, options)).ids,
    };
  }

  /** Another word where a mosaic's labels, or what is held against them, have changed; while a prediction comes, another one now and then. */
  async comparedVersion(project: Project, mosaicId: string, judged: Judged): Promise<string> {
    await project.labels.editedNow(mosaicId);
    const version = await this.#versionOf(project, mosaicId, judged);
    const now = Math.floor(Date.now() / UNFINISHED_MILLISECONDS);
    return JSON.stringify([project.labelsVersion(mosaicId), version ?? now]);
  }

  async #versionOf(project: Project, mosaicId: string, judged: Judged): Promise<readonly unknown[] | null> {
    if (judged.kind === "run") {
      const grid = await this.#options.predictions.readPrediction(project.id, mosaicId, judged.runId);
      return grid === null ? null : versionOf({ kind: "prediction", folder: path.dirname(grid.folder) });
    }
    const { mosaics } = this.masks.get(project.id, judged.masksId);
    const mosaic = mosaics.find((one) => one.mosaicId === mosaicId);
    // What the values mean and how they are laid on the grid is the set's own.
    return mosaic === undefined ? null : versionOf({ kind: "mask", filePath: mosaic.maskPath, reading: "" });
  }

  implementation(): Implementation<typeof contract>["evaluation"] {
    return {
      report: ({ projectId, runId, area }, context) =>
        this.report(this.#options.projects.get(projectId), runId, area, context),
      compare: ({ projectId, runIds, mosaicIds }, { signal }) =>
        withProgress(
          (options) => this.compare(this.#options.projects.get(projectId), runIds, mosaicIds, options),
          { signal },
        ),
      masks: ({ projectId, fileId, folder, mapping, ...choice }, { signal }) =>
        withProgress(
          async (options) => {
            const project = this.#options.projects.get(projectId);
            const filePath = await this.#options.files.resolveFile(fileId);
            const meant = mapping ?? (await readMapping(project));
            const set = await this.masks.judge(project, folder ? path.dirname(filePath) : filePath, {
              ...choice,
              mapping: meant,
              mosaicIds: null,
            });
            const evaluation = await this.masks.count(project, set, options);
            if (mapping !== null) {
              await keepMapping(project, mapping);
            }
            const mosaicIds = set.mosaics.map(({ mosaicId }) => mosaicId);
            return { evaluation, mapping: { ...meant }, masksId: set.id, mosaicIds };
          },
          { signal },
        ),
      maskPlaces: ({ projectId, masksId, selection, most }, { signal }) =>
        this.masks.places(
          this.#options.projects.get(projectId),
          this.masks.get(projectId, masksId),
          { selection, most },
          { signal },
        ),
      detail: ({ projectId, runId, mosaicIds, borderTolerancePixels, within }, { signal }) =>
        withProgress(
          (options) =>
            this.detail(this.#options.projects.get(projectId), runId, mosaicIds, {
              ...options,
              borderTolerancePixels,
              within,
            }),
          { signal },
        ),
      places: ({ projectId, runId, mosaicIds, borderTolerancePixels, within, selection, most }, { signal }) =>
        this.places(
          this.#options.projects.get(projectId),
          runId,
          mosaicIds,
          { selection, most },
          { signal, borderTolerancePixels, within },
        ),
      preparePlaces: async ({ projectId, runId, mosaicIds, borderTolerancePixels, within }, { signal }) => {
        const project = this.#options.projects.get(projectId);
        await this.preparePlaces(project, runId, mosaicIds, { signal, borderTolerancePixels, within });
      },
    };
  }

  async #classes(project: Project, runId: string): Promise<LandClass[]> {
    return countedClasses((await this.#options.runs.get(project.id, runId)).run.classes);
  }

  async #comparedAll(
    project: Project,
    mosaicIds: readonly string[],
    runId: string,
    options: EvaluationChoice,
  ): Promise<PredictedMosaic[]> {
    const { within } = options;
    const ground = within === undefined ? null : await this.#ground(project, runId, within);
    const mosaics: PredictedMosaic[] = [];
    for (const mosaicId of mosaicIds) {
      const compared = await this.#compared(project, mosaicId, runId, options);
      mosaics.push(
        ground === null
          ? compared
          : { ...compared, truth: onlyWithin(compared.truth, partMask(ground.split, mosaicId, ground.part)) },
      );
    }
    return mosaics;
  }

  #keptGround(project: Project, runId: string, within: EvaluatedGround): Promise<PartOfGround> {
    const key = JSON.stringify([project.id, runId, within]);
    const known = this.#grounds.get(key) ?? this.#ground(project, runId, within);
    if (!this.#grounds.has(key)) {
      this.#grounds.set(key, known);
      setTimeout(() => this.#grounds.delete(key), KEPT_GROUND_MILLISECONDS).unref();
    }
    return known;
  }

  /** Throws `not-found` where the split is gone. */
  async #ground(project: Project, runId: string, within: EvaluatedGround): Promise<PartOfGround> {
    if (within.kind === "run") {
      const stored = await this.#options.runs.get(project.id, runId);
      return { split: await this.#options.groundOfRun(project, stored), part: within.part };
    }
    const split = await findSplit(project, within.splitId);
    if (split === null) {
      throw new RpcError("not-found", "There is no such split in this project any more.");
    }
    return { split, part: within.part };
  }

  /** Throws `conflict` where there is nothing to compare. */
  async #compared(
    project: Project,
    mosaicId: string,
    runId: string,
    { signal }: ComparisonOptions,
  ): Promise<PredictedMosaic> {
    const { name, image, mask } = project.mosaic(mosaicId);
    if (!hasLabels(mask)) {
      throw new RpcError("conflict", `${name} has no labels to compare with.`);
    }
    const grid = await this.#options.predictions.readPrediction(project.id, mosaicId, runId);
    if (grid === null) {
      throw new RpcError("conflict", `${name} has no prediction by this run: predict it first.`);
    }
    return {
      mosaicId,
      predictionFolder: path.dirname(grid.folder),
      size: image,
      truth: (pixelWindow) => project.readLabels(mosaicId, { pixelWindow }, { signal }),
      prediction: (pixelWindow) => grid.readWindow({ pixelWindow }, { signal }),
      pixelArea: pixelAreaOf(image),
    };
  }
}

function indexQuestion(
  { mosaicId, predictionFolder }: PredictedMosaic,
  classes: readonly LandClass[],
  { borderTolerancePixels = 0, within }: EvaluationChoice,
): IndexQuestion {
  const classIds = classes.map(({ id }) => id);
  return {
    ...{ mosaicId, classIds, borderTolerancePixels, within },
    judged: { kind: "prediction", folder: predictionFolder },
  };
}
