import type { KeptRings, RingSpool } from "./ring-spool.ts";

/** Some rings of a polygon, each of them whole. */
export interface RingBatch {
  /** column, row, column, row …, ring after ring. */
  readonly coordinates: Int32Array;
  /** Where each ring ends in `coordinates`, in numbers (two a position). */
  readonly ringEnds: ArrayLike<number> & Iterable<number>;
}

/**
 * One region of equal class ids as a polygon on the raster's lattice.
 *
 * Positions are whole (column, row) corners of pixels. Seen with rows running down, the exterior runs counter-clockwise and holes run
 * clockwise; rings are not closed by repeating their first position.
 */
export interface TracedPolygon {
  readonly classId: number;
  /** Pixels of the region, before any simplification. */
  readonly pixels: number;
  /** Area in pixels of the rings as they are: equal to `pixels` unless they were simplified. */
  readonly area: number;
  /** Positions of all rings together, and rings. */
  readonly positionCount: number;
  readonly ringCount: number;
  /**
   * All rings, the exterior first: an array of one batch, or, where they are too many to be in memory together, one batch after
   * another. These can be gone through more than once, but not after the call that handed the polygon over.
   */
  readonly batches: readonly [RingBatch] | LaterBatches;
}

/** Batches that are read from a file as they are asked for. */
export interface LaterBatches {
  readonly kind: "later";
  [Symbol.iterator](): Iterator<RingBatch>;
}

const noNumbers = new Int32Array(0);

/** The rings of a region while it grows. */
export class GrowingRegion {
  readonly classId: number;
  pixels = 0;
  area = 0;
  #exterior = noNumbers;
  #holes = noNumbers;
  #length = 0;
  #holeEnds: number[] = [];
  /** Holes that are in a spool, null while there are none. */
  #kept: KeptRings[] | null = null;

  constructor(classId: number) {
    this.classId = classId;
  }

  /** Takes a copy of one ring, whose area is positive for the exterior and negative for a hole. */
  addRing(ring: Int32Array, length: number, area: number): void {
    this.area += area;
    if (area > 0) {
      this.#exterior = ring.slice(0, length);
      return;
    }
    this.#append(ring.subarray(0, length));
    this.#holeEnds.push(this.#length);
  }

  /** Takes over all of another region, which turned out to be the same. */
  absorb(other: GrowingRegion): void {
    this.pixels += other.pixels;
    this.area += other.area;
    if (other.#exterior.length > 0) {
      this.#exterior = other.#exterior;
    }
    if (other.#kept !== null) {
      this.#kept = [...(this.#kept ?? []), ...other.#kept];
    }
    const before = this.#length;
    this.#append(other.#holes.subarray(0, other.#length));
    for (const end of other.#holeEnds) {
      this.#holeEnds.push(before + end);
    }
  }

  /** Numbers of holes that are in memory, so that the smaller of two regions is the one copied. */
  get held(): number {
    return this.#length;
  }

  /** Puts the holes so far into a spool, and lets go of their memory. */
  spill(spool: RingSpool): void {
    if (this.#length > 0) {
      this.#kept ??= [];
      this.#kept.push(spool.keep(this.#heldHoles()));
      this.#holes = noNumbers;
      this.#length = 0;
      this.#holeEnds = [];
    }
  }

  /** The polygon, with holes read from the spool where they were put there; the region must not be used afterwards. */
  finish(spool: RingSpool | null): TracedPolygon {
    const { classId, pixels, area } = this;
    const exterior = this.#exterior;
    const kept = this.#kept;
    let numbers = exterior.length + this.#length;
    let ringCount = 1 + this.#holeEnds.length;
    if (kept === null || spool === null) {
      const batches = [this.#whole()] as const;
      return { classId, pixels, area, positionCount: numbers / 2, ringCount, batches };
    }
    for (const part of kept) {
      numbers += part.numbers;
      ringCount += part.rings;
    }
    const rest = this.#heldHoles();
    const batches: LaterBatches = {
      kind: "later",
      *[Symbol.iterator]() {
        yield { coordinates: exterior, ringEnds: [exterior.length] };
        for (const part of kept) {
          yield spool.read(part);
        }
        yield rest;
      },
    };
    return { classId, pixels, area, positionCount: numbers / 2, ringCount, batches };
  }

  #heldHoles(): RingBatch {
    return { coordinates: this.#holes.subarray(0, this.#length), ringEnds: this.#holeEnds };
  }

  #whole(): RingBatch {
    const exterior = this.#exterior;
    if (this.#length === 0) {
      return { coordinates: exterior, ringEnds: [exterior.length] };
    }
    const coordinates = new Int32Array(exterior.length + this.#length);
    coordinates.set(exterior);
    coordinates.set(this.#holes.subarray(0, this.#length), exterior.length);
    return {
      coordinates,
      ringEnds: [exterior.length, ...this.#holeEnds.map((end) => exterior.length + end)],
    };
  }

  #append(values: Int32Array): void {
    const needed = this.#length + values.length;
    if (needed > this.#holes.length) {
      const larger = new Int32Array(Math.max(needed, this.#holes.length * 2));
      larger.set(this.#holes.subarray(0, this.#length));
      this.#holes = larger;
    }
    this.#holes.set(values, this.#length);
    this.#length = needed;
  }
}
