import { Option, type Command } from "commander";
import {
  expandSweep,
  sweepableSetting,
  sweepableSettings,
  sweepName,
  sweepValues,
} from "#shared/training/sweep.ts";
import type { SweepAxis } from "#shared/training/sweep.ts";
import type { TrainingSettings } from "#shared/training/training-settings.ts";
import { commandLine } from "#shared/command-line/command-lines.ts";
import type { Learning } from "../host/learning.ts";
import type { Project } from "../host/projects/project.ts";
import { architectureEntry } from "../host/runs/index.ts";
import type { NewTraining, StartedRun } from "../host/training/index.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { answerOf, EndedRunError, followRun, summaryOf } from "./follow-run.ts";

/** Options of `train` on how many runs there are, and what they are called. */
export interface SweepOptions {
  readonly name?: string;
  readonly sweep: readonly string[];
}

/** Declares the options of `SweepOptions`. */
export function declareSweepOptions(command: Command): Command {
  return command
    .option("--name <name>", "what the run is called (default: the network and a number)")
    .addOption(
      new Option(
        "--sweep <setting=values>",
        "train once with each of these values, one training after another: learning-rate=0.001,0.003; given again, with all combinations",
      )
        .argParser((value: string, before: readonly string[]) => [...before, value])
        .default([], "none"),
    );
}

/** The trainings that `--sweep` means, by names that say what differs. Throws `UsageError`. */
export function sweepTrainings(base: TrainingSettings, { sweep, name }: SweepOptions): NewTraining[] {
  const axes = sweep.map((given) => axisOf(base, given));
  try {
    return expandSweep(base, axes).map(({ settings, words }) => ({
      settings,
      name: sweepName(name ?? architectureEntry(settings.architecture).name, words),
    }));
  } catch (error) {
    if (error instanceof RangeError) {
      throw new UsageError(`--sweep: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

function axisOf(base: TrainingSettings, given: string): SweepAxis {
  const equals = given.indexOf("=");
  const word = given.slice(0, equals).trim();
  const values = sweepValues(given.slice(equals + 1));
  if (equals < 1 || values.length === 0) {
    throw new UsageError(
      `--sweep ${given}: expected a setting and its values, such as learning-rate=0.001,0.003.`,
    );
  }
  const setting = sweepableSetting(base, word);
  if (setting === null) {
    throw new UsageError(
      `--sweep ${given}: there is no setting ${word}; there are ${sweepableSettings(base)
        .map(({ option }) => option)
        .join(", ")}.`,
    );
  }
  return { setting, values };
}

/**
 * Shows queued trainings as they go on, one after another, and answers with all of them. One that fails doesn't stop the others. What an interruption finds
 * undone stays in the queue.
 */
export async function followQueue(
  io: CliIo,
  learning: Learning,
  project: Project,
  queued: readonly StartedRun[],
): Promise<void> {
  const interrupted = new Promise<"interrupted">((resolve) => {
    const tell = (): void => {
      resolve("interrupted");
    };
    io.signal.addEventListener("abort", tell, { once: true });
    if (io.signal.aborted) {
      tell();
    }
  });
  const ended: { readonly answer: object; readonly line: string }[] = [];
  let failures = 0;
  for (const [index, started] of queued.entries()) {
    const { name } = await learning.run(project.id, started.runId);
    io.note(`${index + 1} of ${queued.length}: ${name}`);
    // An interruption ends the program, and with it the host, which keeps what is queued.
    const following = followRun(io, learning, project, started, () => undefined).catch((error: unknown) => {
      if (error instanceof EndedRunError) {
        failures += 1;
        io.note(`failed: ${error.message}`);
        return error.run;
      }
      throw error;
    });
    const run = await Promise.race([following, interrupted]);
    if (run === "interrupted") {
      following.catch(() => undefined);
      io.note(
        `interrupted; ${queued.length - index} of ${queued.length} are still to be trained, go on with: ${commandLine(["runs", "continue", project.folderPath])}`,
      );
      return;
    }
    ended.push({
      answer: { ...answerOf(run, started.directory), name: run.name, state: run.state.kind },
      line: `${run.name}: ${summaryOf(run, started.directory)}`,
    });
  }
  io.answer(
    ended.map(({ answer }) => answer),
    () => (ended.length === 0 ? "nothing waits to be trained" : ended.map(({ line }) => line).join("\n")),
  );
  if (failures > 0) {
    process.exitCode = 1;
  }
}
