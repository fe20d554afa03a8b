import { stat } from "node:fs/promises";
import type { Raster } from "../../raster/index.ts";
import { openMask } from "../projects/index.ts";

/** A file that is open, and for how many. */
interface OpenMask {
  readonly version: string;
  readonly raster: Promise<Raster>;
  users: number;
  closing: NodeJS.Timeout | null;
}

/** Tiles of a view come one after the other; a file that nobody reads any more shouldn't be held for long. */
const IDLE_MILLISECONDS = 10_000;

/** Opens masks for those who read a part of them, and keeps each open a moment for whoever reads the next. */
export class LentMasks {
  readonly #open = new Map<string, OpenMask>();

  /** Does work with an open mask; one that was replaced since is opened anew. */
  async use<Result>(filePath: string, work: (mask: Raster) => Promise<Result>): Promise<Result> {
    const { mtimeMs, size, ino } = await stat(filePath);
    const version = `${mtimeMs}/${size}/${ino}`;
    const known = this.#open.get(filePath);
    const mask = known?.version === version ? known : this.#opened(filePath, version);
    mask.users += 1;
    if (mask.closing !== null) {
      clearTimeout(mask.closing);
      mask.closing = null;
    }
    try {
      return await work(await mask.raster);
    } finally {
      mask.users -= 1;
      if (mask.users === 0) {
        this.#closeSoon(filePath, mask);
      }
    }
  }

  #opened(filePath: string, version: string): OpenMask {
    const mask: OpenMask = { version, raster: openMask(filePath, {}), users: 0, closing: null };
    const before = this.#open.get(filePath);
    this.#open.set(filePath, mask);
    if (before?.closing != null) {
      clearTimeout(before.closing);
      this.#closeSoon(filePath, before);
    }
    // One that couldn't be opened isn't remembered so: the next may find it mended.
    mask.raster.catch(() => {
      if (this.#open.get(filePath) === mask) {
        this.#open.delete(filePath);
      }
    });
    return mask;
  }

  #closeSoon(filePath: string, mask: OpenMask): void {
    const isCurrent = this.#open.get(filePath) === mask;
    mask.closing = setTimeout(
      () => {
        if (this.#open.get(filePath) === mask) {
          this.#open.delete(filePath);
        }
        void mask.raster.then((raster) => raster.close()).catch(() => undefined);
      },
      isCurrent ? IDLE_MILLISECONDS : 0,
    );
    mask.closing.unref();
  }
}
