import { openRaster } from "../../raster/index.ts";
import type { Raster } from "../../raster/index.ts";

/** Readers of a project's files, opened on first use, shared, and kept open until the file changes or the project closes. */
export class OpenRasters {
  readonly #readers = new Map<string, Promise<Raster>>();

  open(filePath: string): Promise<Raster> {
    let reader = this.#readers.get(filePath);
    if (reader === undefined) {
      reader = openRaster(filePath);
      this.#readers.set(filePath, reader);
      const opened = reader;
      reader.catch(() => {
        // The next one to ask tries again: the file may have been put right.
        if (this.#readers.get(filePath) === opened) {
          this.#readers.delete(filePath);
        }
      });
    }
    return reader;
  }

  /** Closes the reader of a file that was changed or removed. */
  async forget(filePath: string): Promise<void> {
    const reader = this.#readers.get(filePath);
    this.#readers.delete(filePath);
    await closeQuietly(reader);
  }

  async close(): Promise<void> {
    const readers = [...this.#readers.values()];
    this.#readers.clear();
    await Promise.all(readers.map(closeQuietly));
  }
}

async function closeQuietly(reader: Promise<Raster> | undefined): Promise<void> {
  try {
    await (await reader)?.close();
  } catch {
    // It never opened, or its file is gone: either way there is nothing left to close.
  }
}
