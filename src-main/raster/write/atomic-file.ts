import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { RasterError } from "../raster-error.ts";
import { temporaryPath as temporaryPathOf } from "./temporary-files.ts";

/** Waited for when a file is on the disk whole, but not under its name yet; when it fails, so does the writing. */
export type BeforeRename = () => Promise<void>;

/**
 * A file that appears under its name only when complete: written beside it under a temporary name, flushed to the disk, renamed.
 */
export interface AtomicFile {
  /** Where the bytes go until then. */
  readonly handle: FileHandle;
  readonly temporaryPath: string;
  /** Flushes and renames into place; `beforeRename` is the last moment at which all can still be left as it was. */
  commit(beforeRename?: BeforeRename): Promise<void>;
  /** Removes what was written; harmless after a commit. */
  discard(): Promise<void>;
}

/** Starts a file that will appear under `filePath`. */
export async function createAtomicFile(filePath: string): Promise<AtomicFile> {
  const folder = dirname(filePath);
  const temporaryPath = temporaryPathOf(filePath, "partial");
  const handle = await open(temporaryPath, "wx+").catch((error: unknown) => {
    throw writeError(error, filePath);
  });
  let isOpen = true;
  let isCommitted = false;
  return {
    handle,
    temporaryPath,
    async commit(beforeRename) {
      await handle.sync();
      await handle.close();
      isOpen = false;
      await beforeRename?.();
      await rename(temporaryPath, filePath);
      isCommitted = true;
      await syncFolder(folder);
    },
    async discard() {
      if (isOpen) {
        isOpen = false;
        await handle.close();
      }
      if (!isCommitted) {
        await rm(temporaryPath, { force: true });
      }
    },
  };
}

/** A rename survives a power cut only once its folder is flushed; Windows can't open folders and doesn't need it. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") {
    return;
  }
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What the disk said, in words; other errors stay as they are. */
export function writeError(error: unknown, filePath: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new RasterError("write-failed", filePath, "the disk is full; nothing was left behind", error);
    case "EFBIG":
      return new RasterError(
        "write-failed",
        filePath,
        "the disk does not take files of this size; nothing was left behind",
        error,
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new RasterError("write-failed", filePath, "writing there is not permitted", error);
    case "ENOENT":
    case "ENOTDIR":
      return new RasterError("write-failed", filePath, "its folder does not exist", error);
    case "EISDIR":
      return new RasterError("write-failed", filePath, "a folder has that name", error);
    default:
      return error;
  }
}

/** Writes all bytes at a place, however many calls the system needs. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}
