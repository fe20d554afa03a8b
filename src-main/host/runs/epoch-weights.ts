import { randomUUID } from "node:crypto";
import { copyFile, open, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { Run } from "#shared/training/run.ts";
import { runFiles } from "./run-files.ts";

const pendingName = /^epoch-(\d+)\.weights$/;
/** What a killed engine, or a copy that was cut short, leaves behind. */
const leftoverName = /^\..+\.part$|\.tmp$/;

/** Where an epoch's weights are written before `run.json` tells of the epoch. */
export function pendingWeights(directory: string, epoch: number): string {
  return path.join(directory, `epoch-${epoch}.weights`);
}

/**
 * Gives the weights of the last epoch that `run` tells of their names, `last.weights` and, where it is the best, `best.weights`; does nothing where they have them.
 *
 * Writing `run.json` is what makes an epoch count: the names follow it, and where a process is killed in between, whoever comes next finishes here. So weights and
 * history never tell of different epochs, and a resumed run repeats the uninterrupted one.
 */
export async function settleWeights(directory: string, run: Run): Promise<void> {
  const epoch = run.history.length;
  const pending = pendingWeights(directory, epoch);
  const isPending = async (): Promise<boolean> => (await readdir(directory)).includes(path.basename(pending));
  if (!(await isPending())) {
    return;
  }
  try {
    if (run.best?.epoch === epoch) {
      await copyWhole(pending, path.join(directory, runFiles.best));
    }
    await rename(pending, path.join(directory, runFiles.last));
  } catch (error) {
    // Two may do it at once: what one has renamed, the other needn't.
    if (await isPending()) {
      throw error;
    }
  }
}

/** Settles what a killed process left of its last epoch, and removes the rest. Only for who has claimed the run. */
export async function clearLeftovers(directory: string, run: Run): Promise<void> {
  await settleWeights(directory, run);
  for (const name of await readdir(directory)) {
    if (pendingName.test(name) || leftoverName.test(name)) {
      await rm(path.join(directory, name), { force: true });
    }
  }
}

/** Copies a file under another name and renames it, so that no half of it is ever met. */
export async function copyWhole(fromPath: string, toPath: string): Promise<void> {
  const temporaryPath = `${toPath}.${randomUUID()}.tmp`;
  try {
    await copyFile(fromPath, temporaryPath);
    const file = await open(temporaryPath, "r+");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporaryPath, toPath);
  } catch (error) {
    await rm(temporaryPath, { force: true });
    throw error;
  }
}
