import path from "node:path";
import { Option, type Command } from "commander";
import {
  mergeRuleSchema,
  vectorFormatSchema,
  type ExportOptions,
  type MergeRule,
  type VectorFormat,
} from "#shared/project/export-options.ts";
import { hasLabels, type ReadyMosaic } from "#shared/project/mosaic.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { Exports } from "../host/exports/index.ts";
import type { Project } from "../host/projects/project.ts";
import type { Services } from "../host/services.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { followJob } from "./follow-job.ts";
import { mosaicsNamed, openProject, openRun, readyMosaics } from "./open-run.ts";
import { share } from "./option-values.ts";

interface MaskExportOptions {
  readonly project?: string;
  readonly labels?: string;
  readonly mosaics?: string;
  readonly out?: string;
  readonly mask: boolean;
  readonly confidence: boolean;
  readonly vector?: VectorFormat;
  readonly simplify: number;
  readonly minArea: number;
  readonly merge?: MergeRule;
}

/** `orthomask export masks`: what the window's export writes, of a run's predictions or of a project's labels. */
export function registerMasksExport(command: Command, io: CliIo): void {
  command
    .command("masks")
    .description(
      "write a run's predictions, or a project's labels, as GeoTIFFs and polygons, as the window does",
    )
    .argument("[run]", "a run's id, or its folder")
    .option("--labels <dir>", "the labels of this project instead of a run's predictions")
    .option("--project <dir>", "the run's project (default: the one that the run lies in)")
    .option("--mosaics <names>", "only these mosaics, with commas between (default: all that there are)")
    .option("--out <dir>", "the folder to write into (default: the run's own among the project's exports)")
    .option("--no-mask", "without the masks themselves")
    .option("--confidence", "also NAME_confidence.tif, how sure the network was", false)
    .addOption(new Option("--vector <format>", "also polygons").choices(vectorFormatSchema.options))
    .option("--simplify <metres>", "of polygons: how far borders may move", share(0, 1e6), 0)
    .option("--min-area <m2>", "of polygons: give smaller areas to a neighbour", share(0, 1e12), 0)
    .addOption(
      new Option(
        "--merge <rule>",
        "all mosaics as one file; which counts where several have a class",
      ).choices(mergeRuleSchema.options),
    )
    .action(async (given: string | undefined, options: MaskExportOptions) => {
      if ((given === undefined) === (options.labels === undefined)) {
        throw new UsageError("Name a run, or give --labels with the folder of a project.");
      }
      const opened =
        given === undefined
          ? {
              services: await io.services(),
              project: await openProject(io, options.labels ?? ""),
              runId: null,
            }
          : await openRun(io, given, options.project).then(({ stored, ...rest }) => ({
              ...rest,
              runId: stored.run.id,
            }));
      const { services, project, runId } = opened;
      const mosaics = mosaicsNamed(await exportable(services, project, runId), options.mosaics);
      if (mosaics.length === 0) {
        throw new RpcError(
          "conflict",
          runId === null
            ? `No mosaic in ${project.folderPath} has labels.`
            : `This run has predicted no mosaic: run \`orthomask predict ${runId} --project ${project.folderPath}\` first.`,
        );
      }
      const { jobs, projects, learning, options: host } = services;
      const exports = new Exports({
        ...{ projects, jobs, predictions: learning },
        ...{ shell: host.shell, version: host.version },
      });
      const { jobId } = await exports.start({
        projectId: project.id,
        runId,
        mosaicIds: mosaics.map(({ id }) => id),
        options: exportOptionsOf(options),
        folderPath: options.out === undefined ? null : path.resolve(options.out),
      });
      const result = await followJob(io, jobs, jobId, "exporting");
      if (result.kind === "export") {
        const { displayPath, fileNames } = result;
        io.answer({ run: runId, dir: displayPath, files: fileNames }, () =>
          fileNames.map((name) => path.join(displayPath, name)).join("\n"),
        );
      }
    });
}

function exportOptionsOf({
  mask,
  confidence,
  vector,
  simplify,
  minArea,
  merge,
}: MaskExportOptions): ExportOptions {
  return {
    mask,
    confidence,
    vector:
      vector === undefined
        ? null
        : { format: vector, simplifyMeters: simplify, minAreaSquareMeters: minArea },
    merge: merge ?? null,
  };
}

/** Mosaics with something to write: a prediction, or labels. */
async function exportable(
  { learning }: Services,
  project: Project,
  runId: string | null,
): Promise<ReadyMosaic[]> {
  const found: ReadyMosaic[] = [];
  for (const mosaic of readyMosaics(project)) {
    if (
      runId === null
        ? hasLabels(mosaic.mask)
        : (await learning.readPrediction(project.id, mosaic.id, runId)) !== null
    ) {
      found.push(mosaic);
    }
  }
  return found;
}
