import { rm } from "node:fs/promises";
import { writeError } from "../../raster/index.ts";
import { writeFileWhole } from "../write-file-whole.ts";

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
  await writeFileWhole(filePath, text).catch((error: unknown) => {
    throw writeError(error, filePath);
  });
}
