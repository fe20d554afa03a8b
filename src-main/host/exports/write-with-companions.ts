import { open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { sweepLeftovers, temporaryPath as temporaryPathOf, writeError } from "../../raster/index.ts";
import { ReplacedFiles } from "./replaced-files.ts";

/** A small text file that goes with a larger one. */
export interface Companion {
  readonly filePath: string;
  readonly text: string;
}

/** Writes companions under temporary names; to be waited for before the file itself gets its name. */
export type StageCompanions = (companions: readonly Companion[]) => Promise<void>;

/**
 * Writes a file and what belongs beside it: all of them or none, and what stood there before is replaced only when all are written.
 * What a process that was killed while it wrote left in the folder is taken away before.
 * `write` calls `stage` when its own bytes are on the disk, renames then, and leaves nothing behind when it fails. With `replaced` it is for
 * the caller to forget or put back, so that several files can be all or none together.
 */
export async function writeWithCompanions<Result>(
  filePath: string,
  write: (stage: StageCompanions) => Promise<Result>,
  { replaced }: { readonly replaced?: ReplacedFiles | undefined } = {},
): Promise<Result> {
  const staged: { readonly filePath: string; readonly temporaryPath: string }[] = [];
  const kept = replaced ?? new ReplacedFiles();
  await sweepLeftovers(path.dirname(filePath));
  try {
    const result = await write(async (companions) => {
      for (const { filePath: companionPath, text } of companions) {
        const temporaryPath = temporaryPathOf(companionPath, "partial");
        staged.push({ filePath: companionPath, temporaryPath });
        await writeFlushed(temporaryPath, text, companionPath);
      }
      for (const target of [filePath, ...companions.map((companion) => companion.filePath)]) {
        await kept.keep(target);
      }
    });
    for (const companion of staged) {
      await rename(companion.temporaryPath, companion.filePath).catch((error: unknown) => {
        throw writeError(error, companion.filePath);
      });
    }
    if (replaced === undefined) {
      await kept.forget();
    }
    return result;
  } catch (error) {
    await Promise.all(staged.map(({ temporaryPath }) => rm(temporaryPath, { force: true })));
    if (replaced === undefined) {
      await kept.putBack();
    }
    throw error;
  }
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
