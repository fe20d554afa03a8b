import type { contract, EvaluationArea } from "#shared/contract.ts";
import type { MapPosition } from "#shared/geo/affine.ts";
import { pixelGroundArea } from "#shared/geo/ground-area.ts";
import type { RasterDescription } from "#shared/geo/raster-description.ts";
import { evaluationReport } from "#shared/metrics/build-report.ts";
import { ConfusionMatrix, countedClasses } from "#shared/metrics/confusion-matrix.ts";
import type { EvaluationDetail, FoundPlaces, PlaceSelection } from "#shared/metrics/evaluation-detail.ts";
import type { EvaluationReport } from "#shared/metrics/evaluation-report.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Project } from "../projects/index.ts";
import type { PredictionGrids } from "../rasters/index.ts";
import type { Runs } from "../runs/index.ts";
import { metersPerUnit, transformer, wgs84 } from "../../raster/index.ts";
import { evaluateInDetail, type ComparedMosaic } from "./detail.ts";
import { eachBand, type BandOptions } from "./each-band.ts";
import { findPlaces } from "./places.ts";

export interface EvaluationOptions {
  readonly projects: { get(projectId: string): Project };
  readonly runs: Runs;
  readonly predictions: PredictionGrids;
}

/** Says how right a run is, over its own validation tiles or over whole mosaics that it has predicted. */
export class Evaluation {
  readonly #options: EvaluationOptions;

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
          await eachBand(
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

  /** Everything that whole predicted mosaics tell, in one pass over them. */
  async detail(
    project: Project,
    runId: string,
    mosaicIds: readonly string[],
    options: BandOptions = {},
  ): Promise<EvaluationDetail> {
    const classes = await this.#classes(project, runId);
    const mosaics = await this.#comparedAll(project, mosaicIds, runId, options);
    return (await evaluateInDetail(mosaics, classes, options)).detail;
  }

  /** Where the pixels of one cell of the confusion matrix (or of a class's errors) are. */
  async places(
    project: Project,
    runId: string,
    mosaicIds: readonly string[],
    request: { readonly selection: PlaceSelection; readonly most: number },
    options: BandOptions = {},
  ): Promise<FoundPlaces> {
    const classes = await this.#classes(project, runId);
    const mosaics = await this.#comparedAll(project, mosaicIds, runId, options);
    return findPlaces(
      mosaics,
      classes.map(({ id }) => id),
      request,
      options,
    );
  }

  implementation(): Implementation<typeof contract>["evaluation"] {
    return {
      report: ({ projectId, runId, area }, context) =>
        this.report(this.#options.projects.get(projectId), runId, area, context),
      detail: ({ projectId, runId, mosaicIds, borderTolerancePixels }, { signal }) =>
        this.detail(this.#options.projects.get(projectId), runId, mosaicIds, {
          signal,
          borderTolerancePixels,
        }),
      places: ({ projectId, runId, mosaicIds, borderTolerancePixels, selection, most }, { signal }) =>
        this.places(
          this.#options.projects.get(projectId),
          runId,
          mosaicIds,
          { selection, most },
          { signal, borderTolerancePixels },
        ),
    };
  }

  async #classes(project: Project, runId: string): Promise<LandClass[]> {
    return countedClasses((await this.#options.runs.get(project.id, runId)).run.classes);
  }

  async #comparedAll(
    project: Project,
    mosaicIds: readonly string[],
    runId: string,
    options: BandOptions,
  ): Promise<ComparedMosaic[]> {
    const mosaics: ComparedMosaic[] = [];
    for (const mosaicId of mosaicIds) {
      mosaics.push(await this.#compared(project, mosaicId, runId, options));
    }
    return mosaics;
  }

  /** Throws `conflict` where there is nothing to compare. */
  async #compared(
    project: Project,
    mosaicId: string,
    runId: string,
    { signal }: BandOptions,
  ): Promise<ComparedMosaic> {
    const { name, image, mask } = project.mosaic(mosaicId);
    if (mask.kind !== "matched") {
      throw new RpcError("conflict", `${name} has no labels to compare with.`);
    }
    const grid = await this.#options.predictions.readPrediction(project.id, mosaicId, runId);
    if (grid === null) {
      throw new RpcError("conflict", `${name} has no prediction by this run: predict it first.`);
    }
    return {
      mosaicId,
      size: image,
      truth: (pixelWindow) => project.readLabels(mosaicId, { pixelWindow }, { signal }),
      prediction: (pixelWindow) => grid.readWindow({ pixelWindow }, { signal }),
      pixelArea: pixelAreaOf(image),
    };
  }
}

function pixelAreaOf({ geotransform, crs }: RasterDescription): ComparedMosaic["pixelArea"] {
  const toGround = transformer(crs, wgs84);
  if (geotransform === null || toGround === null) {
    return () => null;
  }
  const grid = {
    geotransform,
    metersPerUnit: metersPerUnit(crs),
    toLongitudeLatitude: (position: MapPosition) => toGround.forward(position),
  };
  return (column, row) => pixelGroundArea(grid, [column, row]);
}
