import { rm } from "node:fs/promises";
import { createAtomicFile, writeError } from "../../raster/index.ts";

/** A small text file that goes with a larger one. */
export interface Companion {
  readonly filePath: string;
  readonly text: string;
}

/**
 * Writes a file and what belongs beside it: all of them or none. `write` is to leave nothing behind when it fails.
 */
export async function writeWithCompanions<Result>(
  filePath: string,
  companionsOf: (result: Result) => readonly Companion[],
  write: () => Promise<Result>,
): Promise<Result> {
  const result = await write();
  const written = [filePath];
  try {
    for (const companion of companionsOf(result)) {
      await writeWhole(companion);
      written.push(companion.filePath);
    }
    return result;
  } catch (error) {
    await Promise.all(written.map((path) => rm(path, { force: true })));
    throw error;
  }
}

async function writeWhole({ filePath, text }: Companion): Promise<void> {
  const file = await createAtomicFile(filePath);
  try {
    await file.handle.writeFile(text);
    await file.commit();
  } catch (error) {
    await file.discard();
    throw writeError(error, filePath);
  }
}
