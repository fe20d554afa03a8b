/** One row of a raster as spans of neighbours that share a key, from the left; pixels of key 0 are in none. The arrays are reused by the next row. */
export class SpanRow {
  count = 0;
  starts = new Int32Array(64);
  /** Behind the last column of each. */
  ends = new Int32Array(64);
  keys = new Int32Array(64);

  /** Adds a span on the right of all; one that goes on with the key of the last makes it longer. */
  add(start: number, end: number, key: number): void {
    const last = this.count - 1;
    if (last >= 0 && this.keys[last] === key && this.ends[last] === start) {
      this.ends[last] = end;
      return;
    }
    if (this.count === this.starts.length) {
      this.#makeRoom(2 * this.count);
    }
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.keys[this.count] = key;
    this.count++;
  }

  copyFrom(other: SpanRow): void {
    if (this.starts.length < other.count) {
      this.count = 0;
      this.#makeRoom(2 * other.count);
    }
    this.count = other.count;
    this.starts.set(other.starts.subarray(0, other.count));
    this.ends.set(other.ends.subarray(0, other.count));
    this.keys.set(other.keys.subarray(0, other.count));
  }

  /** The same row by other keys: `keyOf[key]`, where spans that come to share one become one, and those of key 0 go. */
  fillFromKeys(other: SpanRow, keyOf: Uint16Array): void {
    this.count = 0;
    for (let index = 0; index < other.count; index++) {
      const key = keyOf[other.keys[index]!]!;
      if (key !== 0) {
        this.add(other.starts[index]!, other.ends[index]!, key);
      }
    }
  }

  /** Key 1 where `chosen` is 1, between two of its indices. */
  fillFromChosen(chosen: Uint8Array, from: number, to: number): void {
    this.count = 0;
    let index = chosen.indexOf(1, from);
    while (index !== -1 && index < to) {
      let end = index + 1;
      while (end < to && chosen[end] === 1) {
        end++;
      }
      this.add(index - from, end - from, 1);
      index = chosen.indexOf(1, end);
    }
  }

  /** The key of a pair of ids, `keyOf[truth · 256 + prediction]`, between two indices of both. */
  fillFromPairs(
    truth: Uint8Array,
    prediction: Uint8Array,
    { from, to, keyOf }: { readonly from: number; readonly to: number; readonly keyOf: Uint16Array },
  ): void {
    this.count = 0;
    let index = from;
    while (index < to) {
      const [trueId, predictedId] = [truth[index]!, prediction[index]!];
      let end = index + 1;
      while (end < to && truth[end] === trueId && prediction[end] === predictedId) {
        end++;
      }
      const key = keyOf[(trueId << 8) | predictedId]!;
      if (key !== 0) {
        this.add(index - from, end - from, key);
      }
      index = end;
    }
  }

  #makeRoom(spans: number): void {
    const [starts, ends, keys] = [this.starts, this.ends, this.keys];
    this.starts = new Int32Array(spans);
    this.ends = new Int32Array(spans);
    this.keys = new Int32Array(spans);
    this.starts.set(starts.subarray(0, this.count));
    this.ends.set(ends.subarray(0, this.count));
    this.keys.set(keys.subarray(0, this.count));
  }
}
