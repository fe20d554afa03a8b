import type { Command } from "commander";
import type { CliIo } from "./cli-io.ts";
import { UsageError } from "./cli-io.ts";

const GIGABYTE = 1e9;

/** `orthomask cache`: what the overviews of large mosaics take on disk; sets their limit, clears them. */
export function registerCacheCommand(program: Command, io: CliIo): void {
  program
    .command("cache")
    .description("say what the overviews of large mosaics take on disk; set their limit, clear them")
    .option("--limit <gigabytes>", "what they may take from now on; 0 makes none")
    .option("--clear", "remove them all")
    .action(async ({ limit, clear }: { readonly limit?: string; readonly clear?: boolean }) => {
      const gigabytes = limit === undefined ? null : Number(limit);
      if (gigabytes !== null && !(limit?.trim() !== "" && gigabytes >= 0 && Number.isFinite(gigabytes))) {
        throw new UsageError(`--limit takes gigabytes as a number from 0, not "${limit ?? ""}".`);
      }
      const { pyramidCache } = await io.services();
      if (gigabytes !== null) {
        await pyramidCache.setLimit(gigabytes * GIGABYTE);
      }
      const freedBytes = clear === true ? await pyramidCache.clear() : 0;
      const { displayPath, ...state } = await pyramidCache.refresh();
      io.answer({ folder: displayPath, ...state, freedBytes }, (document) =>
        [
          ...(clear === true ? [`${gigabytesOf(document.freedBytes)} freed`] : []),
          `${document.folder}: ${gigabytesOf(document.usedBytes)} of ${gigabytesOf(document.limitBytes)} in ${document.pyramids} files`,
        ].join("\n"),
      );
    });
}

function gigabytesOf(bytes: number): string {
  return `${(bytes / GIGABYTE).toFixed(2)} GB`;
}
