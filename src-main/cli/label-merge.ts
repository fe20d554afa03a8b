import path from "node:path";
import { Option, type Command } from "commander";
import { mergeReportSentence, type KeptSide } from "#shared/labels/label-merge.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import type { Project } from "../host/projects/project.ts";
import { findConflicts, mergeLabels, settleConflicts } from "../host/label-merge/index.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { mosaicsNamed, openProject, readyMosaics } from "./open-run.ts";
import { wholeNumber } from "./option-values.ts";

const mostPlaces = 1000;

/** `orthomask label merge` and `label conflicts`: two people's labels of one mosaic, as in the window. */
export function registerLabelMerge(label: Command, io: CliIo): void {
  label
    .command("merge")
    .description(
      "take what another person has labelled, from the mask that they exported; differences are kept to be settled",
    )
    .argument("<dir>", "the project's folder")
    .argument("<file>", "their labels of a mosaic, of its size")
    .option("--mosaic <name>", "the mosaic; the one that the file is named after otherwise")
    .action(async (dir: string, file: string, options: { readonly mosaic?: string }) => {
      const project = await openProject(io, dir);
      const name = options.mosaic ?? path.basename(file, path.extname(file));
      const [mosaic] = mosaicsNamed(readyMosaics(project), name);
      if (mosaic === undefined) {
        throw new UsageError("Name the mosaic with --mosaic.");
      }
      const progress = io.progress(`merging ${path.basename(file)}`);
      const { mosaicId, ...report } = await mergeLabels(project, mosaic.id, path.resolve(file), {
        signal: io.signal,
        onProgress: (share) => {
          progress.update({ progress: share, detail: mosaic.name });
        },
      }).finally(() => {
        progress.end();
      });
      io.answer(
        { mosaic: mosaic.name, ...report },
        () => `${mosaic.name}: ${mergeReportSentence({ mosaicId, ...report })}`,
      );
    });
  label
    .command("conflicts")
    .description("list where merged labels differ, or settle it: one undo step for each mosaic or place")
    .argument("<dir>", "the project's folder")
    .option("--mosaics <names>", "only these mosaics, with commas")
    .addOption(new Option("--keep <side>", "settle: whose labels the pixels get").choices(["mine", "theirs"]))
    .option(
      "--place <number>",
      "settle only this place of the list, the largest being 1",
      wholeNumber(1, mostPlaces),
    )
    .action(
      async (
        dir: string,
        options: { readonly mosaics?: string; readonly keep?: KeptSide; readonly place?: number },
      ) => {
        const project = await openProject(io, dir);
        const mosaics = mosaicsNamed(readyMosaics(project), options.mosaics);
        if (options.keep !== undefined) {
          const pixels = await settle(
            project,
            mosaics,
            { kept: options.keep, place: options.place ?? null },
            io,
          );
          io.answer(
            { kept: options.keep, pixels },
            () => `${pixels} pixels are settled: ${options.keep ?? ""}`,
          );
          return;
        }
        await list(project, mosaics, io);
      },
    );
}

async function settle(
  project: Project,
  mosaics: readonly ReadyMosaic[],
  { kept, place }: { readonly kept: KeptSide; readonly place: number | null },
  { signal }: CliIo,
): Promise<number> {
  const ids = mosaics.map(({ id }) => id);
  if (place !== null) {
    const { largest } = await findConflicts(project, ids, place, { signal });
    const found = largest[place - 1];
    if (found === undefined) {
      throw new UsageError(`--place ${place}: there are ${largest.length} places.`);
    }
    return settleConflicts(project, found.mosaicId, found, kept, { signal });
  }
  let pixels = 0;
  for (const id of ids) {
    pixels += await settleConflicts(project, id, null, kept, { signal });
  }
  return pixels;
}

async function list(project: Project, mosaics: readonly ReadyMosaic[], io: CliIo): Promise<void> {
  const found = await findConflicts(
    project,
    mosaics.map(({ id }) => id),
    mostPlaces,
    { signal: io.signal },
  );
  const nameOf = (id: number): string =>
    project.snapshot().classes.find((item) => item.id === id)?.name ?? String(id);
  io.answer(
    {
      pixels: found.pixels,
      places: found.places,
      pairs: found.pairs.map(({ mineId, theirsId, pixels }) => ({
        mine: nameOf(mineId),
        theirs: nameOf(theirsId),
        pixels,
      })),
      largest: found.largest.map(({ mosaicId, ...place }) => ({
        mosaic: project.mosaic(mosaicId).name,
        ...place,
      })),
    },
    ({ pixels, places, pairs, largest }) =>
      [
        `${pixels} pixels in ${places} places are labelled differently`,
        ...pairs.map((pair) => `  ${pair.mine}, theirs ${pair.theirs}: ${pair.pixels} px`),
        ...largest
          .slice(0, 20)
          .map(
            (place, index) =>
              `${index + 1}. ${place.mosaic} at ${place.anchor.join(",")}: ${place.pixels} px`,
          ),
      ].join("\n"),
  );
}
