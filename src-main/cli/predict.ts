import { stat } from "node:fs/promises";
import path from "node:path";
import type { Command } from "commander";
import { createEnginePredictor } from "../host/engine/engine-predictor.ts";
import { averagedPredictor } from "../host/inference/averaged-predictor.ts";
import { isDiskFull, toHostError } from "../host/host-error.ts";
import { predictFile, type PredictedFile } from "../host/inference/predict-file.ts";
import { listFolder } from "../host/projects/list-folder.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { predictProject } from "./predict-project.ts";
import { findRun } from "./find-run.ts";
import { share, wholeNumber } from "./option-values.ts";

interface PredictOptions {
  readonly out?: string;
  readonly project?: string;
  readonly mosaics?: string;
  readonly overlap: number;
  readonly tta: boolean;
  readonly confidence: boolean;
  readonly batch?: number;
}

/** An input that came to nothing. */
interface FailedFile {
  readonly input: string;
  readonly error: string;
}

/** `orthomask predict`: class masks of raster files by a trained run. */
export function registerPredictCommand(program: Command, io: CliIo): void {
  program
    .command("predict")
    .description("write a class mask GeoTIFF for each raster, on its grid, with the same file name")
    .argument("<run>", "a run's id, or its folder")
    .argument("[input...]", "raster files, or folders of them")
    .option("--out <dir>", "the folder for the masks; made if need be")
    .option(
      "--project <dir>",
      "predict this project's mosaics and keep that with the run, as the window does",
    )
    .option("--mosaics <names>", "of a project: only these mosaics, with commas between")
    .option("--overlap <share>", "share of a tile that neighbours have in common", share(0, 0.75), 0.25)
    .option("--tta", "average the answers for all eight flips and turns of each tile", false)
    .option("--confidence", "also write NAME_confidence.tif, 0 to 255", false)
    .option("--batch <n>", "tiles predicted at once", wholeNumber(1, 512))
    .action(async (given: string, paths: readonly string[], options: PredictOptions) => {
      if (options.project !== undefined) {
        if (paths.length > 0 || options.out !== undefined) {
          throw new UsageError("--project keeps predictions with the run: give neither inputs nor --out.");
        }
        await predictProject(io, given, { ...options, project: options.project });
        return;
      }
      if (paths.length === 0 || options.out === undefined) {
        throw new UsageError("Give raster files and --out, or --project.");
      }
      const outputFolder = path.resolve(options.out);
      const inputs = (await Promise.all(paths.map(rastersOf))).flat();
      refuseSameNames(inputs);
      const { learning, options: hostOptions } = await io.services();
      const stored = await findRun(learning.runs, given);
      const predictor = await createEnginePredictor(learning.engine, stored, { batch: options.batch });
      const items: (PredictedFile | FailedFile)[] = [];
      const failures: string[] = [];
      try {
        const used = options.tta ? averagedPredictor(predictor) : predictor;
        for (const input of inputs) {
          const progress = io.progress(`predicting ${path.basename(input)}`);
          try {
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
            items.push(file);
          } catch (error) {
            progress.end();
            io.signal.throwIfAborted();
            const { message } = toHostError(error);
            items.push({ input, error: message });
            failures.push(message);
            if (stopsAll(error)) {
              break;
            }
          }
        }
      } finally {
        await predictor.close();
      }
      io.answer(items, (all) => all.map(describe).join("\n"));
      if (failures.length > 0) {
        const [first = ""] = failures;
        throw new Error(
          inputs.length === 1
            ? first
            : `${failures.length} of ${inputs.length} inputs could not be predicted: ${failures.join("; ")}`,
        );
      }
    });
}

/** Whether the next input would fail in the same way: it isn't the input that is at fault. */
function stopsAll(error: unknown): boolean {
  const { code } = toHostError(error);
  return isDiskFull(error) || ["internal", "disconnected", "out-of-memory", "cancelled"].includes(code);
}

function describe(item: PredictedFile | FailedFile): string {
  return "error" in item
    ? `${item.input}: ${item.error}`
    : `${item.output}: ${item.seconds.toFixed(1)} s, ${item.megapixelsPerSecond.toFixed(2)} megapixels a second`;
}

/** A file as it is; of a folder, the images as the app would list them. */
async function rastersOf(given: string): Promise<string[]> {
  const found = await stat(given).catch(() => null);
  if (found?.isDirectory() !== true) {
    return [given];
  }
  const { mosaics } = await listFolder(given);
  if (mosaics.length === 0) {
    throw new UsageError(`${given} holds no images: expected TIFF, PNG or JPEG files in it, or in images/.`);
  }
  return mosaics.map(({ image }) => image.filePath);
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
