/** The sizes a cache is held to. */
export interface BlockCacheLimits {
  readonly maxBytes: number;
}

interface Entry<Value> {
  readonly value: Value;
  readonly bytes: number;
}

/**
 * Decoded blocks of all open rasters, the least recently used thrown out first once their bytes exceed the limit.
 *
 * Values are shared: whoever gets one must not write into it.
 */
export class BlockCache<Value> {
  // A Map keeps insertion order, so the first key is the least recently used once every hit re-inserts.
  readonly #entries = new Map<string, Entry<Value>>();
  #maxBytes: number;
  #bytes = 0;

  constructor({ maxBytes }: BlockCacheLimits) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of all blocks held now. */
  get bytes(): number {
    return this.#bytes;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#evict();
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      return undefined;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps a block; one larger than a quarter of the cache is let go at once, or it would flush everything else. */
  set(key: string, value: Value, bytes: number): void {
    this.delete(key);
    if (bytes > this.#maxBytes / 4) {
      return;
    }
    this.#entries.set(key, { value, bytes });
    this.#bytes += bytes;
    this.#evict();
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#entries.delete(key);
      this.#bytes -= entry.bytes;
    }
  }

  /** Forgets every block whose key begins with the prefix, as when its file is closed. */
  deletePrefix(prefix: string): void {
    for (const key of [...this.#entries.keys()]) {
      if (key.startsWith(prefix)) {
        this.delete(key);
      }
    }
  }

  #evict(): void {
    for (const key of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) {
        return;
      }
      this.delete(key);
    }
  }
}
