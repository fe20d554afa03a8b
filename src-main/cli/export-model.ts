import path from "node:path";
import type { Command } from "commander";
import { modelFormatSchema } from "#shared/training/model-format.ts";
import { exportModelOfRun, refuseExisting } from "../host/exports/write-model.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { findRun } from "./find-run.ts";

/** `orthomask export model`: a trained network for other programs. */
export function registerModelExport(command: Command, io: CliIo): void {
  command
    .command("model")
    .description(
      "write a run's best network as SavedModel, Keras weights or ONNX (with what Deepness for QGIS reads)",
    )
    .argument("<run>", "a run's id, or its folder")
    .requiredOption("--format <name>", modelFormatSchema.options.join(", "))
    .requiredOption(
      "--out <path>",
      "a new folder for savedmodel, a new file that ends in .weights.h5 for keras, in .onnx for onnx",
    )
    .action(async (given: string, options: { readonly format: string; readonly out: string }) => {
      const format = modelFormatSchema.safeParse(options.format);
      if (!format.success) {
        throw new UsageError(
          `--format ${options.format}: expected one of ${modelFormatSchema.options.join(", ")}.`,
        );
      }
      if (format.data === "keras" && !options.out.endsWith(".weights.h5")) {
        throw new UsageError(
          `--out ${options.out}: Keras reads weights only from names that end in .weights.h5.`,
        );
      }
      const outputPath = path.resolve(options.out);
      await refuseExisting(outputPath);
      const { learning, options: hostOptions } = await io.services();
      const stored = await findRun(learning.runs, given);
      const files = await exportModelOfRun(learning.engine, stored, {
        format: format.data,
        path: outputPath,
        version: hostOptions.version,
      });
      io.answer({ run: stored.run.id, format: format.data, files }, () => files.join("\n"));
    });
}
