import { randomUUID } from "node:crypto";
import { rmdir, stat } from "node:fs/promises";
import path from "node:path";
import type { EvaluatedGround } from "#shared/metrics/evaluated-ground.ts";
import type { ExportPlan } from "#shared/project/export-options.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { ModelFormat } from "#shared/training/model-format.ts";
import type { Run } from "#shared/training/run.ts";
import { writeError } from "../../raster/index.ts";
import type { DownloadableFile, ShellBridge } from "../host-options.ts";
import { makeFolder } from "../make-folder.ts";
import type { Jobs } from "../jobs/index.ts";
import type { Project, Projects } from "../projects/index.ts";
import type { PredictionGrids } from "../rasters/index.ts";
import type { Learning } from "../learning.ts";
import { writeReport, type ReportSubjectRequest } from "../reports/index.ts";
import type { Runs } from "../runs/index.ts";
import { gridSource, type ClassSource } from "./class-source.ts";
import { copyRun, runFolderName } from "./copy-run.ts";
import { freeBytes } from "./free-bytes.ts";
import { estimateFiles } from "./estimate-files.ts";
import { exportFolder, plannedFiles, refuseToOverwrite } from "./export-plan.ts";
import type { PlannedFile } from "./export-plan.ts";
import type { ExportRequest } from "./export-request.ts";
import { ReplacedFiles } from "./replaced-files.ts";
import { writePlannedFile, type ExportContext } from "./write-planned-file.ts";
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
export { mergeInputs } from "./merge-inputs.ts";
export { exportTags, fileOptions } from "./write-export.ts";

/** What exports need of the runs. */
export interface PredictionSource extends PredictionGrids {
  run(projectId: string, runId: string): Run | Promise<Run>;
}

export type { ExportRequest } from "./export-request.ts";

/** What reports need of the runs and their evaluation. */
type ReportLearning = Pick<Learning, "training" | "evaluation" | "readPrediction">;

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

  /** What an export would write, where, and how much room there is. */
  async plan(request: ExportRequest): Promise<ExportPlan> {
    const { files, context } = await this.#prepare(request);
    return {
      files: await estimateFiles(files, (mosaicId) => context.sourceOf(mosaicId), request.options),
      displayPath: context.folderPath,
      freeBytes: await freeBytes(context.folderPath),
    };
  }

  /** Starts a job that writes the files; what can be known to fail is refused before. */
  async start(request: ExportRequest): Promise<{ readonly jobId: string }> {
    const { project, run, files, context } = await this.#prepare(request);
    const { folderPath } = context;
    if (files.length === 0) {
      throw new RpcError(
        "invalid-input",
        "Nothing is chosen to be written: choose masks, confidence or polygons.",
      );
    }
    for (const { fileName, mosaics } of files) {
      await refuseToOverwrite(project, path.join(folderPath, fileName));
      for (const mosaic of mosaics) {
        await context.sourceOf(mosaic.id);
      }
    }
    const { job } = this.#given.jobs.start(
      {
        kind: "export",
        title: files.length === 1 ? `Export ${files[0]?.fileName ?? ""}` : `Export ${files.length} files`,
        projectId: project.id,
        runId: run?.id ?? null,
        mosaicId: null,
        canPause: false,
      },
      async (running) => {
        const { signal } = running;
        const made = await makeFolder(folderPath).catch((error: unknown) => {
          throw writeError(error, folderPath);
        });
        const written: string[] = [];
        const replaced = new ReplacedFiles();
        try {
          for (const [index, file] of files.entries()) {
            signal.throwIfAborted();
            for (const mosaic of file.mosaics) {
              await checkSize(project, mosaic, await context.sourceOf(mosaic.id));
            }
            const detail = files.length === 1 ? file.fileName : `file ${index + 1} of ${files.length}`;
            running.report({ progress: index / files.length, detail });
            await writePlannedFile(file, context, {
              replaced,
              signal,
              onProgress: (share) => {
                running.report({ progress: (index + share) / files.length, detail });
              },
            });
            written.push(path.join(folderPath, file.fileName));
          }
          await replaced.forget();
        } catch (error) {
          await replaced.putBack();
          for (const folder of [...made].reverse()) {
            // Only succeeds while it is empty: somebody may have put something there.
            await rmdir(folder).catch(() => undefined);
          }
          throw error;
        }
        this.#results.set(job.id, written[0] ?? folderPath);
        return {
          kind: "export",
          fileNames: written.map((filePath) => path.basename(filePath)),
          displayPath: folderPath,
          downloads: await this.#grantWithCompanions(written),
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
          downloads: await this.#grantWithCompanions(written),
        };
      },
    );
    return { jobId: job.id };
  }

  /** Starts a job that writes the report of a run. */
  async startReport(
    learning: ReportLearning & Pick<Learning, "runs">,
    request: {
      readonly projectId: string;
      readonly runId: string;
      readonly mosaicIds: readonly string[];
      readonly borderTolerancePixels: number;
      readonly within: EvaluatedGround | undefined;
      readonly format: "html" | "pdf";
      readonly folderPath: string | null;
    },
  ): Promise<{ readonly jobId: string }> {
    const { projectId, runId, mosaicIds, borderTolerancePixels, within } = request;
    const stored = await learning.runs.get(projectId, runId);
    const { run } = stored;
    expectBest(run);
    return this.#startReport(learning, {
      ...request,
      run,
      title: `Report on ${run.name}`,
      subject: { kind: "run", stored, mosaicIds, borderTolerancePixels, within },
    });
  }

  /** Starts a job that writes the report of masks from elsewhere. */
  async startMasksReport(
    learning: ReportLearning,
    request: {
      readonly projectId: string;
      readonly masksId: string;
      readonly format: "html" | "pdf";
      readonly folderPath: string | null;
    },
  ): Promise<{ readonly jobId: string }> {
    const set = learning.evaluation.masks.get(request.projectId, request.masksId);
    return this.#startReport(learning, {
      ...request,
      run: null,
      title: "Report on masks",
      subject: { kind: "masks", set },
    });
  }

  async #startReport(
    learning: ReportLearning,
    {
      projectId,
      run,
      title,
      subject,
      format,
      folderPath: givenFolder,
    }: {
      readonly projectId: string;
      readonly run: Run | null;
      readonly title: string;
      readonly subject: ReportSubjectRequest;
      readonly format: "html" | "pdf";
      readonly folderPath: string | null;
    },
  ): Promise<{ readonly jobId: string }> {
    const { projects, jobs, shell, version } = this.#given;
    const project = projects.get(projectId);
    const ownFolder =
      run === null ? path.join(project.storageDirectory, "exports", "masks") : exportFolder(project, run);
    const folderPath = givenFolder ?? ownFolder;
    const filePath = path.join(folderPath, `report.${format}`);
    if (givenFolder !== null) {
      await refuseExisting(filePath);
    }
    const { job } = jobs.start(
      {
        kind: "report",
        title,
        projectId,
        runId: run?.id ?? null,
        mosaicId: null,
        canPause: false,
      },
      async (context) => {
        await writeReport(
          project,
          { ...subject, out: path.basename(filePath) },
          {
            evaluation: learning.evaluation,
            predictions: learning,
            groundOfRun: (of, which) => learning.training.groundOf(of, which),
            version,
            shell,
          },
          {
            filePath,
            signal: context.signal,
            onProgress: (progress, detail) => {
              context.report({ progress, detail });
            },
          },
        );
        this.#results.set(job.id, filePath);
        const [download = null] = this.#grant([filePath]);
        return {
          kind: "report",
          fileName: path.basename(filePath),
          displayPath: folderPath,
          downloadId: download?.downloadId ?? null,
        };
      },
    );
    return { jobId: job.id };
  }

  /** Starts a job that copies a run's folder whole. */
  async startRun(
    runs: Runs,
    request: { readonly projectId: string; readonly runId: string; readonly folderPath: string | null },
  ): Promise<{ readonly jobId: string }> {
    const { projects, jobs } = this.#given;
    const project = projects.get(request.projectId);
    const stored = await runs.get(request.projectId, request.runId);
    const { run } = stored;
    const folderPath = request.folderPath ?? path.join(project.storageDirectory, "exports");
    const outputPath = path.join(folderPath, runFolderName(run));
    await refuseExisting(outputPath);
    const { job } = jobs.start(
      {
        kind: "export",
        title: `Export ${run.name} as a folder`,
        projectId: project.id,
        runId: run.id,
        mosaicId: null,
        canPause: false,
      },
      async (context) => {
        await copyRun(stored, outputPath, {
          signal: context.signal,
          onProgress: (progress, detail) => {
            context.report({ progress, detail });
          },
        });
        this.#results.set(job.id, outputPath);
        return {
          kind: "export",
          fileNames: [path.basename(outputPath)],
          displayPath: folderPath,
          downloads: [],
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

  async #prepare(request: ExportRequest): Promise<{
    readonly project: Project;
    readonly run: Run | null;
    readonly files: PlannedFile[];
    readonly context: ExportContext;
  }> {
    const { projects, predictions, version } = this.#given;
    const { projectId, runId, folderPath, options } = request;
    const project = projects.get(projectId);
    const run = runId === null ? null : await predictions.run(projectId, runId);
    const sources = new Map<string, Promise<ClassSource>>();
    const open = async (mosaicId: string): Promise<ClassSource> => {
      const { name } = project.mosaic(mosaicId);
      if (run === null) {
        return labelSource(project, mosaicId, name);
      }
      const grid = await predictions.readPrediction(projectId, mosaicId, run.id);
      if (grid === null) {
        throw new RpcError("not-found", `${name} has no prediction by this run. Predict it first.`);
      }
      return gridSource(grid);
    };
    return {
      project,
      run,
      files: plannedFiles(project, request),
      context: {
        project,
        run,
        options,
        version,
        folderPath: folderPath ?? exportFolder(project, run),
        sourceOf: (mosaicId) => {
          const known = sources.get(mosaicId) ?? open(mosaicId);
          sources.set(mosaicId, known);
          return known;
        },
      },
    };
  }

  /** For a browser, what was written and what stands beside it; a shell that shows the folder needs none of it. */
  async #grantWithCompanions(
    filePaths: readonly string[],
  ): Promise<{ downloadId: string; fileName: string }[]> {
    return this.#given.shell.capabilities.download ? this.#grant(await withCompanions(filePaths)) : [];
  }

  #grant(filePaths: readonly string[]): { downloadId: string; fileName: string }[] {
    if (!this.#given.shell.capabilities.download) {
      return [];
    }
    return filePaths.map((filePath) => {
      const downloadId = randomUUID();
      const fileName = path.basename(filePath);
      this.#downloads.set(downloadId, { filePath, fileName });
      return { downloadId, fileName };
    });
  }
}

/** The labels of a mosaic, as the map shows them. */
function labelSource(project: Project, mosaicId: string, name: string): ClassSource {
  const { width, height } = project.mosaic(mosaicId).image;
  if (project.labelsVersion(mosaicId) === null) {
    throw new RpcError("not-found", `${name} has no labels.`);
  }
  return {
    width,
    height,
    readIds: (pixelWindow, options) => project.readLabels(mosaicId, { pixelWindow }, options),
    readConfidence: () => Promise.resolve(null),
  };
}

async function checkSize(project: Project, { id, name }: ReadyMosaic, source: ClassSource): Promise<void> {
  const { width, height } = (await project.image(id)).description;
  if (source.width !== width || source.height !== height) {
    throw new RpcError(
      "conflict",
      `${name} is ${width}×${height} px now, but its prediction ${source.width}×${source.height}: the image was changed. Predict it again.`,
    );
  }
}

/** Each file, followed by what was written beside it: without it other programs know neither names nor colours. */
async function withCompanions(filePaths: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for (const filePath of filePaths) {
    const { dir, name } = path.parse(filePath);
    const companions = [`${filePath}.aux.xml`, path.join(dir, `${name}.qml`)];
    const found = await Promise.all(
      companions.map((companion) =>
        stat(companion).then(
          (facts) => facts.isFile(),
          () => false,
        ),
      ),
    );
    all.push(filePath, ...companions.filter((_, index) => found[index] === true));
  }
  return all;
}
