import { lstat, readdir } from "node:fs/promises";
import path from "node:path";

/** What a folder takes on the disk: blocks that are in use, and how many files. What goes meanwhile isn't counted. */
export async function diskUse(folder: string): Promise<{ readonly bytes: number; readonly files: number }> {
  let [bytes, files] = [0, 0];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const found = await lstat(path.join(entry.parentPath, entry.name)).catch(() => null);
    bytes += (found?.blocks ?? 0) * 512;
    files += entry.isFile() ? 1 : 0;
  }
  return { bytes, files };
}
