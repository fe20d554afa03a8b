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
  /** column, row, column, row …, ring after ring, the exterior first. */
  readonly coordinates: Int32Array;
  /** Where each ring ends in `coordinates`, in numbers (two a position). */
  readonly ringEnds: readonly number[];
}

/** The rings of a region while it grows. */
export class GrowingRegion {
  readonly classId: number;
  pixels = 0;
  area = 0;
  #coordinates = new Int32Array(0);
  #length = 0;
  #ringEnds: number[] = [];
  #exterior = -1;

  constructor(classId: number) {
    this.classId = classId;
  }

  /** Takes a copy of one ring, whose area is positive for the exterior and negative for a hole. */
  addRing(ring: Int32Array, length: number, area: number): void {
    if (area > 0) {
      this.#exterior = this.#ringEnds.length;
    }
    this.area += area;
    this.#append(ring.subarray(0, length));
    this.#ringEnds.push(this.#length);
  }

  /** Takes over all of another region, which turned out to be the same. */
  absorb(other: GrowingRegion): void {
    this.pixels += other.pixels;
    this.area += other.area;
    if (other.#exterior >= 0) {
      this.#exterior = this.#ringEnds.length + other.#exterior;
    }
    const before = this.#length;
    this.#append(other.#coordinates.subarray(0, other.#length));
    for (const end of other.#ringEnds) {
      this.#ringEnds.push(before + end);
    }
  }

  /** How much it holds, so that the smaller of two is the one copied. */
  get size(): number {
    return this.#length;
  }

  /** The polygon; the region must not be used afterwards. */
  finish(): TracedPolygon {
    const { classId, pixels, area } = this;
    const coordinates = this.#coordinates.subarray(0, this.#length);
    if (this.#exterior <= 0) {
      return { classId, pixels, area, coordinates, ringEnds: this.#ringEnds };
    }
    const start = this.#ringEnds[this.#exterior - 1] as number;
    const end = this.#ringEnds[this.#exterior] as number;
    const exterior = coordinates.slice(start, end);
    coordinates.copyWithin(exterior.length, 0, start);
    coordinates.set(exterior, 0);
    const moved = this.#ringEnds.slice(0, this.#exterior).map((ringEnd) => ringEnd + exterior.length);
    return {
      classId,
      pixels,
      area,
      coordinates,
      ringEnds: [exterior.length, ...moved, ...this.#ringEnds.slice(this.#exterior + 1)],
    };
  }

  #append(values: Int32Array): void {
    const needed = this.#length + values.length;
    if (this.#length === 0 && needed > this.#coordinates.length) {
      this.#coordinates = values.slice();
    } else {
      if (needed > this.#coordinates.length) {
        const larger = new Int32Array(Math.max(needed, this.#coordinates.length * 2));
        larger.set(this.#coordinates.subarray(0, this.#length));
        this.#coordinates = larger;
      }
      this.#coordinates.set(values, this.#length);
    }
    this.#length = needed;
  }
}
