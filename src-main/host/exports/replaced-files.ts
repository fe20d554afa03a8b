import { link, lstat, rename, rm } from "node:fs/promises";
import { RasterError, temporaryPath, writeError } from "../../raster/index.ts";

/** Places that are being written, with their earlier files under second names until it is clear which are to stay. */
export class ReplacedFiles {
  /** Null where nothing stood before. */
  readonly #kept = new Map<string, string | null>();

  /** Keeps what stands under a name, before it is replaced; throws "write-failed" for a folder. */
  async keep(targetPath: string): Promise<void> {
    if (!this.#kept.has(targetPath)) {
      this.#kept.set(targetPath, await keepEarlier(targetPath));
    }
  }

  /** What was written stays: the earlier files go. */
  async forget(): Promise<void> {
    for (const keptPath of this.#kept.values()) {
      if (keptPath !== null) {
        await rm(keptPath, { force: true });
      }
    }
    this.#kept.clear();
  }

  /** All is as it was before: what was written goes. */
  async putBack(): Promise<void> {
    for (const [targetPath, keptPath] of this.#kept) {
      // What can't be put back stays under its other name: there is an earlier failure to tell of.
      await putBack(targetPath, keptPath).catch(() => undefined);
    }
    this.#kept.clear();
  }
}

/** Gives a file a second name: by a link, so that it never goes from its own, or by renaming where the disk has no links. */
async function keepEarlier(targetPath: string): Promise<string | null> {
  const keptPath = temporaryPath(targetPath, "earlier");
  if ((await lstat(targetPath).catch(() => null))?.isDirectory() === true) {
    throw new RasterError("write-failed", targetPath, "a folder has that name");
  }
  try {
    await link(targetPath, keptPath);
  } catch {
    try {
      await rename(targetPath, keptPath);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") {
        return null;
      }
      throw writeError(error, targetPath);
    }
  }
  return keptPath;
}

async function putBack(targetPath: string, keptPath: string | null): Promise<void> {
  if (keptPath === null) {
    await rm(targetPath, { force: true });
    return;
  }
  await rename(keptPath, targetPath);
  // Renaming does nothing where both are still the same file.
  await rm(keptPath, { force: true });
}
