import { realpath } from "node:fs/promises";
import path from "node:path";
import { Option, type Command } from "commander";
import { mergeRuleSchema, vectorFormatSchema, type MergeRule } from "#shared/project/export-options.ts";
import { exportMaskFile, mergeInputs, mergeMaskFiles } from "../host/exports/index.ts";
import { makeFolder } from "../host/make-folder.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { registerMasksExport } from "./export-masks.ts";
import { registerModelExport } from "./export-model.ts";
import { share } from "./option-values.ts";

/** `orthomask export`: masks as polygons, several masks as one, and trained networks. */
export function registerExportCommand(program: Command, io: CliIo): void {
  const command = program.command("export").description("write masks and networks for other programs");
  registerVector(command, io);
  registerMerge(command, io);
  registerMasksExport(command, io);
  registerModelExport(command, io);
}

function registerVector(command: Command, io: CliIo): void {
  command
    .command("vector")
    .description(
      "write a class mask as polygons: .gpkg, .geojson or .fgb by the name, and a QGIS style beside it",
    )
    .argument("<mask>", "a class mask of one band")
    .requiredOption("--out <file>", "the file to write")
    .option("--simplify <metres>", "how far borders may move; neighbours keep sharing them", share(0, 1e6), 0)
    .option(
      "--min-area <m2>",
      "give smaller areas to the neighbour with the longest border",
      share(0, 1e12),
      0,
    )
    .action(
      async (
        mask: string,
        {
          out,
          simplify,
          minArea,
        }: { readonly out: string; readonly simplify: number; readonly minArea: number },
      ) => {
        const output = path.resolve(out);
        const format = path.extname(output).slice(1).toLowerCase();
        if (!vectorFormatSchema.safeParse(format).success) {
          throw new UsageError(`--out: expected a name that ends with .gpkg, .geojson or .fgb, got ${out}.`);
        }
        await refuseInput(output, [mask]);
        await makeFolder(path.dirname(output));
        const progress = io.progress(`tracing ${path.basename(mask)}`);
        const { features } = await exportMaskFile(mask, output, {
          simplify,
          minArea,
          signal: io.signal,
          onProgress: (done) => {
            progress.update({ progress: done, detail: "" });
          },
        }).finally(() => {
          progress.end();
        });
        io.answer({ output, features }, () => `${output}: ${features} polygons`);
      },
    );
}

function registerMerge(command: Command, io: CliIo): void {
  command
    .command("merge")
    .description("write several class masks as one, in the first one's coordinate system and pixel size")
    .argument(
      "<mask...>",
      "class masks; NAME_confidence.tif beside one says how sure it is, and is no mask of its own",
    )
    .requiredOption("--out <file>", "the GeoTIFF to write")
    .addOption(
      new Option("--rule <rule>", "which counts where several have a class")
        .choices(mergeRuleSchema.options)
        .default("last"),
    )
    .action(
      async (named: readonly string[], { out, rule }: { readonly out: string; readonly rule: MergeRule }) => {
        const output = path.resolve(out);
        if (!/\.tiff?$/i.test(output)) {
          throw new UsageError(`--out: expected a name that ends with .tif, got ${out}.`);
        }
        await refuseInput(output, named);
        const { masks, leftOut } = mergeInputs(named);
        if (leftOut.length > 0) {
          io.note(`not merged, as it says how sure a mask is: ${leftOut.join(", ")}`);
        }
        await makeFolder(path.dirname(output));
        const { options } = await io.services();
        const progress = io.progress(`merging ${masks.length} masks`);
        const { width, height } = await mergeMaskFiles(masks, output, {
          rule,
          version: options.version,
          signal: io.signal,
          onProgress: (done) => {
            progress.update({ progress: done, detail: "" });
          },
        }).finally(() => {
          progress.end();
        });
        io.answer(
          { output, width, height },
          () => `${output}: ${width} × ${height} px from ${masks.length} masks`,
        );
      },
    );
}

/** A user's mask is never written over. */
async function refuseInput(output: string, inputs: readonly string[]): Promise<void> {
  const existing = await realpath(output).catch(() => null);
  for (const input of inputs) {
    if (existing !== null && (await realpath(input).catch(() => null)) === existing) {
      throw new UsageError(`${output} is a mask to be read: choose another name with --out.`);
    }
  }
}
