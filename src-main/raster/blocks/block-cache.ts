/** The sizes a cache is held to. */
export interface BlockCacheLimits {
  readonly maxBytes: number;
  /** What it is held to at first; as much as it may ever have when left out. */
  readonly startBytes?: number | undefined;
}

interface Entry<Value> {
  readonly value: Value;
  readonly bytes: number;
  /** Told once, when the cache lets go of the value. */
  readonly release: () => void;
}

/**
 * Decoded blocks of all open rasters, the least recently used thrown out first once their bytes exceed the limit.
 *
 * It begins small, as reading through once and looking at a map need it, and grows once windows are read that come again.
 *
 * Values are shared: whoever gets one must not write into it.
 */
export class BlockCache<Value> {
  // A Map keeps insertion order, so the first is the least recently used once every hit re-inserts.
  readonly #entries = new Map<string, Entry<Value>>();
  #maxBytes: number;
  #startBytes: number;
  #limitBytes: number;
  #bytes = 0;

  constructor({ maxBytes, startBytes = maxBytes }: BlockCacheLimits) {
    this.#maxBytes = maxBytes;
    this.#startBytes = startBytes;
    this.#limitBytes = startBytes;
  }

  /** What it may grow to. */
  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** What it is held to now. */
  get limitBytes(): number {
    return this.#limitBytes;
  }

  /** What it is held to until it grows, and again once it has shrunk. */
  get startBytes(): number {
    return this.#startBytes;
  }

  /**
   * What is larger isn't kept. A block may flush all others while the cache is small: to decode one of 64 MB again for each window that
   * lies in it would cost more than any number of small ones. Of a cache that has grown it takes a quarter at most.
   */
  get mostBytesOfOne(): number {
    return Math.min(this.#maxBytes / 4, this.#limitBytes);
  }

  resize({ maxBytes, startBytes = maxBytes }: BlockCacheLimits): void {
    this.#maxBytes = maxBytes;
    this.#startBytes = startBytes;
    this.#limitBytes = startBytes;
    this.#evict();
  }

  /** Lets it have its largest size from now on. */
  grow(): void {
    this.#limitBytes = this.#maxBytes;
  }

  /** Holds it to its first size again. */
  shrink(): void {
    this.#limitBytes = this.#startBytes;
    this.#evict();
  }

  /** Lets go of everything. */
  clear(): void {
    this.dropOldest(this.#bytes);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
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

  set(key: string, value: Value, bytes: number, release: () => void): void {
    this.delete(key);
    if (bytes > this.mostBytesOfOne) {
      release();
      return;
    }
    this.#entries.set(key, { value, bytes, release });
    this.#bytes += bytes;
    this.#evict();
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#entries.delete(key);
      this.#bytes -= entry.bytes;
      entry.release();
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

  /** Lets go of the least recently used blocks, of so many bytes in all; answers how many bytes they had. */
  dropOldest(bytes: number): number {
    const before = this.#bytes;
    for (const key of this.#entries.keys()) {
      if (before - this.#bytes >= bytes) {
        break;
      }
      this.delete(key);
    }
    return before - this.#bytes;
  }

  #evict(): void {
    this.dropOldest(this.#bytes - this.#limitBytes);
  }
}
