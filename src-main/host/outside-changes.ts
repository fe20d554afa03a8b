import { stat } from "node:fs/promises";

/** How often the files are looked at: soon enough for somebody who waits for a command to be seen in the window. */
const LOOK_MILLISECONDS = 2000;

/** Which writing of each file was seen last, to tell what another process has written since. */
export class FileVersions {
  readonly #seen = new Map<string, string>();

  /** The file as it is now has been seen. */
  async note(filePath: string): Promise<void> {
    const version = await versionOf(filePath);
    if (version === null) {
      this.#seen.delete(filePath);
    } else {
      this.#seen.set(filePath, version);
    }
  }

  /** Reads the file, which has then been seen as it was before: what is written meanwhile is other. What can't be read hasn't been seen. */
  async reading<Found>(filePath: string, read: () => Promise<Found>): Promise<Found> {
    await this.note(filePath);
    try {
      return await read();
    } catch (error) {
      this.#seen.delete(filePath);
      throw error;
    }
  }

  /** Whether the file is there and isn't as it was seen last. */
  async isOther(filePath: string): Promise<boolean> {
    const version = await versionOf(filePath);
    return version !== null && version !== this.#seen.get(filePath);
  }
}

/** Calls `look` every few seconds, never while the call before is under way, until the function it answers is called; a look that fails is tried again. */
export function lookEveryFewSeconds(look: () => Promise<void>): () => void {
  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) {
      return;
    }
    isLooking = true;
    void look()
      // A folder may be away for a moment, as on a share.
      .catch(() => undefined)
      .finally(() => {
        isLooking = false;
      });
  }, LOOK_MILLISECONDS);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

/** Another word after each writing; files are written whole under another name, so that the number on the disk changes too. Null where there is no file. */
async function versionOf(filePath: string): Promise<string | null> {
  const found = await stat(filePath).catch(() => null);
  return found === null ? null : `${found.mtimeMs}/${found.size}/${found.ino}`;
}
