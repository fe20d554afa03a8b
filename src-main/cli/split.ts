import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { Option, type Command } from "commander";
import { splitDraftSchema, type SplitDraft, type SplitPreview } from "#shared/training/split-preview.ts";
import { listSplits } from "../host/saved-splits/index.ts";
import { UsageError, type CliIo } from "./cli-io.ts";
import { openProject } from "./open-run.ts";
import { jsonValue, realNumber, share, wholeNumber } from "./option-values.ts";
import { namesIn, readSplitFile } from "./split-file.ts";

interface SplitOptions {
  readonly by: string;
  readonly validation: number;
  readonly test: number;
  readonly block: number;
  readonly guard: number;
  readonly stratified: boolean;
  readonly tile: number;
  readonly seed: number;
  readonly save?: string;
}

/** `orthomask split`: what a way to divide the ground comes to, and keeps it by name. */
export function registerSplitCommand(program: Command, io: CliIo): void {
  program
    .command("split")
    .description("divide the ground for training, validation and test: class shares, leaks, distances")
    .argument("<dir>", "the project's folder")
    .addOption(
      new Option(
        "--by <way>",
        "mosaic, blocks, random, saved (list those there are), a folder with train.txt, val.txt and test.txt, or a draft as JSON",
      ).default("blocks"),
    )
    .option("--validation <share>", "share of the labelled ground to validate on", share(0, 0.95), 0.2)
    .option("--test <share>", "share kept for the test", share(0, 0.95), 0)
    .option("--block <metres>", "side of a block", realNumber(0), 256)
    .option("--guard <metres>", "ground this near to held-back blocks is left unused", share(0, 100_000), 0)
    .option("--stratified", "share every class out, the rarest first", false)
    .option("--tile <pixels>", "tiles that it is shown for", wholeNumber(32, 4096), 256)
    .option("--seed <n>", "another draw for each number", wholeNumber(0, 0xffff_ffff), 0)
    .option("--save <name>", "keep it with the project, for `train --split NAME`")
    .action(async (dir: string, options: SplitOptions) => {
      const project = await openProject(io, dir);
      if (options.by === "saved") {
        const splits = await listSplits(project);
        io.answer(
          splits.map(({ id, name, createdAt, areas }) => ({ id, name, createdAt, areas: areas.length })),
          (all) => all.map(({ id, name, areas }) => `${id}  ${name} (${areas} areas)`).join("\n"),
        );
        return;
      }
      const { splits } = await io.services();
      const question = { draft: await draftOf(options), tilePixels: options.tile, seed: options.seed };
      const preview = await splits.preview(project, question, { signal: io.signal });
      const saved = options.save === undefined ? null : await splits.save(project, options.save, question);
      const { tiles, split, ...facts } = preview;
      io.answer({ ...facts, split: saved?.id ?? null, areas: split.areas.length, tiles: tiles.length }, () =>
        describe(preview, project.snapshot().classes),
      );
    });
}

async function draftOf(options: SplitOptions): Promise<SplitDraft> {
  const { by, validation, test, stratified } = options;
  switch (by) {
    case "mosaic":
      return { kind: "mosaic", validation, test, stratified, fixed: {} };
    case "blocks":
      return {
        kind: "blocks",
        validation,
        test,
        stratified,
        blockMeters: options.block,
        guardMeters: options.guard,
      };
    case "random":
      return { kind: "random", validation, test, stratified };
    default:
      return by.trimStart().startsWith("{") ? jsonValue("--by", by, splitDraftSchema) : draftOfLists(by);
  }
}

async function draftOfLists(given: string): Promise<SplitDraft> {
  const found = await stat(given).catch(() => null);
  if (found === null) {
    throw new UsageError(
      `--by ${given}: expected mosaic, blocks, random, saved, JSON, or a folder that is there.`,
    );
  }
  const { training, validation } = await readSplitFile(given);
  const folder = found.isDirectory() ? given : path.dirname(given);
  const test = await readFile(path.join(folder, "test.txt"), "utf8").catch(() => "");
  return { kind: "list", training, validation, test: namesIn(test) };
}

function describe(
  { parts, leaks, nearest, warnings }: SplitPreview,
  classes: readonly { readonly id: number; readonly name: string }[],
): string {
  return [
    ...parts.map(
      ({ part, tiles, classShares }) =>
        `${part.padEnd(11)} ${String(tiles).padStart(6)} tiles  ${(classShares ?? [])
          .map(
            ({ classId, share: of }) =>
              `${classes.find(({ id }) => id === classId)?.name ?? classId} ${(of * 100).toFixed(1)} %`,
          )
          .join(", ")}`,
    ),
    ...leaks
      .filter(({ touching, overlapping }) => touching + overlapping > 0)
      .map(
        ({ first, second, touching, overlapping }) =>
          `${touching} ${second} tiles touch ${first} tiles, ${overlapping} overlap them`,
      ),
    ...(nearest === null
      ? []
      : [
          `nearest training tile: ${nearest.least.toFixed(1)} ${nearest.unit} at least, ${nearest.median.toFixed(1)} ${nearest.unit} in the median`,
        ]),
    ...warnings.map((warning) => `warning: ${warning}`),
  ].join("\n");
}
