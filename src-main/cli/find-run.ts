import { stat } from "node:fs/promises";
import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";
import { readRun, type Runs, type StoredRun } from "../host/runs/index.ts";

/** The run that RUN on the command line means: its folder (or the `run.json` in it), or the id of one made on this machine. */
export async function findRun(runs: Runs, given: string): Promise<StoredRun> {
  const absolute = path.resolve(given);
  const found = await stat(absolute).catch(() => null);
  if (found?.isDirectory() === true) {
    return { directory: absolute, run: await readRun(absolute) };
  }
  if (found?.isFile() === true && path.basename(absolute) === "run.json") {
    const directory = path.dirname(absolute);
    return { directory, run: await readRun(directory) };
  }
  const directory = await runs.findDirectory(given);
  if (directory === null) {
    throw new RpcError(
      "not-found",
      `There is no run ${given}: give the id that \`train\` printed, or the run's folder.`,
    );
  }
  return { directory, run: await readRun(directory) };
}
