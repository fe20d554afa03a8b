import { createHash } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { savedSplitSchema, type GroundSplit, type SavedSplit } from "#shared/training/saved-split.ts";
import { makeFolder } from "../make-folder.ts";
import { parseVersionedJson } from "../parse-versioned-json.ts";
import type { Project } from "../projects/index.ts";
import { writeFileWhole } from "../write-file-whole.ts";

/** In a run's folder: the split that it was made with. */
const RUN_SPLIT_FILE = "split.json";

type Place = Pick<Project, "storageDirectory">;

function splitsDirectory({ storageDirectory }: Place): string {
  return path.join(storageDirectory, "splits");
}

/** A saved split; null where there is none of this id. Throws `invalid-input` for a damaged file, `unsupported` for a newer one. */
export async function findSplit(project: Place, splitId: string): Promise<SavedSplit | null> {
  return /^[\w-]+$/.test(splitId) ? readSplit(path.join(splitsDirectory(project), `${splitId}.json`)) : null;
}

/** The names of a project's split files, in order. */
export async function splitFileNames(project: Place): Promise<string[]> {
  const names = await readdir(splitsDirectory(project)).catch((): string[] => []);
  return names.filter((name) => name.endsWith(".json")).sort();
}

/** All saved splits, the newest first; damaged files are left out. */
export async function listSplits(project: Place): Promise<SavedSplit[]> {
  const folder = splitsDirectory(project);
  const names = await splitFileNames(project);
  const splits = await Promise.all(names.map((name) => readSplit(path.join(folder, name)).catch(() => null)));
  return splits
    .filter((split) => split !== null)
    .toSorted((first, second) => second.createdAt.localeCompare(first.createdAt));
}

/** Saves a split by name. Its id is made from name and content: the same again is the same split, and none is ever changed. */
export async function saveSplit(project: Place, name: string, ground: GroundSplit): Promise<SavedSplit> {
  const { areas, rest, guardMeters } = ground;
  const id = createHash("sha256")
    .update(JSON.stringify([name, areas, rest, guardMeters]))
    .digest("hex")
    .slice(0, 16);
  const known = await findSplit(project, id);
  if (known !== null) {
    return known;
  }
  const split = savedSplitSchema.parse({
    version: 1,
    id,
    name,
    createdAt: new Date().toISOString(),
    areas,
    rest,
    guardMeters,
  });
  await makeFolder(splitsDirectory(project));
  await writeFileWhole(path.join(splitsDirectory(project), `${id}.json`), JSON.stringify(split));
  return split;
}

export async function removeSplit(project: Place, splitId: string): Promise<void> {
  if (/^[\w-]+$/.test(splitId)) {
    await rm(path.join(splitsDirectory(project), `${splitId}.json`), { force: true });
  }
}

/** Keeps a copy with a run, so that removing the split takes nothing from the run. */
export async function keepSplitWithRun(project: Place, splitId: string, directory: string): Promise<void> {
  const split = await findSplit(project, splitId);
  if (split !== null) {
    await writeFileWhole(path.join(directory, RUN_SPLIT_FILE), JSON.stringify(split));
  }
}

/** Brings a run's split back into the project where it was removed. */
export async function restoreSplitOfRun(project: Place, splitId: string, directory: string): Promise<void> {
  if ((await findSplit(project, splitId).catch(() => null)) !== null) {
    return;
  }
  const kept = await readSplit(path.join(directory, RUN_SPLIT_FILE)).catch(() => null);
  if (kept?.id === splitId) {
    await makeFolder(splitsDirectory(project));
    await writeFileWhole(path.join(splitsDirectory(project), `${splitId}.json`), JSON.stringify(kept));
  }
}

async function readSplit(filePath: string): Promise<SavedSplit | null> {
  const text = await readFile(filePath, "utf8").catch(() => null);
  return text === null ? null : parseVersionedJson(text, filePath, { schema: savedSplitSchema, version: 1 });
}
