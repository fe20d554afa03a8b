import type { Command } from "commander";
import type { ComparedMeasure, RunComparison } from "#shared/metrics/run-comparison.ts";
import type { CliIo } from "./cli-io.ts";
import { findRun } from "./find-run.ts";
import { comparableMosaics, openRun, runInProject } from "./open-run.ts";

/** `orthomask compare`: two runs on the ground that both have predicted. */
export function registerCompareCommand(program: Command, io: CliIo): void {
  program
    .command("compare")
    .description(
      "set two runs side by side on what both have predicted: IoU with the interval that chance leaves it",
    )
    .argument("<first>", "a run's id, or its folder")
    .argument("<second>", "another run of the same project")
    .option("--project <dir>", "the project's folder (default: the one that the first run lies in)")
    .option(
      "--mosaics <names>",
      "only these mosaics, with commas between (default: all that both have predicted)",
    )
    .action(
      async (
        first: string,
        second: string,
        options: { readonly project?: string; readonly mosaics?: string },
      ) => {
        const opened = await openRun(io, first, options.project);
        const { services, project, stored } = opened;
        const other = await runInProject(services, project, await findRun(services.learning.runs, second));
        const mosaics = await comparableMosaics(opened, options.mosaics, other);
        const comparison = await services.learning.evaluation.compare(
          project,
          [stored.run.id, other.run.id],
          mosaics.map(({ id }) => id),
          { signal: io.signal },
        );
        io.answer(comparison, (answer) => describe(answer, stored.run.name, other.run.name));
      },
    );
}

function describe(comparison: RunComparison, first: string, second: string): string {
  const row = (name: string, { first: one, second: two, difference }: ComparedMeasure): string =>
    [
      name.padEnd(20),
      shown(one),
      shown(two),
      difference === null
        ? "–"
        : `${signed(difference.difference)} (${signed(difference.low)} to ${signed(difference.high)})`,
    ].join(" ");
  const { firstRight, secondRight, bothWrong } = comparison.disagreement;
  return [
    ...(comparison.beware === null ? [] : [comparison.beware, ""]),
    `first: ${first}; second: ${second}; differences with their 95 % interval from ${comparison.blocks} blocks`,
    row("mean IoU", comparison.meanIou),
    row("accuracy", comparison.accuracy),
    ...comparison.first.classes.flatMap(({ name }, index) => {
      const measure = comparison.classIou[index];
      return measure === undefined ? [] : [row(`IoU of ${name}`, measure)];
    }),
    `where they differ: first right ${firstRight} px, second right ${secondRight} px, neither ${bothWrong} px`,
  ].join("\n");
}

function shown(value: number | null): string {
  return (value === null ? "–" : value.toFixed(4)).padStart(8);
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;
}
