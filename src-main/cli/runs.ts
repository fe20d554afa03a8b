import path from "node:path";
import { Option, type Command } from "commander";
import { runTagsSchema, type Run } from "#shared/training/run.ts";
import { copyRun } from "../host/exports/copy-run.ts";
import { refuseExisting } from "../host/exports/write-model.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { openProject, openRun } from "./open-run.ts";
import { followQueue } from "./train-sweep.ts";

const sortings = ["started", "name", "score", "epochs"] as const;

/** `orthomask runs`: lists, names, tags, copies and deletes the runs of a project. */
export function registerRunsCommand(program: Command, io: CliIo): void {
  const command = program
    .command("runs")
    .description("the runs of a project: list, continue, rename, tag, export, delete");
  command
    .command("list", { isDefault: true })
    .description("list the runs of a project")
    .argument("<dir>", "the project's folder")
    .addOption(new Option("--sort <column>", "by what").choices(sortings).default("started"))
    .option("--tag <tag>", "only those with this tag")
    .action(
      async (
        dir: string,
        { sort, tag }: { readonly sort: (typeof sortings)[number]; readonly tag?: string },
      ) => {
        const project = await openProject(io, dir);
        const { learning } = await io.services();
        const stored = (await learning.runs.list(project)).filter(
          ({ run }) => tag === undefined || (run.tags ?? []).includes(tag),
        );
        const runs = stored.toSorted((first, second) => compare(first.run, second.run, sort));
        io.answer(
          runs.map(({ run, directory }) => ({
            id: run.id,
            name: run.name,
            tags: run.tags ?? [],
            createdAt: run.createdAt,
            state: run.state.kind,
            architecture: run.settings.architecture,
            epochs: run.history.length,
            best: run.best === null ? null : { epoch: run.best.epoch, meanIou: run.best.meanIou },
            dir: directory,
          })),
          (all) =>
            all
              .map(
                ({ id, name, tags, best, epochs }) =>
                  `${id}  ${best === null ? "  –   " : best.meanIou.toFixed(4)}  ${String(epochs).padStart(4)} epochs  ${name}${tags.length === 0 ? "" : `  [${tags.join(", ")}]`}`,
              )
              .join("\n"),
        );
      },
    );
  command
    .command("continue")
    .description("train what waits in a project's queue, as an interrupted sweep leaves it")
    .argument("<dir>", "the project's folder")
    .action(async (dir: string) => {
      const project = await openProject(io, dir);
      const { learning } = await io.services();
      await followQueue(io, learning, project, await learning.training.goOn(project));
    });
  command
    .command("rename")
    .description("give a run another name")
    .argument("<run>", "a run's id, or its folder")
    .argument("<name>", "the new name")
    .option("--project <dir>", "the project's folder (default: the one that the run lies in)")
    .action(async (given: string, name: string, { project: folder }: ProjectOption) => {
      const { services, project, stored } = await openRun(io, given, folder);
      const trimmed = name.trim();
      if (trimmed === "" || trimmed.length > 120) {
        throw new UsageError("A run's name has 1 to 120 characters.");
      }
      const run = await services.learning.runs.update(project.id, stored.run.id, (before) => ({
        ...before,
        name: trimmed,
      }));
      io.answer({ id: run.id, name: run.name }, () => `${run.id}: ${run.name}`);
    });
  command
    .command("tag")
    .description("put these tags on a run in place of those it has; none takes all away")
    .argument("<run>", "a run's id, or its folder")
    .argument("[tag...]", "words to find it by")
    .option("--project <dir>", "the project's folder (default: the one that the run lies in)")
    .action(async (given: string, tags: readonly string[], { project: folder }: ProjectOption) => {
      const checked = runTagsSchema.safeParse(tags);
      if (!checked.success) {
        throw new UsageError("Tags have 1 to 40 characters, and there are at most 20.");
      }
      const { services, project, stored } = await openRun(io, given, folder);
      const run = await services.learning.runs.setTags(project.id, stored.run.id, checked.data);
      io.answer({ id: run.id, tags: run.tags ?? [] }, () => `${run.id}: ${(run.tags ?? []).join(", ")}`);
    });
  command
    .command("export")
    .description("copy a run as one folder, with its weights, log and predictions")
    .argument("<run>", "a run's id, or its folder")
    .requiredOption("--out <dir>", "a folder that isn't there yet")
    .option("--project <dir>", "the project's folder (default: the one that the run lies in)")
    .action(async (given: string, { out, project: folder }: ProjectOption & { readonly out: string }) => {
      const { stored } = await openRun(io, given, folder);
      const output = path.resolve(out);
      await refuseExisting(output);
      await copyRun(stored, output, { signal: io.signal });
      io.answer({ id: stored.run.id, output }, () => output);
    });
  command
    .command("delete")
    .description("delete a run with its weights and predictions; this can't be undone")
    .argument("<run>", "a run's id, or its folder")
    .option("--project <dir>", "the project's folder (default: the one that the run lies in)")
    .action(async (given: string, { project: folder }: ProjectOption) => {
      const { services, project, stored } = await openRun(io, given, folder);
      await services.learning.runs.remove(project.id, stored.run.id);
      io.answer({ id: stored.run.id, deleted: true }, () => `${stored.run.id} is deleted`);
    });
}

interface ProjectOption {
  readonly project?: string;
}

function compare(first: Run, second: Run, by: (typeof sortings)[number]): number {
  switch (by) {
    case "started":
      return second.createdAt.localeCompare(first.createdAt);
    case "name":
      return first.name.localeCompare(second.name);
    case "score":
      return (second.best?.meanIou ?? -1) - (first.best?.meanIou ?? -1);
    case "epochs":
      return second.history.length - first.history.length;
  }
}
