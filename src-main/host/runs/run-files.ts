import { appendFile, copyFile, readFile } from "node:fs/promises";
import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";
import { RUN_VERSION, type EpochRecord, type Run } from "#shared/training/run.ts";
import { savedRunSchema } from "#shared/training/saved-run.ts";
import { writeFileWhole } from "../write-file-whole.ts";
import { damagedName } from "../damaged-name.ts";
import { makeFolder } from "../make-folder.ts";
import { ProcessLock } from "../process-lock.ts";
import { parseVersionedJson } from "../parse-versioned-json.ts";

/** Names of a run's files, all in its own folder. */
export const runFiles = {
  /** The run as the contract describes it. */
  run: "run.json",
  /** The run as it was saved last, in case `run.json` gets damaged. */
  lastGood: "run.last-good.json",
  /** Weights and optimizer at the end of the best epoch. */
  best: "best.weights",
  /** Weights and optimizer at the end of the last finished epoch: what resuming starts from. */
  last: "last.weights",
  /** One epoch a line. */
  log: "log.jsonl",
  /** Whence its first weights come, until its own are there; absent where they are drawn. */
  firstWeights: "first-weights.json",
  /** The process that trains it now. */
  owner: "owner.json",
  /** The tiles that it used, by part. */
  ground: "ground.json",
  predictions: "predictions",
} as const;

/** Reads a run's `run.json`; throws `not-found` where there is none, `invalid-input` for a damaged file, `unsupported` for a newer one. */
export async function readRun(directory: string): Promise<Run> {
  const filePath = path.join(directory, runFiles.run);
  let text: string;
  try {
    text = await readFile(filePath, "utf8");
  } catch (error) {
    throw new RpcError("not-found", `There is no run in ${directory}: ${runFiles.run} can't be read.`, {
      cause: error,
    });
  }
  return parseVersionedJson(text, filePath, { schema: savedRunSchema, version: RUN_VERSION });
}

/** Writes `run.json` whole or not at all, with a copy for the day the file gets damaged. */
export async function writeRun(directory: string, run: Run): Promise<void> {
  const text = `${JSON.stringify(run, null, 1)}\n`;
  await makeFolder(directory);
  await writeFileWhole(path.join(directory, runFiles.run), text);
  await writeFileWhole(path.join(directory, runFiles.lastGood), text);
}

/**
 * Puts the version saved last in the place of a damaged `run.json`, which is kept aside; answers the run and a sentence about it, null where there is no such
 * version. Where nothing can be written, the version saved last is used all the same.
 */
export async function recoverRun(
  directory: string,
): Promise<{ readonly run: Run; readonly message: string } | null> {
  const lastGoodPath = path.join(directory, runFiles.lastGood);
  const runPath = path.join(directory, runFiles.run);
  let run: Run;
  try {
    const text = await readFile(lastGoodPath, "utf8");
    run = parseVersionedJson(text, lastGoodPath, { schema: savedRunSchema, version: RUN_VERSION });
  } catch {
    return null;
  }
  const begun = `${runFiles.run} of ${run.name} could not be read, so the run is shown as it was saved last`;
  const aside = damagedName("run", ".json");
  try {
    // Copied, so that where there is room for no more the next start finds the damaged file again, and not none.
    await copyFile(runPath, path.join(directory, aside));
    await writeRun(directory, run);
    return { run, message: `${begun}; the damaged file is kept as ${aside}.` };
  } catch {
    return { run, message: `${begun}; the damaged file is left as it is.` };
  }
}

/** Adds an epoch to the log, which is for reading by other programs: nothing here depends on it. */
export async function appendLog(directory: string, record: EpochRecord): Promise<void> {
  await appendFile(
    path.join(directory, runFiles.log),
    `${JSON.stringify({ finishedAt: new Date().toISOString(), ...record })}\n`,
  );
}

const claims = new Map<string, ProcessLock>();

/**
 * Says that this process trains the run, or will when its turn comes, so that another one neither takes it for interrupted nor trains it too. Throws
 * `conflict` while another process that is alive says so.
 *
 * @returns "kept" where this process had said so before, and nobody else has since
 */
export async function claimRun(directory: string): Promise<"kept" | "taken"> {
  const held = claims.get(directory);
  if (held !== undefined) {
    if (await held.isHeld()) {
      return "kept";
    }
    await releaseRun(directory);
  }
  await makeFolder(directory);
  const lock = await ProcessLock.take(
    path.join(directory, runFiles.owner),
    (owner) =>
      `The run in ${directory} is being trained by another Orthomask${owner === null ? "" : ` (process ${owner.pid} on ${owner.host})`}: stop it there first.`,
  );
  claims.set(directory, lock);
  return "taken";
}

export async function releaseRun(directory: string): Promise<void> {
  const lock = claims.get(directory);
  claims.delete(directory);
  await lock?.release();
}

/** Which process trains the run, or will when its turn comes. */
export function trainerOf(directory: string): Promise<"here" | "elsewhere" | "none"> {
  return ProcessLock.holder(path.join(directory, runFiles.owner));
}
