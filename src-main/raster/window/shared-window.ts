import type { CopyRows } from "../threads/copy-rows.ts";
import type { SharedArena } from "../threads/shared-arena.ts";
import type { ReadSamples, SampleArray } from "../typed-pixels.ts";

/** Smaller windows aren't worth the way round, larger ones would take room from blocks. */
const leastBytes = 16 * 2 ** 10;
const mostBytes = 4 * 2 ** 20;

/** Rows that are copied; all numbers are samples. */
export interface CopiedRows {
  readonly samples: ReadSamples;
  readonly first: number;
  readonly step: number;
  /** Where they go in the window. */
  readonly target: number;
  readonly targetStep: number;
  readonly length: number;
  readonly rows: number;
}

/**
 * A window that is put together in the memory that blocks are decoded into, since rows are copied much faster within it, and then
 * copied out in one go.
 */
export class SharedWindow {
  readonly #arena: SharedArena;
  readonly #copyRows: CopyRows;
  readonly #samples: ReadSamples;

  private constructor(arena: SharedArena, copyRows: CopyRows, samples: ReadSamples) {
    this.#arena = arena;
    this.#copyRows = copyRows;
    this.#samples = samples;
  }

  /** A window as large as `data`; null where none can be had, or none is worth it. */
  static of(arena: SharedArena, data: SampleArray): SharedWindow | null {
    if (data.byteLength < leastBytes || data.byteLength > mostBytes) {
      return null;
    }
    const [place] = arena.takeAll([data.byteLength]) ?? [];
    const { copyRows, memory } = arena;
    if (place === undefined) {
      return null;
    }
    if (copyRows === null) {
      arena.give(place, data.byteLength);
      return null;
    }
    const constructor = data.constructor as new (
      memory: SharedArrayBuffer,
      firstByte: number,
      length: number,
    ) => ReadSamples;
    return new SharedWindow(arena, copyRows, new constructor(memory, place, data.length));
  }

  copyFrom({ samples, first, step, target, targetStep, length, rows }: CopiedRows): void {
    const own = this.#samples;
    const lastEnd = (rows - 1) * step + first + length;
    if (
      samples.buffer === own.buffer &&
      samples.BYTES_PER_ELEMENT === own.BYTES_PER_ELEMENT &&
      lastEnd <= samples.length &&
      (rows - 1) * targetStep + target + length <= own.length
    ) {
      const bytes = own.BYTES_PER_ELEMENT;
      this.#copyRows(
        samples.byteOffset + first * bytes,
        step * bytes,
        own.byteOffset + target * bytes,
        targetStep * bytes,
        length * bytes,
        rows,
      );
      return;
    }
    for (let row = 0; row < rows; row += 1) {
      const from = first + row * step;
      own.set(samples.subarray(from, from + length), target + row * targetStep);
    }
  }

  /** Copies all of it; called when every position was filled. */
  copyTo(data: SampleArray): void {
    data.set(this.#samples);
  }

  /** Gives its memory back, at once: windows that are all in the cache may follow each other without a turn of the event loop between them. */
  release(): void {
    this.#arena.giveNow(this.#samples.byteOffset, this.#samples.byteLength);
  }
}
