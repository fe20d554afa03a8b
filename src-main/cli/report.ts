import path from "node:path";
import type { Command } from "commander";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { writeReport } from "../host/reports/index.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { groundOf, type GroundOptions } from "./evaluate-run.ts";
import { comparableMosaics, openRun, type OpenedRun } from "./open-run.ts";
import { wholeNumber } from "./option-values.ts";

type ReportOptions = GroundOptions & { readonly out: string; readonly validationTiles?: true };

/** `orthomask report`: a run's results as a page to hand on. */
export function registerReportCommand(program: Command, io: CliIo): void {
  program
    .command("report")
    .description(
      "write a run's report as one HTML file: data, split, curves, tables, matrix, worst places, areas",
    )
    .argument("<run>", "a run's id, or its folder")
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
    .action(async (given: string, options: ReportOptions) => {
      const filePath = path.resolve(options.out);
      if (!/\.html?$/i.test(filePath)) {
        throw new UsageError(
          `--out ${options.out}: expected a name that ends with .html; the desktop app prints PDFs, as does any browser.`,
        );
      }
      if (options.validationTiles && options.mosaics !== undefined) {
        throw new UsageError(
          "--validation-tiles and --mosaics say two different things to count: leave one out.",
        );
      }
      const opened = await openRun(io, given, options.project);
      const { services, project, stored } = opened;
      const mosaics = options.validationTiles ? [] : await predictedOrNone(io, opened, options.mosaics);
      const mosaicIds = mosaics.map(({ id }) => id);
      const progress = io.progress("writing the report");
      const document = await writeReport(
        project,
        {
          stored,
          mosaicIds,
          borderTolerancePixels: options.border,
          within: await groundOf(project, options.within),
          out: options.out,
        },
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
          run: stored.run.id,
          evaluation: document.evaluation,
          commands: document.commands,
        },
        () => filePath,
      );
    });
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
