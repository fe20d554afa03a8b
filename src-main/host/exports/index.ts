import { randomUUID } from "node:crypto";
import { rmdir } from "node:fs/promises";
import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";
import type { ModelFormat } from "#shared/training/model-format.ts";
import type { Run } from "#shared/training/run.ts";
import type { ClassGrid } from "../../raster/index.ts";
import { writeError } from "../../raster/index.ts";
import type { DownloadableFile, ShellBridge } from "../host-options.ts";
import { makeFolder } from "../make-folder.ts";
import type { Jobs } from "../jobs/index.ts";
import type { Project, Projects } from "../projects/index.ts";
import type { PredictionGrids } from "../rasters/index.ts";
import { exportFolder, plannedFiles, refuseToOverwrite, summaryOf } from "./export-plan.ts";
import type { FileSummary, PlannedFile } from "./export-plan.ts";
import { writeExport } from "./write-export.ts";
import {
  expectBest,
  exportModelOfRun,
  modelFileName,
  refuseExisting,
  type ModelSource,
} from "./write-model.ts";

export { exportModelOfRun, modelFileName } from "./write-model.ts";
export { refuseForeignFile } from "./export-plan.ts";
export { exportMaskFile } from "./export-polygons.ts";
export { mergeMaskFiles } from "./merge-files.ts";
export { mergeRules, type MergeRule } from "./merge-masks.ts";
export { exportTags, fileOptions } from "./write-export.ts";

/** What exports need of the runs. */
export interface PredictionSource extends PredictionGrids {
  run(projectId: string, runId: string): Run | Promise<Run>;
}

export interface ExportRequest {
  readonly projectId: string;
  readonly runId: string;
  readonly mosaicIds: readonly string[];
  readonly confidence: boolean;
  /** Null: `exports/<run>` where the project keeps its own files. */
  readonly folderPath: string | null;
}

/** Writes predictions as files for other programs, and lets a browser fetch them. */
export class Exports {
  readonly #given: {
    readonly projects: Projects;
    readonly jobs: Jobs;
    readonly predictions: PredictionSource;
    readonly shell: ShellBridge;
    readonly version: string;
  };
  readonly #downloads = new Map<string, DownloadableFile>();
  /** The first file of each finished job. */
  readonly #results = new Map<string, string>();

  constructor(given: {
    readonly projects: Projects;
    readonly jobs: Jobs;
    readonly predictions: PredictionSource;
    readonly shell: ShellBridge;
    readonly version: string;
  }) {
    this.#given = given;
  }

  /** What an export into the project's own folder would write. */
  async plan(
    request: Pick<ExportRequest, "projectId" | "runId" | "mosaicIds">,
  ): Promise<{ readonly files: FileSummary[]; readonly displayPath: string }> {
    const project = this.#given.projects.get(request.projectId);
    const run = await this.#given.predictions.run(request.projectId, request.runId);
    return {
      files: plannedFiles(project, request.mosaicIds, { confidence: false }).map(summaryOf),
      displayPath: exportFolder(project, run),
    };
  }

  /** Starts a job that writes the masks; what can be known to fail is refused before. */
  async start(request: ExportRequest): Promise<{ readonly jobId: string }> {
    const { projects, jobs, predictions } = this.#given;
    const project = projects.get(request.projectId);
    const run = await predictions.run(request.projectId, request.runId);
    const files = plannedFiles(project, request.mosaicIds, request);
    const folderPath = request.folderPath ?? exportFolder(project, run);
    const grids = new Map<string, ClassGrid>();
    for (const { mosaic, fileName } of files) {
      await refuseToOverwrite(project, path.join(folderPath, fileName));
      grids.set(mosaic.id, await this.#prediction(request, mosaic.id, mosaic.name));
    }
    const { job } = jobs.start(
      {
        kind: "export",
        title: files.length === 1 ? `Export ${files[0]?.fileName ?? ""}` : `Export ${files.length} files`,
        projectId: project.id,
        runId: run.id,
        mosaicId: null,
        canPause: false,
      },
      async (context) => {
        const { signal } = context;
        const made = await makeFolder(folderPath).catch((error: unknown) => {
          throw writeError(error, folderPath);
        });
        const written: string[] = [];
        try {
          for (const [index, file] of files.entries()) {
            const grid = grids.get(file.mosaic.id);
            if (grid === undefined) {
              throw new Error(`${file.mosaic.name} has lost its prediction`);
            }
            const filePath = path.join(folderPath, file.fileName);
            const detail = files.length === 1 ? file.fileName : `file ${index + 1} of ${files.length}`;
            await this.#write(project, file, { filePath, grid, run }, signal, (share) => {
              context.report({ progress: (index + share) / files.length, detail });
            });
            written.push(filePath);
          }
        } catch (error) {
          for (const folder of [...made].reverse()) {
            // Only succeeds while it is empty: what was written whole stays.
            await rmdir(folder).catch(() => undefined);
          }
          throw error;
        }
        this.#results.set(job.id, written[0] ?? folderPath);
        return {
          kind: "export",
          fileNames: written.map((filePath) => path.basename(filePath)),
          displayPath: folderPath,
          downloadIds: this.#grant(written),
        };
      },
    );
    return { jobId: job.id };
  }

  /** Starts a job that writes a run's best network for other programs; into a chosen folder only where nothing of its name stands. */
  async startModel(
    models: ModelSource,
    request: {
      readonly projectId: string;
      readonly runId: string;
      readonly format: ModelFormat;
      readonly folderPath: string | null;
    },
  ): Promise<{ readonly jobId: string }> {
    const { projects, jobs, version } = this.#given;
    const project = projects.get(request.projectId);
    const stored = await models.runs.get(request.projectId, request.runId);
    const { run } = stored;
    const folderPath = request.folderPath ?? exportFolder(project, run);
    const outputPath = path.join(folderPath, modelFileName(run, request.format));
    if (request.folderPath !== null) {
      await refuseExisting(outputPath);
    }
    expectBest(run);
    const { job } = jobs.start(
      {
        kind: "export",
        title: `Export ${path.basename(outputPath)}`,
        projectId: project.id,
        runId: run.id,
        mosaicId: null,
        canPause: false,
      },
      async (context) => {
        context.report({ progress: null, detail: "writing the network" });
        await makeFolder(folderPath);
        const written = await exportModelOfRun(models.engine, stored, {
          format: request.format,
          path: outputPath,
          version,
        });
        this.#results.set(job.id, written[0] ?? folderPath);
        return {
          kind: "export",
          fileNames: written.map((filePath) => path.relative(folderPath, filePath)),
          displayPath: folderPath,
          downloadIds: this.#grant(written),
        };
      },
    );
    return { jobId: job.id };
  }

  /** Shows a finished export in the system's file manager. */
  async reveal(jobId: string): Promise<void> {
    const filePath = this.#results.get(jobId);
    if (filePath === undefined) {
      throw new RpcError("not-found", "This export has not finished, or is no longer on the list.");
    }
    if (!this.#given.shell.capabilities.revealInFolder) {
      throw new RpcError("unsupported", "Files can't be shown in a file manager here; download them.");
    }
    await this.#given.shell.reveal(filePath);
  }

  download(downloadId: string): DownloadableFile | null {
    return this.#downloads.get(downloadId) ?? null;
  }

  async #prediction({ projectId, runId }: ExportRequest, mosaicId: string, name: string): Promise<ClassGrid> {
    const grid = await this.#given.predictions.readPrediction(projectId, mosaicId, runId);
    if (grid === null) {
      throw new RpcError("not-found", `${name} has no prediction by this run. Predict it first.`);
    }
    return grid;
  }

  async #write(
    project: Project,
    { mosaic, content }: PlannedFile,
    { filePath, grid, run }: { readonly filePath: string; readonly grid: ClassGrid; readonly run: Run },
    signal: AbortSignal,
    onProgress: (share: number) => void,
  ): Promise<void> {
    const image = await project.image(mosaic.id);
    const { width, height } = image.description;
    if (grid.width !== width || grid.height !== height) {
      throw new RpcError(
        "conflict",
        `${mosaic.name} is ${width}×${height} px now, but its prediction ${grid.width}×${grid.height}: the image was changed. Predict it again.`,
      );
    }
    const source = { image, grid, run, version: this.#given.version };
    await writeExport(filePath, content, source, { signal, onProgress });
  }

  #grant(filePaths: readonly string[]): string[] {
    if (!this.#given.shell.capabilities.download) {
      return [];
    }
    return filePaths.map((filePath) => {
      const downloadId = randomUUID();
      this.#downloads.set(downloadId, { filePath, fileName: path.basename(filePath) });
      return downloadId;
    });
  }
}
