import { randomBytes } from "node:crypto";
import { link, lstat, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { hasEnded, markPattern, ownMark } from "./process-mark.ts";

/** A file that is not whole yet, or the second name of one that is about to be replaced. */
export type TemporaryEnding = "partial" | "earlier";

/** A name for a file of ours beside another, that nobody takes for one of the user's; it says which process it belongs to. */
export function temporaryPath(filePath: string, ending: TemporaryEnding): string {
  const name = `.${basename(filePath)}.${ownMark}-${randomBytes(4).toString("hex")}.${ending}`;
  return join(dirname(filePath), name);
}

const temporaryName = new RegExp(`^\\.(.+)\\.(${markPattern})-[0-9a-f]{8}\\.(partial|earlier)$`, "s");

/**
 * Takes away what killed processes left in a folder: files that were not whole go, and an earlier file goes back to its name where
 * nothing replaced it. What belongs to a living process, to another machine or to nobody we know stays, and so does all that links lead to.
 *
 * @returns how many files were taken away; a folder that can't be read has none
 */
export async function sweepLeftovers(
  folder: string,
  options: { readonly recursive?: boolean } = {},
): Promise<number> {
  let swept = 0;
  for await (const path of filesOf(folder, options.recursive === true)) {
    const [, target, mark, ending] = temporaryName.exec(basename(path)) ?? [];
    if (target === undefined || mark === undefined || !hasEnded(mark)) {
      continue;
    }
    try {
      if (ending === "earlier") {
        await putBackUnlessReplaced(path, join(dirname(path), target));
      } else {
        await rm(path, { force: true });
      }
      swept += 1;
    } catch {
      // What can't be taken away does no harm either.
    }
  }
  return swept;
}

/** Paths of a folder's own files; a project that came from somebody else must not lead out of itself by a link. */
async function* filesOf(folder: string, isRecursive: boolean): AsyncGenerator<string> {
  if (isRecursive && (await lstat(folder).catch(() => null))?.isDirectory() !== true) {
    return;
  }
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true }).catch(() => [])) {
      const path = join(next, entry.name);
      if (entry.isFile()) {
        yield path;
      } else if (isRecursive && entry.isDirectory()) {
        waiting.push(path);
      }
    }
  }
}

async function putBackUnlessReplaced(path: string, targetPath: string): Promise<void> {
  try {
    // Unlike renaming, this never replaces what stands there.
    await link(path, targetPath);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" && !(await isThere(targetPath))) {
      // A file system without second names.
      await rename(path, targetPath);
      return;
    }
  }
  await rm(path, { force: true });
}

/** Throws where that can't be known. */
async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return false;
    }
    throw error;
  }
}
