import { copyFile, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Run } from "#shared/training/run.ts";
import { makeFolder } from "../make-folder.ts";
import { runFiles, type StoredRun } from "../runs/index.ts";
import { plainName } from "./plain-name.ts";

/** What a run's folder is called where people look at it. */
export function runFolderName({ name, id }: Pick<Run, "name" | "id">): string {
  const readable = plainName(name);
  return readable === "" ? id : `${readable}-${id}`;
}

/** Copies a run's folder whole to a new one, under another name until all of it is there. Throws `conflict` while the run is trained. */
export async function copyRun(
  { run, directory }: StoredRun,
  outputPath: string,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: (share: number, detail: string) => void;
  } = {},
): Promise<void> {
  if (run.state.kind === "running") {
    throw new RpcError("conflict", `${run.name} is still training: stop it first.`);
  }
  const files = await filesBelow(directory, "");
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const unfinished = `${outputPath}.unfinished-${process.pid}`;
  try {
    let done = 0;
    for (const { name, bytes } of files) {
      options.signal?.throwIfAborted();
      const target = path.join(unfinished, name);
      await makeFolder(path.dirname(target));
      await copyFile(path.join(directory, name), target);
      done += bytes;
      options.onProgress?.(total === 0 ? 1 : done / total, name);
    }
    await rename(unfinished, outputPath);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

/** All files below a folder, by their names relative to it. */
async function filesBelow(folder: string, prefix: string): Promise<{ name: string; bytes: number }[]> {
  const found: { name: string; bytes: number }[] = [];
  for (const entry of await readdir(path.join(folder, prefix), { withFileTypes: true })) {
    const name = path.join(prefix, entry.name);
    if (entry.isDirectory()) {
      found.push(...(await filesBelow(folder, name)));
    } else if (entry.isFile() && name !== runFiles.owner) {
      found.push({ name, bytes: (await stat(path.join(folder, name))).size });
    }
  }
  return found;
}
