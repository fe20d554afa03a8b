import type { RingBatch } from "./traced-polygon.ts";

/** Where rings stand that were put into a spool. */
export interface KeptRings {
  /** Place in the spool, in bytes. */
  readonly place: number;
  /** Numbers (two a position) and rings. */
  readonly numbers: number;
  readonly rings: number;
}

/**
 * Room outside memory for rings of regions that are still open.
 *
 * A region that runs through a whole raster has a hole for everything that lies in it, millions of them: kept in memory they would
 * outgrow any limit.
 */
export interface RingSpool {
  keep(batch: RingBatch): KeptRings;
  read(kept: KeptRings): RingBatch;
}

/** When holes of open regions go into the spool, in numbers (two a position, four bytes each). */
export interface SpillLimits {
  /** One region alone holds no more than this. */
  readonly ofOne: number;
  /** When all together hold more than this, all but the smallest give theirs away. */
  readonly ofAll: number;
  /** The least that is worth a place of its own. */
  readonly least: number;
}

/** 256 KB a region, 32 MB for all. */
export const usualSpillLimits: SpillLimits = { ofOne: 1 << 16, ofAll: 1 << 23, least: 1 << 10 };
