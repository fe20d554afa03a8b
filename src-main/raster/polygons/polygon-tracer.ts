import { BandLabeller, voidClass, type Band, type BandLabels } from "./band-labels.ts";
import { removedMark, simplifyBand } from "./simplify-band.ts";
import { seamFlag, splitRing, touchFlag } from "./ring-flags.ts";
import { usualSpillLimits, type RingSpool, type SpillLimits } from "./ring-spool.ts";
import { GrowingRegion, type TracedPolygon } from "./traced-polygon.ts";

/** What is to be traced. */
export interface TracerOptions {
  readonly width: number;
  /** Ids that stand for no class at all: they become no polygon. */
  readonly withoutClass: readonly number[];
  /** Null leaves every corner where it is. */
  readonly simplify: SimplifyOptions | null;
  /** Null keeps all open regions in memory. */
  readonly spool?: RingSpool | null;
  readonly spillLimits?: SpillLimits;
}

/** How far borders may move, and what a step to the right and down is in the same unit. */
export interface SimplifyOptions {
  readonly tolerance: number;
  readonly column: readonly [x: number, y: number];
  readonly row: readonly [x: number, y: number];
}

/** A list of positions that grows at both ends in constant time. */
interface Piece {
  readonly positions: Int32Array;
  readonly touches: number;
  next: Piece | null;
}

/** A piece of a ring whose two ends lie on the lower border of what has been traced so far. */
interface Chain {
  readonly first: Piece;
  readonly last: Piece;
  /** Column at which it comes up from below. */
  readonly head: number;
  /** Column at which it goes down again. */
  readonly tail: number;
}

/** Directions of a walk with the region on the left: down its left side, right below it, up its right side, left above it. */
const down = 0;
const up = 2;
const columnStep = [0, 1, 0, -1] as const;
const rowStep = [1, 0, -1, 0] as const;
const visitedMark = 1;

/**
 * Turns rows of class ids into polygons of 4-connected regions, in one pass from top to bottom.
 *
 * Rows come in bands. Within a band, borders are walked on the lattice of pixel corners; a ring that leaves the band is kept as chains between
 * the columns where it crosses the lower border and goes on in the next. A polygon is handed on when its region has ended, so memory is a band and
 * the regions that are still open, of which only so much as `spillLimits` says: their holes go into a spool. Every corner where three or more regions meet is a position of all of them, and simplifying moves
 * the border of two neighbours once: polygons share their edges exactly.
 */
export class PolygonTracer {
  readonly #width: number;
  readonly #stride: number;
  readonly #classOf = new Uint16Array(256);
  readonly #simplify: SimplifyOptions | null;
  readonly #spool: RingSpool | null;
  readonly #spillLimits: SpillLimits;
  readonly #onPolygon: (polygon: TracedPolygon) => void;
  readonly #labeller = new BandLabeller();
  #cells = new Uint16Array(0);
  #labels = new Int32Array(0);
  #marks = new Uint8Array(0);
  #lastCells: Uint16Array;
  #lastLabels: Int32Array;
  #carried: GrowingRegion[] = [];
  #heads = new Map<number, Chain>();
  #tails = new Map<number, Chain>();
  #firstRow = 0;
  #scratch = new Int32Array(1 << 12);
  #length = 0;
  #touches = 0;

  constructor(options: TracerOptions, onPolygon: (polygon: TracedPolygon) => void) {
    this.#width = options.width;
    this.#stride = options.width + 2;
    this.#classOf.forEach((_, id) => {
      this.#classOf[id] = options.withoutClass.includes(id) ? voidClass : id;
    });
    this.#simplify = options.simplify;
    this.#spool = options.spool ?? null;
    this.#spillLimits = options.spillLimits ?? usualSpillLimits;
    this.#onPolygon = onPolygon;
    this.#lastCells = new Uint16Array(this.#stride).fill(voidClass);
    this.#lastLabels = new Int32Array(this.#stride);
  }

  /** Rows that a band had best have: enough to make its border short, few enough for its labels to be small. */
  static bandRows(width: number): number {
    return Math.max(16, Math.min(256, Math.floor(1_000_000 / width)));
  }

  /** Traces the next rows, `width` ids each; polygons that end in them are handed on before it returns. */
  addRows(ids: Uint8Array, rows: number): void {
    const stride = this.#stride;
    const length = (rows + 2) * stride;
    if (this.#cells.length < length) {
      this.#cells = new Uint16Array(length);
      this.#labels = new Int32Array(length);
      this.#marks = new Uint8Array(length + stride);
    }
    const cells = this.#cells;
    cells.set(this.#lastCells);
    this.#labels.set(this.#lastLabels);
    for (let row = 0; row < rows; row += 1) {
      let at = (row + 1) * stride;
      cells[at] = voidClass;
      at += 1;
      const from = row * this.#width;
      for (let column = 0; column < this.#width; column += 1) {
        cells[at + column] = this.#classOf[ids[from + column] as number] as number;
      }
      cells[at + this.#width] = voidClass;
    }
    this.#trace({ cells, labels: this.#labels, stride, rows, firstRow: this.#firstRow });
    this.#firstRow += rows;
  }

  /** Ends the raster: whatever is open ends at its lower edge. */
  finish(): void {
    const stride = this.#stride;
    const cells = new Uint16Array(stride * 3).fill(voidClass);
    cells.set(this.#lastCells);
    const labels = new Int32Array(stride * 3);
    labels.set(this.#lastLabels);
    this.#cells = cells;
    this.#labels = labels;
    this.#marks = new Uint8Array(stride * 4);
    this.#trace({ cells, labels, stride, rows: 1, firstRow: this.#firstRow });
  }

  #trace(band: Band): void {
    const { cells, stride, rows } = band;
    const found = this.#labeller.label(band, this.#carried.length);
    const regions = this.#regionsOf(found);
    this.#marks.fill(0, 0, (rows + 2) * stride);
    if (this.#simplify !== null) {
      simplifyBand(band, this.#marks, this.#simplify);
    }
    this.#continueChains(band, regions, found);
    const marks = this.#marks;
    for (let row = 1; row <= rows; row += 1) {
      const end = (row + 1) * stride;
      for (let at = row * stride + 1; at < end; at += 1) {
        const value = cells[at] as number;
        if (
          value !== voidClass &&
          (cells[at - 1] as number) !== value &&
          ((marks[at] as number) & visitedMark) === 0
        ) {
          this.#length = 0;
          this.#touches = 0;
          this.#walkRing(band, at);
          this.#endRing(this.#scratch, this.#length, this.#touches, regionAt(band, found, regions, at));
        }
      }
    }
    this.#carryOn(band, regions, found);
  }

  /** The region of each root label: those carried over, merged where they have met, and new ones. */
  #regionsOf({ count, rootOf, pixels, classOf }: BandLabels): (GrowingRegion | null)[] {
    const regions = new Array<GrowingRegion | null>(count + 1).fill(null);
    this.#carried.forEach((region, index) => {
      const root = rootOf[index + 1] as number;
      const before = regions[root] ?? null;
      if (before === null) {
        regions[root] = region;
      } else if (before.held >= region.held) {
        before.absorb(region);
      } else {
        region.absorb(before);
        regions[root] = region;
      }
    });
    for (let label = this.#carried.length + 1; label <= count; label += 1) {
      // A part is new when its smallest label is.
      if (rootOf[label] === label) {
        regions[label] = new GrowingRegion(classOf[label] as number);
      }
    }
    regions.forEach((region, root) => {
      if (region !== null) {
        region.pixels += pixels[root] as number;
      }
    });
    return regions;
  }

  /** Follows the rings that cross the band's upper or lower border. */
  #continueChains(band: Band, regions: readonly (GrowingRegion | null)[], found: BandLabels): void {
    const { cells, stride, rows } = band;
    const heads = this.#heads;
    const tails = this.#tails;
    this.#heads = new Map();
    this.#tails = new Map();
    const lowest = rows * stride;
    for (let column = 0; column <= this.#width; column += 1) {
      const west = cells[lowest + column] as number;
      const east = cells[lowest + column + 1] as number;
      if (west !== east && west !== voidClass) {
        const from = new PieceList();
        let tail = this.#walk(band, lowest + stride + column + 1, up, from);
        while (tail.kind === "joins") {
          const chain = heads.get(tail.column) as Chain;
          heads.delete(chain.head);
          tails.delete(chain.tail);
          from.append(chain.first, chain.last);
          tail = this.#walk(band, stride + chain.tail + 1, down, from);
        }
        const { first, last } = from.ends();
        const chain: Chain = { first, last, head: column, tail: tail.column };
        this.#heads.set(chain.head, chain);
        this.#tails.set(chain.tail, chain);
      }
    }
    // What is left goes round without reaching the lower border.
    for (const start of [...tails.values()]) {
      if (!tails.has(start.tail)) {
        continue;
      }
      const pieces = new PieceList();
      let chain: Chain = start;
      do {
        tails.delete(chain.tail);
        pieces.append(chain.first, chain.last);
        const next = this.#walk(band, stride + chain.tail + 1, down, pieces);
        chain = heads.get(next.column) as Chain;
      } while (chain !== start);
      const { positions, touches } = pieces.joined();
      // The pixel east of where a ring goes down is its own.
      this.#endRing(positions, positions.length, touches, regionAt(band, found, regions, start.tail + 1));
    }
  }

  /**
   * Walks a border from a corner on the upper border (arriving down) or the lower one (leaving up) to where it leaves the band, and appends
   * what it passed.
   */
  #walk(
    band: Band,
    start: number,
    direction: typeof down | typeof up,
    pieces: PieceList,
  ): { readonly kind: "joins" | "leaves"; readonly column: number } {
    const { stride, rows } = band;
    this.#length = 0;
    this.#touches = 0;
    const end = (rows + 1) * stride;
    let at = start;
    let heading: number = direction;
    const value = band.cells[direction === down ? start - stride : start - stride - 1] as number;
    if (direction === down) {
      heading = this.#turn(band, at, heading, value);
    }
    for (;;) {
      if (heading === up && at < 2 * stride) {
        pieces.push(this.#scratch.slice(0, this.#length), this.#touches);
        return { kind: "joins", column: (at % stride) - 1 };
      }
      if (heading === down) {
        this.#marks[at] = (this.#marks[at] as number) | visitedMark;
      }
      at += (columnStep[heading] as number) + (rowStep[heading] as number) * stride;
      if (at >= end) {
        pieces.push(this.#scratch.slice(0, this.#length), this.#touches);
        return { kind: "leaves", column: (at % stride) - 1 };
      }
      heading = this.#turn(band, at, heading, value);
    }
  }

  /** Walks once around a ring that lies within the band, from the upper end of a left side. */
  #walkRing(band: Band, start: number): void {
    const { stride } = band;
    const value = band.cells[start] as number;
    let at = start;
    let heading: number = down;
    do {
      if (heading === down) {
        this.#marks[at] = (this.#marks[at] as number) | visitedMark;
      }
      at += (columnStep[heading] as number) + (rowStep[heading] as number) * stride;
      heading = this.#turn(band, at, heading, value);
    } while (at !== start || heading !== down);
  }

  /** Arrived at a corner: notes it where it is a position of the ring, and says where the border goes on. */
  #turn({ cells, stride, firstRow }: Band, at: number, heading: number, value: number): number {
    const aheadLeft = cells[
      at + (heading === 0 ? 0 : heading === 1 ? -stride : heading === 2 ? -stride - 1 : -1)
    ] as number;
    const aheadRight = cells[
      at + (heading === 0 ? -1 : heading === 1 ? 0 : heading === 2 ? -stride : -stride - 1)
    ] as number;
    let next = heading;
    let flags = 0;
    if (aheadLeft !== value) {
      next = (heading + 1) & 3;
      if (aheadRight === value) {
        flags = touchFlag;
        this.#touches += 1;
      }
    } else if (aheadRight === value) {
      next = (heading + 3) & 3;
    } else {
      const behindRight = cells[
        at + (heading === 0 ? -stride - 1 : heading === 1 ? -1 : heading === 2 ? 0 : -stride)
      ] as number;
      if (behindRight === aheadRight) {
        if (this.#simplify === null || at >= 2 * stride || (heading & 1) === 1) {
          return heading;
        }
        flags = seamFlag;
      }
    }
    if (((this.#marks[at] as number) & removedMark) !== 0) {
      return next;
    }
    if (this.#length + 2 > this.#scratch.length) {
      const larger = new Int32Array(this.#scratch.length * 2);
      larger.set(this.#scratch);
      this.#scratch = larger;
    }
    const row = Math.floor(at / stride);
    this.#scratch[this.#length] = (at - row * stride - 1) | flags;
    this.#scratch[this.#length + 1] = row - 1 + firstRow;
    this.#length += 2;
    return next;
  }

  #endRing(positions: Int32Array, length: number, touches: number, region: GrowingRegion): void {
    splitRing(positions.subarray(0, length), length, touches, (ring, ringLength, area) => {
      region.addRing(ring, ringLength, area);
    });
  }

  /** Hands on the regions that ended in this band and numbers the others for the next. */
  #carryOn(
    { cells, labels, stride, rows }: Band,
    regions: (GrowingRegion | null)[],
    { rootOf }: BandLabels,
  ): void {
    const carried: GrowingRegion[] = [];
    const numbers = new Map<number, number>();
    const lastLabels = new Int32Array(stride);
    for (let column = 0; column < stride; column += 1) {
      const label = labels[rows * stride + column] as number;
      if (label !== 0) {
        const root = rootOf[label] as number;
        let number = numbers.get(root);
        if (number === undefined) {
          carried.push(regions[root] as GrowingRegion);
          regions[root] = null;
          number = carried.length;
          numbers.set(root, number);
        }
        lastLabels[column] = number;
      }
    }
    this.#lastLabels = lastLabels;
    this.#lastCells = cells.slice(rows * stride, (rows + 1) * stride);
    this.#carried = carried;
    for (const region of regions) {
      if (region !== null) {
        this.#onPolygon(region.finish(this.#spool));
      }
    }
    if (this.#spool !== null) {
      spillLargest(carried, this.#spool, this.#spillLimits);
    }
  }
}

/** Keeps what open regions hold of memory within limits. */
function spillLargest(open: readonly GrowingRegion[], spool: RingSpool, limits: SpillLimits): void {
  let held = 0;
  for (const region of open) {
    if (region.held > limits.ofOne) {
      region.spill(spool);
    }
    held += region.held;
  }
  if (held > limits.ofAll) {
    for (const region of open) {
      if (region.held > limits.least) {
        region.spill(spool);
      }
    }
  }
}

function regionAt(
  { labels }: Band,
  { rootOf }: BandLabels,
  regions: readonly (GrowingRegion | null)[],
  at: number,
): GrowingRegion {
  return regions[rootOf[labels[at] as number] as number] as GrowingRegion;
}

/** Collects pieces in order. */
class PieceList {
  #first: Piece | null = null;
  #last: Piece | null = null;

  push(positions: Int32Array, touches: number): void {
    const piece: Piece = { positions, touches, next: null };
    this.append(piece, piece);
  }

  append(first: Piece, last: Piece): void {
    if (this.#last === null) {
      this.#first = first;
    } else {
      this.#last.next = first;
    }
    this.#last = last;
  }

  ends(): { readonly first: Piece; readonly last: Piece } {
    if (this.#first === null || this.#last === null) {
      throw new Error("a border without a piece");
    }
    return { first: this.#first, last: this.#last };
  }

  joined(): { readonly positions: Int32Array; readonly touches: number } {
    let length = 0;
    let touches = 0;
    for (let piece = this.#first; piece !== null; piece = piece.next) {
      length += piece.positions.length;
      touches += piece.touches;
    }
    const positions = new Int32Array(length);
    let at = 0;
    for (let piece = this.#first; piece !== null; piece = piece.next) {
      positions.set(piece.positions, at);
      at += piece.positions.length;
    }
    return { positions, touches };
  }
}
