import { mkdir, stat } from "node:fs/promises";
import path from "node:path";

/**
 * Makes a folder and those above it; resolves with those that weren't there before, outermost first. Rejects with the system's own error of the folder that can't be made.
 *
 * Not Node's `mkdir(…, { recursive: true })`, which never returns where a folder can't be made in one that exists but is said not
 * to, as below `/proc`.
 */
export async function makeFolder(folderPath: string): Promise<readonly string[]> {
  const missing: string[] = [];
  let existing = path.resolve(folderPath);
  for (;;) {
    const found = await stat(existing).catch((error: unknown) => {
      if (isMissing(error)) {
        return null;
      }
      throw error;
    });
    if (found?.isDirectory() === true) {
      break;
    }
    if (found !== null) {
      throw Object.assign(new Error(`ENOTDIR: not a directory, mkdir '${existing}'`), {
        code: "ENOTDIR",
        path: existing,
      });
    }
    missing.unshift(existing);
    existing = path.dirname(existing);
  }
  for (const folder of missing) {
    // Somebody else may have made it in the meantime.
    await mkdir(folder).catch(async (error: unknown) => {
      const found = await stat(folder).catch(() => null);
      if (found?.isDirectory() !== true) {
        throw error;
      }
    });
  }
  return missing;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
