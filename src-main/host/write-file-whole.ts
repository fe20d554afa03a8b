import { open, rename, rm } from "node:fs/promises";
// Not by the index, which loads native decoders.
import { temporaryPath as temporaryPathOf } from "../raster/write/index.ts";

/** Writes a file under another name and renames it into place, so that a reader or a crash never meets half of it. */
export async function writeFileWhole(filePath: string, content: string | Uint8Array): Promise<void> {
  const temporaryPath = temporaryPathOf(filePath, "partial");
  try {
    const file = await open(temporaryPath, "wx");
    try {
      await file.writeFile(content);
      // Without it, some file systems rename first and write the content later.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporaryPath, filePath);
  } catch (error) {
    await rm(temporaryPath, { force: true });
    throw error;
  }
}
