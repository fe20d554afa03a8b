import { randomUUID } from "node:crypto";
import { link, lstat, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { RasterError, writeError } from "../../raster/index.ts";

/** A small text file that goes with a larger one. */
export interface Companion {
  readonly filePath: string;
  readonly text: string;
}

/** Writes companions under temporary names; to be waited for before the file itself gets its name. */
export type StageCompanions = (companions: readonly Companion[]) => Promise<void>;

/**
 * Writes a file and what belongs beside it: all of them or none, and what stood there before is replaced only when all are written.
 * `write` calls `stage` when its own bytes are on the disk, renames then, and leaves nothing behind when it fails.
 */
export async function writeWithCompanions<Result>(
  filePath: string,
  write: (stage: StageCompanions) => Promise<Result>,
): Promise<Result> {
  const staged: { readonly filePath: string; readonly temporaryPath: string }[] = [];
  const replaced: Replaced[] = [];
  try {
    const result = await write(async (companions) => {
      for (const { filePath: companionPath, text } of companions) {
        const temporaryPath = beside(companionPath, "partial");
        staged.push({ filePath: companionPath, temporaryPath });
        await writeFlushed(temporaryPath, text, companionPath);
      }
      for (const target of [filePath, ...companions.map((companion) => companion.filePath)]) {
        replaced.push(await keepEarlier(target));
      }
    });
    for (const companion of staged) {
      await rename(companion.temporaryPath, companion.filePath).catch((error: unknown) => {
        throw writeError(error, companion.filePath);
      });
    }
    for (const { keptPath } of replaced) {
      if (keptPath !== null) {
        await rm(keptPath, { force: true });
      }
    }
    return result;
  } catch (error) {
    await Promise.all(staged.map(({ temporaryPath }) => rm(temporaryPath, { force: true })));
    for (const one of replaced) {
      // The first failure is the one to tell of; what can't be put back stays under its other name.
      await putBack(one).catch(() => undefined);
    }
    throw error;
  }
}

/** A place that is about to be written, and where its earlier file is kept meanwhile; null where there was none. */
interface Replaced {
  readonly targetPath: string;
  readonly keptPath: string | null;
}

/** Keeps a file under a second name: by a link, so that it never goes from its own, or by renaming where the disk has no links. */
async function keepEarlier(targetPath: string): Promise<Replaced> {
  const keptPath = beside(targetPath, "earlier");
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
        return { targetPath, keptPath: null };
      }
      throw writeError(error, targetPath);
    }
  }
  return { targetPath, keptPath };
}

async function putBack({ targetPath, keptPath }: Replaced): Promise<void> {
  if (keptPath === null) {
    await rm(targetPath, { force: true });
    return;
  }
  await rename(keptPath, targetPath);
  // Renaming does nothing where both are still the same file.
  await rm(keptPath, { force: true });
}

function beside(filePath: string, ending: string): string {
  const { dir, base } = path.parse(filePath);
  return path.join(dir, `.${base}.${randomUUID().slice(0, 8)}.${ending}`);
}

async function writeFlushed(temporaryPath: string, text: string, namedPath: string): Promise<void> {
  try {
    const file = await open(temporaryPath, "wx");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw writeError(error, namedPath);
  }
}
