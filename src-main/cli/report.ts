import path from "node:path";
import type { Command } from "commander";
import type { ClassMapping } from "#shared/metrics/id-pairs.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { writeReport } from "../host/reports/index.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { judgeMasks } from "./evaluate-masks.ts";
import { groundOf, type GroundOptions } from "./evaluate-run.ts";
import { mapOption, resampleOption } from "./mask-options.ts";
import { comparableMosaics, openRun, type OpenedRun } from "./open-run.ts";
import { wholeNumber } from "./option-values.ts";

type ReportOptions = GroundOptions & {
  readonly out: string;
  readonly validationTiles?: true;
  readonly masks?: string;
  readonly map?: ClassMapping;
  readonly resample?: "nearest";
};

/** `orthomask report`: how right a run, or masks from elsewhere, are, as a page to hand on. */
export function registerReportCommand(program: Command, io: CliIo): void {
  program
    .command("report")
    .description(
      "write a report on a run, or on masks, as one HTML file: data, split, curves, tables, matrix, worst places, areas",
    )
    .argument("[run]", "a run's id, or its folder")
    .requiredOption("--out <file>", "the .html file to write")
    .option("--project <dir>", "the project's folder (default: the one that the run lies in)")
    .option("--mosaics <names>", "only these mosaics, with commas between (default: all predicted ones)")
    .option(
      "--validation-tiles",
      "count the run's validation tiles as the network sees them, no whole mosaics",
    )
    .option(
      "--border <pixels>",
      "leave out pixels this near to a border between true classes",
      wholeNumber(0, 32),
      0,
    )
    .option(
      "--within <ground>",
      "count only this ground: training, validation, test, or NAME:PART of a saved split",
    )
    .option("--masks <path>", "in place of a run: a file or folder of masks, against the labels of --project")
    .addOption(mapOption())
    .addOption(resampleOption())
    .action(async (given: string | undefined, options: ReportOptions) => {
      const filePath = path.resolve(options.out);
      if (!/\.html?$/i.test(filePath)) {
        throw new UsageError(
          `--out ${options.out}: expected a name that ends with .html; the desktop app prints PDFs, as does any browser.`,
        );
      }
      const beside = options.validationTiles ? ofWholeMosaics(options) : undefined;
      if (beside !== undefined) {
        throw new UsageError(
          `--validation-tiles and ${beside} say two different things to count: leave one out.`,
        );
      }
      if ((given === undefined) === (options.masks === undefined)) {
        throw new UsageError("Give a run, or --masks with --project: one of them.");
      }
      const services = await io.services();
      const { project, ...subject } =
        given === undefined
          ? await masksSubject(io, options.masks ?? "", options)
          : await runSubject(io, given, options);
      const progress = io.progress("writing the report");
      const document = await writeReport(
        project,
        { ...subject, out: options.out },
        {
          evaluation: services.learning.evaluation,
          predictions: services.learning,
          groundOfRun: (of, which) => services.learning.training.groundOf(of, which),
          version: services.options.version,
          shell: null,
        },
        {
          filePath,
          signal: io.signal,
          onProgress: (share, detail) => {
            progress.update({ progress: share, detail });
          },
        },
      ).finally(() => {
        progress.end();
      });
      io.answer(
        {
          output: filePath,
          ...(subject.kind === "run" ? { run: subject.stored.run.id } : {}),
          evaluation: document.evaluation,
          commands: document.commands,
        },
        () => filePath,
      );
    });
}

/** The first option given that counts whole mosaics, or part of them, as a user writes it. */
function ofWholeMosaics({ masks, mosaics, border, within }: ReportOptions): string | undefined {
  const given = {
    "--masks": masks !== undefined,
    "--mosaics": mosaics !== undefined,
    "--border": border > 0,
    "--within": within !== undefined,
  };
  return Object.entries(given).find(([, isGiven]) => isGiven)?.[0];
}

async function runSubject(io: CliIo, given: string, options: ReportOptions) {
  const opened = await openRun(io, given, options.project);
  const { project, stored } = opened;
  const mosaics = options.validationTiles ? [] : await predictedOrNone(io, opened, options.mosaics);
  return {
    ...{ project, kind: "run" as const, stored, mosaicIds: mosaics.map(({ id }) => id) },
    borderTolerancePixels: options.border,
    within: await groundOf(project, options.within),
  };
}

async function masksSubject(io: CliIo, given: string, { map, resample, ...options }: ReportOptions) {
  const judged = await judgeMasks(io, given, { ...options, mapping: map, otherGrids: resample });
  return { ...judged, kind: "masks" as const };
}

/** Without predictions a report tells of the validation tiles, unless mosaics were asked for. */
async function predictedOrNone(
  io: CliIo,
  opened: OpenedRun,
  names: string | undefined,
): Promise<readonly ReadyMosaic[]> {
  try {
    return await comparableMosaics(opened, names);
  } catch (error) {
    if (names === undefined && error instanceof RpcError && error.code === "conflict") {
      io.warn(error.message);
      return [];
    }
    throw error;
  }
}
