import type { CountChanges } from "./label-records.ts";

const IDS = 256;

/** By how much the number of pixels of each id has changed; index is the id. */
export class IdCounts {
  readonly #counts: Float64Array;

  constructor(changes: CountChanges = []) {
    this.#counts = new Float64Array(IDS);
    this.add(changes);
  }

  /** Counts pixels that changed from one id to another. */
  addDifference(before: Uint8Array, after: Uint8Array): void {
    const counts = this.#counts;
    for (let pixel = 0; pixel < after.length; pixel++) {
      const from = before[pixel] as number;
      const to = after[pixel] as number;
      if (from !== to) {
        counts[from] = (counts[from] as number) - 1;
        counts[to] = (counts[to] as number) + 1;
      }
    }
  }

  /** Adds changes, or takes them back with `factor` −1. */
  add(changes: CountChanges, factor: 1 | -1 = 1): void {
    for (const [id, pixels] of changes) {
      this.#counts[id] = (this.#counts[id] ?? 0) + factor * pixels;
    }
  }

  /** Ids whose number changed, ascending. */
  changes(): CountChanges {
    return [...this.#counts.entries()].filter(([, pixels]) => pixels !== 0);
  }
}
