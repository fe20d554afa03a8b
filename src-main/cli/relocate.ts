import { realpath } from "node:fs/promises";
import type { Command } from "commander";
import { relocateLinks } from "../host/projects/index.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { openProject } from "./open-run.ts";

/** `orthomask relocate`: finds images and masks that a project's links no longer lead to. */
export function registerRelocateCommand(program: Command, io: CliIo): void {
  program
    .command("relocate")
    .description(
      "find images and masks that links of a project's folder no longer lead to, and point the links there",
    )
    .argument("<dir>", "the project's folder")
    .requiredOption("--from <dir>", "the folder to look in, with all folders below it")
    .action(async (folder: string, { from }: { readonly from: string }) => {
      const searched = await realpath(from).catch(() => {
        throw new UsageError(`--from ${from}: there is no such folder.`);
      });
      const project = await openProject(io, folder);
      const { found, missing } = await relocateLinks(project, searched, { signal: io.signal });
      for (const { fileName, reason } of missing) {
        io.warn(`${fileName}: ${reason}`);
      }
      io.answer({ found, missing }, (document) =>
        document.found.length === 0
          ? "nothing found"
          : document.found.map(({ fileName, path }) => `${fileName} → ${path}`).join("\n"),
      );
    });
}
