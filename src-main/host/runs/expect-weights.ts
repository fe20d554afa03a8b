import { stat } from "node:fs/promises";
import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Run } from "#shared/training/run.ts";
import { settleWeights } from "./epoch-weights.ts";
import { runFiles } from "./run-files.ts";

/**
 * Where a run's weights are, those of its best or its last finished epoch. Throws `conflict` where the file is gone, with what can still be done: numbers, curves and
 * predictions need no weights.
 */
export async function expectWeights(
  { run, directory }: { readonly run: Run; readonly directory: string },
  which: "best" | "last",
): Promise<string> {
  if (run.state.kind !== "running") {
    // Who trains it does it alone. Where nothing can be written, the names stay as they are, and the weights of the epoch before are taken.
    await settleWeights(directory, run).catch(() => undefined);
  }
  const filePath = path.join(directory, runFiles[which]);
  if (await isThere(filePath)) {
    return filePath;
  }
  const other = which === "best" ? "last" : "best";
  const isOtherThere = await isThere(path.join(directory, runFiles[other]));
  const isComplete = run.history.length >= run.settings.epochs;
  const wayOn = !isOtherThere
    ? "Its numbers, curves and earlier predictions can still be read; a new training with its settings makes it again."
    : which === "last"
      ? "Its best ones are there: it can still predict, and a new training can begin with them."
      : isComplete
        ? `Those of its last epoch are there (${path.join(directory, runFiles.last)}): a new training can begin with that file.`
        : "Those of its last epoch are there: go on training, and the next epoch that is better is kept.";
  throw new RpcError(
    "conflict",
    `The weights of ${run.name} after its ${which === "best" ? "best" : "last"} epoch are gone: there is no ${filePath}. ${wayOn}`,
  );
}

async function isThere(filePath: string): Promise<boolean> {
  return (await stat(filePath).catch(() => null))?.isFile() === true;
}

/** Throws `conflict` for a run without a finished epoch: it has nothing to predict with. */
export function expectFinishedEpoch({ name, best }: Pick<Run, "name" | "best">): void {
  if (best === null) {
    throw new RpcError("conflict", `${name} has no finished epoch to predict with: train it further first.`);
  }
}
