import path from "node:path";
import type { Command } from "commander";
import { createEnginePredictor } from "../host/engine/engine-predictor.ts";
import { averagedPredictor } from "../host/inference/averaged-predictor.ts";
import { predictFile, type PredictedFile } from "../host/inference/predict-file.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { findRun } from "./find-run.ts";
import { share, wholeNumber } from "./option-values.ts";

interface PredictOptions {
  readonly out: string;
  readonly overlap: number;
  readonly tta: boolean;
  readonly confidence: boolean;
  readonly batch?: number;
}

/** `orthomask predict`: class masks of raster files by a trained run. */
export function registerPredictCommand(program: Command, io: CliIo): void {
  program
    .command("predict")
    .description("write a class mask GeoTIFF for each raster, on its grid, with the same file name")
    .argument("<run>", "a run's id, or its folder")
    .argument("<input...>", "raster files")
    .requiredOption("--out <dir>", "the folder for the masks; made if need be")
    .option("--overlap <share>", "share of a tile that neighbours have in common", share(0, 0.75), 0.25)
    .option("--tta", "average the answers for all eight flips and turns of each tile", false)
    .option("--confidence", "also write NAME_confidence.tif, 0 to 255", false)
    .option("--batch <n>", "tiles predicted at once", wholeNumber(1, 512))
    .action(async (given: string, inputs: readonly string[], options: PredictOptions) => {
      const outputFolder = path.resolve(options.out);
      refuseSameNames(inputs);
      const { learning, options: hostOptions } = await io.services();
      const stored = await findRun(learning.runs, given);
      const predictor = await createEnginePredictor(learning.engine, stored, { batch: options.batch });
      const files: PredictedFile[] = [];
      try {
        const used = options.tta ? averagedPredictor(predictor) : predictor;
        for (const input of inputs) {
          const progress = io.progress(`predicting ${path.basename(input)}`);
          const file = await predictFile(
            input,
            outputFolder,
            { run: stored.run, version: hostOptions.version, predictor: used },
            {
              overlap: options.overlap,
              confidence: options.confidence,
              signal: io.signal,
              onProgress: (done) => {
                progress.update({ progress: done, detail: "" });
              },
            },
          );
          progress.end();
          files.push(file);
        }
      } finally {
        await predictor.close();
      }
      io.answer(files, (all) =>
        all
          .map(
            ({ output, seconds, megapixelsPerSecond }) =>
              `${output}: ${seconds.toFixed(1)} s, ${megapixelsPerSecond.toFixed(2)} megapixels a second`,
          )
          .join("\n"),
      );
    });
}

/** Two inputs of one name would write the same mask. */
function refuseSameNames(inputs: readonly string[]): void {
  const names = inputs.map((input) => path.parse(input).name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new UsageError(
      `Two inputs are called ${twice}: their masks would have the same name. Predict them into different folders.`,
    );
  }
}
