import type { Command } from "commander";
import { listModels } from "../host/runs/index.ts";
import type { CliIo } from "./cli-io.ts";
import { wholeNumber } from "./option-values.ts";

interface ModelsOptions {
  readonly size: number;
  readonly bands: number;
  readonly classes: number;
  readonly width?: number;
}

/** `orthomask models`: the networks, with parameter counts for a given input. */
export function registerModelsCommand(program: Command, io: CliIo): void {
  program
    .command("models")
    .description("list the networks with their parameter counts for a given input")
    .option("--size <pixels>", "side of what the network sees", wholeNumber(32, 4096), 256)
    .option("--bands <n>", "bands of the imagery", wholeNumber(1, 64), 3)
    .option("--classes <n>", "classes to tell apart", wholeNumber(2, 254), 5)
    .option("--width <n>", "filters of the first stage, for the families that scale", wholeNumber(1, 512))
    .action((options: ModelsOptions) => {
      io.answer(listModels(options), (models) =>
        models
          .map(
            ({ id, name, parameters, summary }) =>
              `${id.padEnd(18)}${parameters.toLocaleString("en-US").padStart(13)}  ${name}: ${summary}`,
          )
          .join("\n"),
      );
    });
}
