import { setImmediate as nextTurn } from "node:timers/promises";
import type { RasterDtype } from "#shared/geo/raster-description.ts";
import { SharedArena } from "../threads/shared-arena.ts";
import { dtypeBytes, fillPlaces, samplesIn, type BlockPlaces, type ReadSamples } from "../typed-pixels.ts";
import { BlockCache, type BlockCacheLimits } from "./block-cache.ts";

/** Room for blocks that are being decoded or have just been dropped, beside those in the cache. */
const decodingBytes = 16 * 2 ** 20;
/** For so long after the last window that comes again the cache stays large. */
const staysLargeMilliseconds = 60_000;
/** When memory can't be given back because it is being read into, it is tried again so much later. */
const againMilliseconds = 5_000;

/**
 * The memory of all decoded blocks, whoever decodes them: one piece, of which each has a place from before it is decoded until the cache
 * drops it. So what the cache holds is what the process holds, and no block waits for a garbage collector.
 */
export class BlockMemory {
  readonly cache: BlockCache<ReadSamples>;
  readonly arena: SharedArena;
  readonly #endThreads: () => boolean;
  readonly #staysLarge: number;
  #timer: NodeJS.Timeout | null = null;
  #lastGrown = 0;

  /** `endThreads` ends whoever else knows the arena's memory, unless they are at work, and says whether it did. */
  constructor(
    limits: BlockCacheLimits,
    {
      endThreads = () => true,
      staysLargeMilliseconds: staysLarge = staysLargeMilliseconds,
    }: { readonly endThreads?: () => boolean; readonly staysLargeMilliseconds?: number } = {},
  ) {
    this.cache = new BlockCache(limits);
    this.arena = new SharedArena(() => this.cache.maxBytes + decodingBytes);
    this.#endThreads = endThreads;
    this.#staysLarge = staysLarge;
  }

  /** Lets the cache have its largest size until nobody has asked for windows that come again for a minute. */
  grow(): void {
    this.cache.grow();
    this.#lastGrown = performance.now();
    if (this.#timer === null && this.cache.startBytes < this.cache.maxBytes) {
      this.#after(this.#staysLarge);
    }
  }

  #after(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      void this.#shrink();
    }, milliseconds).unref();
  }

  /** Gives the process back what the cache had grown by, as soon as nothing is being read. */
  async #shrink(): Promise<void> {
    const rest = this.#lastGrown + this.#staysLarge - performance.now();
    if (rest > 0) {
      this.#after(rest);
      return;
    }
    this.cache.shrink();
    if (this.arena.touchedBytes <= this.cache.startBytes + decodingBytes) {
      this.#timer = null;
      return;
    }
    // What blocks lay in beyond the first size stays the process's until all of the memory is let go.
    this.cache.clear();
    await nextTurn();
    // It may have grown again meanwhile: then it is tried anew a minute after that.
    const isSmall = this.cache.limitBytes <= this.cache.startBytes;
    if (isSmall && this.arena.isFree && this.#endThreads()) {
      this.arena.renew();
      this.#timer = null;
    } else {
      this.#after(Math.min(againMilliseconds, this.#staysLarge));
    }
  }

  /** Places for blocks of the given lengths, for which the oldest ones are dropped; null for blocks that are too large to be kept. */
  async take(lengths: readonly number[]): Promise<BlockPlaces | null> {
    if (lengths.some((length) => length > this.cache.mostBytesOfOne)) {
      return null;
    }
    const total = lengths.reduce((sum, length) => sum + this.arena.bytesOf(length), 0);
    for (;;) {
      const starts = this.arena.takeAll(lengths);
      if (starts !== null) {
        return { starts, lengths };
      }
      const dropped = this.cache.dropOldest(total);
      // What is given back can be taken from the next turn on.
      await nextTurn();
      if (dropped === 0) {
        const last = this.arena.takeAll(lengths);
        return last === null ? null : { starts: last, lengths };
      }
    }
  }

  /** Gives back places in which nothing was kept. */
  give({ starts, lengths }: BlockPlaces): void {
    starts.forEach((start, index) => {
      this.arena.give(start, lengths[index] as number);
    });
  }

  /**
   * Copies samples that were decoded elsewhere to their places.
   *
   * @throws Error when a block has another size than was expected of it
   */
  fill(places: BlockPlaces, decoded: readonly ReadSamples[]): void {
    fillPlaces(this.arena.memory, places, decoded);
  }

  /** Puts what was decoded to its places into the cache; answers the samples. */
  keep({ starts, lengths }: BlockPlaces, keys: readonly string[], dtype: RasterDtype): ReadSamples[] {
    return starts.map((start, index) => {
      const length = lengths[index] as number;
      const samples = samplesIn(dtype, this.arena.memory, start, length / dtypeBytes(dtype));
      this.cache.set(keys[index] as string, samples, this.arena.bytesOf(length), () => {
        this.arena.give(start, length);
      });
      return samples;
    });
  }
}
