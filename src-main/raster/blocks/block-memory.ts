import { setImmediate } from "node:timers/promises";
import type { RasterDtype } from "#shared/geo/raster-description.ts";
import { SharedArena } from "../threads/shared-arena.ts";
import { dtypeBytes, fillPlaces, samplesIn, type BlockPlaces, type ReadSamples } from "../typed-pixels.ts";
import { BlockCache, type BlockCacheLimits } from "./block-cache.ts";

/** Room for blocks that are being decoded or have just been dropped, beside those in the cache. */
const decodingBytes = 16 * 2 ** 20;

/**
 * The memory of all decoded blocks, whoever decodes them: one piece, of which each has a place from before it is decoded until the cache
 * drops it. So what the cache holds is what the process holds, and no block waits for a garbage collector.
 */
export class BlockMemory {
  readonly cache: BlockCache<ReadSamples>;
  readonly arena: SharedArena;

  constructor(limits: BlockCacheLimits) {
    this.cache = new BlockCache(limits);
    this.arena = new SharedArena(() => this.cache.maxBytes + decodingBytes);
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
      await setImmediate();
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
