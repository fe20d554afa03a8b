import path from "node:path";
import type { Command } from "commander";
import { drawSample, sampleDefaults } from "../host/sample/index.ts";
import type { CliIo } from "./cli-io.ts";
import { wholeNumber } from "./option-values.ts";

/** `orthomask sample`: draws a small set of georeferenced mosaics with exact masks. */
export function registerSampleCommand(program: Command, io: CliIo): void {
  program
    .command("sample")
    .description("draw a small georeferenced mosaic set: images/, masks/, classes.json")
    .argument("<dir>", "the folder to write; made if need be")
    .option("--size <pixels>", "side of each mosaic", wholeNumber(256, 16_384), sampleDefaults.sizePixels)
    .option("--mosaics <n>", "how many mosaics", wholeNumber(1, 64), sampleDefaults.mosaics)
    .option(
      "--seed <n>",
      "another landscape for each number",
      wholeNumber(0, 2 ** 31 - 1),
      sampleDefaults.seed,
    )
    .action(
      async (
        dir: string,
        options: { readonly size: number; readonly mosaics: number; readonly seed: number },
      ) => {
        const progress = io.progress("drawing");
        const sample = await drawSample(path.resolve(dir), {
          sizePixels: options.size,
          mosaics: options.mosaics,
          seed: options.seed,
          signal: io.signal,
          onProgress: (share, detail) => {
            progress.update({ progress: share, detail });
          },
        });
        progress.end();
        io.answer(
          { dir: path.resolve(dir), ...sample },
          ({ mosaics, classes }) =>
            `${dir}: ${mosaics.length} mosaics of ${options.size} × ${options.size} px, classes ${classes
              .map(({ name }) => name)
              .join(", ")}`,
        );
      },
    );
}
