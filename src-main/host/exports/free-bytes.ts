import { statfs } from "node:fs/promises";
import path from "node:path";

/** What is left on the disk of a folder, which need not be there yet; null where the system doesn't say. */
export async function freeBytes(folderPath: string): Promise<number | null> {
  for (let folder = path.resolve(folderPath); ; folder = path.dirname(folder)) {
    const disk = await statfs(folder).catch(() => null);
    if (disk !== null) {
      return disk.bavail * disk.bsize;
    }
    if (folder === path.dirname(folder)) {
      return null;
    }
  }
}
