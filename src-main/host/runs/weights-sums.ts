import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import type { Run } from "#shared/training/run.ts";
import { writeFileWhole } from "../write-file-whole.ts";

const SUMS_FILE = "weights-sums.json";
const sumsSchema = z.record(z.string(), z.string());

/** What a file of weights is found to be; "unknown" where no sum of it was kept, as in runs from before there were any. */
export type WeightsCondition = "whole" | "unknown" | "damaged" | "gone";

/** Files that were read through, so that each is read once as long as it stays as it is. */
const known = new Map<string, { readonly identity: string; readonly sum: string }>();

/**
 * Notes the SHA-256 of an epoch's weights beside the run, before `run.json` tells of the epoch, so that damage is found before anything is made from them. Only those of the
 * best and the last epoch are kept, besides this one.
 */
export async function keepWeightsSum(
  directory: string,
  filePath: string,
  epoch: number,
  run: Run,
): Promise<void> {
  const before = await readSums(directory);
  const wanted = [run.best?.epoch, run.history.length, epoch];
  const kept = Object.entries(before).filter(([key]) => wanted.includes(Number(key)));
  const sums = { ...Object.fromEntries(kept), [String(epoch)]: await sumOf(filePath) };
  await writeFileWhole(path.join(directory, SUMS_FILE), JSON.stringify(sums));
}

/**
 * Reads a file of weights through where it must, and compares it with the sum that was kept of its epoch; where it `changes` because its run trains, with those of other
 * epochs too: it may be of one before or after.
 */
export async function weightsCondition(
  directory: string,
  filePath: string,
  { epoch, changes }: { readonly epoch: number; readonly changes: boolean },
): Promise<WeightsCondition> {
  if ((await stat(filePath).catch(() => null))?.isFile() !== true) {
    return "gone";
  }
  const sums = await readSums(directory);
  const expected = sums[String(epoch)];
  if (expected === undefined) {
    return "unknown";
  }
  // What can't be read at all is as good as damaged.
  const found = await knownSumOf(filePath).catch(() => null);
  const allowed = changes ? Object.values(sums) : [expected];
  return found !== null && allowed.includes(found) ? "whole" : "damaged";
}

async function readSums(directory: string): Promise<z.infer<typeof sumsSchema>> {
  try {
    return sumsSchema.parse(JSON.parse(await readFile(path.join(directory, SUMS_FILE), "utf8")));
  } catch {
    // Without it nothing is known, and weights are taken as they are.
    return {};
  }
}

async function knownSumOf(filePath: string): Promise<string> {
  const { size, mtimeMs, ctimeMs, ino } = await stat(filePath);
  const identity = [size, mtimeMs, ctimeMs, ino].join();
  const found = known.get(filePath);
  if (found?.identity === identity) {
    return found.sum;
  }
  const sum = await sumOf(filePath);
  known.set(filePath, { identity, sum });
  return sum;
}

async function sumOf(filePath: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(filePath, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest("hex");
}
