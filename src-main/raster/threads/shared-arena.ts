import { copyRowsIn, type CopyRows } from "./copy-rows.ts";

/** Blocks begin at multiples of this: wide enough for every kind of sample, and a page, so that few odd pieces are left over. */
const stepBytes = 4096;
const wasmPageBytes = 65536;

interface FreeRange {
  start: number;
  end: number;
}

/**
 * Memory that blocks are decoded into, by threads too, and that the cache then keeps, one piece for all. It is shared, so that nothing is copied,
 * moved or left to the garbage collector of each thread; what was never written to takes no memory.
 */
export class SharedArena {
  readonly #bytes: () => number;
  #memory: SharedArrayBuffer | null = null;
  #copyRows: CopyRows | null = null;
  /** Ascending, never touching each other. */
  readonly #free: FreeRange[] = [];
  /** What can be handed out in all. */
  #size = 0;
  /** The end of the last place that was ever taken: memory up to it may have been written to. */
  #touchedBytes = 0;

  /** `bytes` is asked when memory is first wanted, and again after `renew`. */
  constructor(bytes: () => number) {
    this.#bytes = bytes;
  }

  get memory(): SharedArrayBuffer {
    if (this.#memory === null) {
      const bytes = Math.ceil(this.#bytes() / stepBytes) * stepBytes;
      this.#memory = this.#takeMemory(bytes);
      this.#size = bytes;
      this.#free.push({ start: 0, end: bytes });
    }
    return this.#memory;
  }

  /** Copies rows from one place to another, quickly; null where WebAssembly can't have so much memory. */
  get copyRows(): CopyRows | null {
    return this.#copyRows;
  }

  /** Bytes from its beginning that have ever been handed out, and may take memory. */
  get touchedBytes(): number {
    return this.#touchedBytes;
  }

  /** Whether no place is taken. */
  get isFree(): boolean {
    const [range, ...others] = this.#free;
    return this.#memory === null || (others.length === 0 && range?.start === 0 && range.end === this.#size);
  }

  /**
   * Lets go of the memory, of which the process gets back what nobody else holds; the next place is in a new one. Only while `isFree`, and
   * threads that know the old memory must be gone.
   */
  renew(): void {
    if (!this.isFree) {
      throw new Error("memory was to be renewed while blocks are in it");
    }
    this.#memory = null;
    this.#copyRows = null;
    this.#free.length = 0;
    this.#touchedBytes = 0;
  }

  /** What a place of this length takes of the memory. */
  bytesOf(length: number): number {
    return roundedUp(length);
  }

  /** The first byte of a free place for each length, whatever stands there; null when they don't all fit. */
  takeAll(lengths: readonly number[]): number[] | null {
    const places: number[] = [];
    for (const length of lengths) {
      const place = this.#take(length);
      if (place === null) {
        places.forEach((taken, index) => {
          this.giveNow(taken, lengths[index] as number);
        });
        return null;
      }
      places.push(place);
    }
    return places;
  }

  /**
   * Takes a place back. It is handed out again from the next turn of the event loop on: whoever was promised the block in it has copied
   * it by then.
   */
  give(place: number, length: number): void {
    setImmediate(() => {
      this.giveNow(place, length);
    });
  }

  /** Takes a place back that nobody else was promised: it may be handed out again at once. */
  giveNow(start: number, length: number): void {
    const end = start + roundedUp(length);
    const found = this.#free.findIndex((range) => range.start > start);
    const next = found < 0 ? this.#free.length : found;
    const before = this.#free[next - 1];
    const after = this.#free[next];
    const touchesBefore = before?.end === start;
    const touchesAfter = after?.start === end;
    if (touchesBefore && touchesAfter) {
      before.end = after.end;
      this.#free.splice(next, 1);
    } else if (touchesBefore) {
      before.end = end;
    } else if (touchesAfter) {
      after.start = start;
    } else {
      this.#free.splice(next, 0, { start, end });
    }
  }

  #takeMemory(bytes: number): SharedArrayBuffer {
    const pages = Math.ceil(bytes / wasmPageBytes);
    try {
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
      this.#copyRows = copyRowsIn(memory);
      return memory.buffer as unknown as SharedArrayBuffer;
    } catch {
      // It wants more of the address space than it uses, which may be limited.
      return new SharedArrayBuffer(bytes);
    }
  }

  #take(length: number): number | null {
    const rounded = roundedUp(length);
    if (this.memory.byteLength < rounded) {
      return null;
    }
    const index = this.#free.findIndex(({ start, end }) => end - start >= rounded);
    const range = this.#free[index];
    if (range === undefined) {
      return null;
    }
    const place = range.start;
    range.start += rounded;
    this.#touchedBytes = Math.max(this.#touchedBytes, range.start);
    if (range.start === range.end) {
      this.#free.splice(index, 1);
    }
    return place;
  }
}

function roundedUp(length: number): number {
  return Math.max(1, Math.ceil(length / stepBytes)) * stepBytes;
}
