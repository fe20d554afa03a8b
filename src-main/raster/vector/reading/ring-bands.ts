/** Edges from which on a ring gets several bands; below, looking at all is as fast. */
const manyEdges = 64;
const mostBands = 4096;

/** The edges of a ring by the heights that they cross, so that only a few are looked at to tell whether a position is inside. */
export class RingBands {
  readonly #ring: Float64Array;
  readonly #bottom: number;
  #perBand = Infinity;
  #bands = 1;
  /** Where the edges of each band begin in the list, and where the last one's end. */
  readonly #starts: Uint32Array;
  readonly #edges: Uint32Array;

  constructor(ring: Float64Array, [bottom, top]: readonly [bottom: number, top: number]) {
    this.#ring = ring;
    this.#bottom = bottom;
    const edges = Math.max(0, ring.length / 2 - 1);
    // Long edges stand in many bands: then there are fewer of those, rather than more memory than a few times the ring's.
    for (let bands = Math.min(mostBands, edges >> 2); edges >= manyEdges && bands > 1; bands >>= 1) {
      [this.#bands, this.#perBand] = [bands, (top - bottom) / bands];
      if (this.#perBand > 0 && this.#listed() <= edges * 4) {
        break;
      }
      [this.#bands, this.#perBand] = [1, Infinity];
    }
    const starts = new Uint32Array(this.#bands + 1);
    this.#eachEdge((first, last) => {
      for (let band = first; band <= last; band++) {
        starts[band + 1]! += 1;
      }
    });
    for (let band = 0; band < this.#bands; band++) {
      starts[band + 1]! += starts[band]!;
    }
    const list = new Uint32Array(starts[this.#bands]!);
    const next = starts.slice();
    this.#eachEdge((first, last, at) => {
      for (let band = first; band <= last; band++) {
        list[next[band]!++] = at;
      }
    });
    [this.#starts, this.#edges] = [starts, list];
  }

  /** Whether a position is inside by the even-odd rule. */
  contains(x: number, y: number): boolean {
    const ring = this.#ring;
    const band = this.#bandOf(y);
    const end = this.#starts[band + 1]!;
    let isInside = false;
    for (let listed = this.#starts[band]!; listed < end; listed++) {
      const at = this.#edges[listed]!;
      const x1 = ring[at]!;
      const y1 = ring[at + 1]!;
      const x2 = ring[at + 2]!;
      const y2 = ring[at + 3]!;
      if (y1 > y !== y2 > y && x < ((y - y1) * (x2 - x1)) / (y2 - y1) + x1) {
        isInside = !isInside;
      }
    }
    return isInside;
  }

  #listed(): number {
    let listed = 0;
    this.#eachEdge((first, last) => {
      listed += last - first + 1;
    });
    return listed;
  }

  #eachEdge(visit: (firstBand: number, lastBand: number, at: number) => void): void {
    const ring = this.#ring;
    for (let at = 0; at + 3 < ring.length; at += 2) {
      const [first, last] = [this.#bandOf(ring[at + 1]!), this.#bandOf(ring[at + 3]!)];
      visit(Math.min(first, last), Math.max(first, last), at);
    }
  }

  #bandOf(y: number): number {
    return Math.max(0, Math.min(this.#bands - 1, Math.floor((y - this.#bottom) / this.#perBand) || 0));
  }
}
