// Folders of the cache, made once however many checkouts ask for them at the same time.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";

const abandonedAfterMilliseconds = 24 * 60 * 60 * 1000;

/** Whether a folder that `makeOnce` makes is there, whole. */
export function isMade(directory) {
  return existsSync(path.join(directory, ".complete"));
}

/**
 * Makes a folder unless it is there already. `make` gets an empty folder of its own beside it, which takes the name when it is
 * whole: two checkouts may do this at once, the first to finish wins, and an interrupted one leaves no half-made folder.
 * @param {string} directory
 * @param {(work: string) => Promise<void>} make
 */
export async function makeOnce(directory, make) {
  if (isMade(directory)) {
    return;
  }
  await mkdir(path.dirname(directory), { recursive: true });
  await removeAbandoned(directory);
  const work = await mkdtemp(`${directory}.making-`);
  try {
    await make(work);
    await writeFile(path.join(work, ".complete"), "");
    await takeName(work, directory);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function takeName(work, directory) {
  try {
    await rename(work, directory);
  } catch (error) {
    // Renaming onto a folder that is not empty fails: keep another checkout's finished one, which may be in use already.
    if (isMade(directory)) {
      return;
    }
    if (!existsSync(directory)) {
      throw error;
    }
    await rm(directory, { recursive: true, force: true });
    await rename(work, directory);
  }
}

/** A run that was killed could not clean up after itself, and a gigabyte is too much to leave behind. */
async function removeAbandoned(directory) {
  const parent = path.dirname(directory);
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${path.basename(directory)}.making-`)) {
      continue;
    }
    const folder = path.join(parent, name);
    const made = await stat(folder).catch(() => null);
    if (made !== null && Date.now() - made.mtimeMs > abandonedAfterMilliseconds) {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
