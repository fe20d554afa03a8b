/** The sizes a cache is held to. */
export interface BlockCacheLimits {
  readonly maxBytes: number;
}

/** Blocks that lie in the same memory, and therefore come and go together. */
interface Slab<Value> {
  readonly blocks: ReadonlyMap<string, Value>;
  readonly bytes: number;
  /** Told once, when the cache lets go of the memory. */
  readonly release: () => void;
}

/**
 * Decoded blocks of all open rasters, the least recently used thrown out first once their bytes exceed the limit.
 *
 * Decoders often leave several blocks side by side in one piece of memory. Cutting them apart would copy every pixel once more, and
 * throwing one out would free nothing: such a slab is one entry, used when any of its blocks is.
 *
 * Values are shared: whoever gets one must not write into it.
 */
export class BlockCache<Value> {
  readonly #slabOf = new Map<string, Slab<Value>>();
  // A Set keeps insertion order, so the first is the least recently used once every hit re-inserts.
  readonly #slabs = new Set<Slab<Value>>();
  #maxBytes: number;
  #bytes = 0;

  constructor({ maxBytes }: BlockCacheLimits) {
    this.#maxBytes = maxBytes;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#evict();
  }

  has(key: string): boolean {
    return this.#slabOf.has(key);
  }

  get(key: string): Value | undefined {
    const slab = this.#slabOf.get(key);
    if (slab === undefined) {
      return undefined;
    }
    this.#slabs.delete(slab);
    this.#slabs.add(slab);
    return slab.blocks.get(key);
  }

  /** Keeps one block that has its memory to itself. */
  set(key: string, value: Value, bytes: number): void {
    this.setSlab(new Map([[key, value]]), bytes, () => undefined);
  }

  /** Keeps blocks that share one piece of memory; more than a quarter of the cache is let go at once, or it would flush everything else. */
  setSlab(blocks: ReadonlyMap<string, Value>, bytes: number, release: () => void): void {
    for (const key of blocks.keys()) {
      this.delete(key);
    }
    if (bytes > this.#maxBytes / 4) {
      release();
      return;
    }
    const slab = { blocks, bytes, release };
    for (const key of blocks.keys()) {
      this.#slabOf.set(key, slab);
    }
    this.#slabs.add(slab);
    this.#bytes += bytes;
    this.#evict();
  }

  /** Forgets a block, and with it those in the same memory. */
  delete(key: string): void {
    const slab = this.#slabOf.get(key);
    if (slab !== undefined) {
      this.#drop(slab);
    }
  }

  /** Forgets every block whose key begins with the prefix, as when its file is closed. */
  deletePrefix(prefix: string): void {
    for (const key of [...this.#slabOf.keys()]) {
      if (key.startsWith(prefix)) {
        this.delete(key);
      }
    }
  }

  #drop(slab: Slab<Value>): void {
    if (this.#slabs.delete(slab)) {
      this.#bytes -= slab.bytes;
      for (const key of slab.blocks.keys()) {
        if (this.#slabOf.get(key) === slab) {
          this.#slabOf.delete(key);
        }
      }
      slab.release();
    }
  }

  #evict(): void {
    for (const slab of this.#slabs) {
      if (this.#bytes <= this.#maxBytes) {
        return;
      }
      this.#drop(slab);
    }
  }
}
