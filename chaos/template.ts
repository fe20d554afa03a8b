import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { runSchema } from "#shared/training/run.ts";
import type { TrainingSettings } from "#shared/training/training-settings.ts";

const commandLine = path.resolve(import.meta.dirname, "../out/cli/cli.mjs");

/** A small project to begin with, drawn and trained for an epoch. */
export interface Template {
  /** Where it lies. */
  readonly templateFolder: string;
  /** Of its mosaics, in pixels. */
  readonly side: number;
  readonly runId: string;
  readonly settings: TrainingSettings;
}

/** Draws two mosaics of so many pixels a side into `folder` and trains a small network on them for one epoch. `base` holds the data and cache of that. */
export async function makeTemplate(
  base: string,
  folder: string,
  { side }: { readonly side: number },
): Promise<Template> {
  const run = promisify(execFile);
  const env = {
    ...process.env,
    ORTHOMASK_DATA: path.join(base, "data"),
    ORTHOMASK_CACHE: path.join(base, "cache"),
  };
  await run(process.execPath, [commandLine, "sample", folder, "--size", String(side), "--mosaics", "2"], {
    env,
  });
  const small = ["--width", "4", "--tile", "64", "--batch", "4", "--split", "mosaic", "--seed", "2"];
  await run(process.execPath, [commandLine, "train", folder, ...small, "--epochs", "1"], { env });
  const [runId] = await readdir(path.join(folder, ".orthomask/runs"));
  if (runId === undefined) {
    throw new Error("The template's training left no run.");
  }
  const text = await readFile(path.join(folder, ".orthomask/runs", runId, "run.json"), "utf8");
  return { templateFolder: folder, side, runId, settings: runSchema.parse(JSON.parse(text)).settings };
}
