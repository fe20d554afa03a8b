import { rename, stat } from "node:fs/promises";
import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Run } from "#shared/training/run.ts";
import { damagedName } from "../damaged-name.ts";
import { copyWhole, settleWeights } from "./epoch-weights.ts";
import { runFiles } from "./run-files.ts";
import { weightsCondition, type WeightsCondition } from "./weights-sums.ts";

interface RunInFolder {
  readonly run: Run;
  readonly directory: string;
}

/**
 * Where a run's weights are, those of its best or its last finished epoch, as they were written. Throws where the file is gone or damaged, with what can still be done:
 * `damaged` where training can go on from the best epoch instead, else `conflict`. Numbers, curves and predictions need no weights.
 */
export async function expectWeights(
  { run, directory }: RunInFolder,
  which: "best" | "last",
): Promise<string> {
  const isTraining = run.state.kind === "running";
  if (!isTraining) {
    // Who trains it does it alone. Where nothing can be written, the names stay as they are, and the weights of the epoch before are taken.
    await settleWeights(directory, run).catch(() => undefined);
  }
  const conditionOf = (one: "best" | "last"): Promise<WeightsCondition> =>
    weightsCondition(directory, path.join(directory, runFiles[one]), {
      epoch: epochOf(run, one),
      changes: isTraining && one === "best",
    });
  const filePath = path.join(directory, runFiles[which]);
  const condition = await conditionOf(which);
  if (condition === "whole" || condition === "unknown") {
    return filePath;
  }
  const trouble =
    condition === "gone"
      ? `are gone: there is no ${filePath}`
      : `are damaged: ${filePath} isn't as it was written`;
  const began = `The weights of ${run.name} after its ${which} epoch ${trouble}.`;
  const other = which === "best" ? "last" : "best";
  const ofOther = await conditionOf(other);
  if (ofOther === "gone" || ofOther === "damaged") {
    throw new RpcError(
      "conflict",
      `${began} Its numbers, curves and earlier predictions can still be read; a new training with its settings makes it again.`,
    );
  }
  if (which === "last") {
    throw new RpcError(
      "damaged",
      `${began} Its best ones are there, of epoch ${epochOf(run, "best")}: training can go on from them.`,
    );
  }
  const isComplete = run.history.length >= run.settings.epochs;
  throw new RpcError(
    "conflict",
    isComplete
      ? `${began} Those of its last epoch are there (${path.join(directory, runFiles.last)}): a new training can begin with that file.`
      : `${began} Those of its last epoch are there: go on training, and the next epoch that is better is kept.`,
  );
}

/**
 * Puts the best epoch's weights in the place of the last epoch's, and keeps those aside; answers the run as it was then, to be written. A process killed in between leaves
 * weights that aren't the last epoch's, which is found as damage again.
 */
export async function goBackToBest(stored: RunInFolder): Promise<Run> {
  const { run, directory } = stored;
  expectFinishedEpoch(run);
  const bestPath = await expectWeights(stored, "best");
  const lastPath = path.join(directory, runFiles.last);
  if ((await stat(lastPath).catch(() => null)) !== null) {
    await rename(lastPath, path.join(directory, damagedName("last", ".weights")));
  }
  await copyWhole(bestPath, lastPath);
  return { ...run, history: run.history.slice(0, epochOf(run, "best")) };
}

function epochOf(run: Run, which: "best" | "last"): number {
  return which === "last" ? run.history.length : (run.best?.epoch ?? 0);
}

/** Throws `conflict` for a run without a finished epoch: it has nothing to predict with. */
export function expectFinishedEpoch({ name, best }: Pick<Run, "name" | "best">): void {
  if (best === null) {
    throw new RpcError("conflict", `${name} has no finished epoch to predict with: train it further first.`);
  }
}
