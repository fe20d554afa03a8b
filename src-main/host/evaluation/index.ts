import type { contract, EvaluationArea } from "#shared/contract.ts";
import { evaluationReport } from "#shared/metrics/build-report.ts";
import { ConfusionMatrix, countedClasses } from "#shared/metrics/confusion-matrix.ts";
import type { EvaluationReport } from "#shared/metrics/evaluation-report.ts";
import { hasLabels } from "#shared/project/mosaic.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Project } from "../projects/index.ts";
import type { PredictionGrids } from "../rasters/index.ts";
import type { Runs } from "../runs/index.ts";
import { addWindows } from "./add-windows.ts";

export { addWindows, type IdSource } from "./add-windows.ts";

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
          await this.#addMosaic(matrix, project, mosaicId, runId, options);
        }
        return evaluationReport(matrix, classes);
      }
    }
  }

  implementation(): Implementation<typeof contract>["evaluation"] {
    return {
      report: ({ projectId, runId, area }, context) =>
        this.report(this.#options.projects.get(projectId), runId, area, context),
    };
  }

  async #addMosaic(
    matrix: ConfusionMatrix,
    project: Project,
    mosaicId: string,
    runId: string,
    options: { readonly signal?: AbortSignal | undefined },
  ): Promise<void> {
    const { name, image, mask } = project.mosaic(mosaicId);
    if (!hasLabels(mask)) {
      throw new RpcError("conflict", `${name} has no labels to compare with.`);
    }
    const grid = await this.#options.predictions.readPrediction(project.id, mosaicId, runId);
    if (grid === null) {
      throw new RpcError("conflict", `${name} has no prediction by this run: predict it first.`);
    }
    await addWindows(
      matrix,
      image,
      (pixelWindow) => project.readLabels(mosaicId, { pixelWindow }, options),
      async (pixelWindow) => (await grid.readWindow({ pixelWindow }, options)).ids,
      options,
    );
  }
}
