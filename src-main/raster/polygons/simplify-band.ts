import type { Band } from "./band-labels.ts";
import type { SimplifyOptions } from "./polygon-tracer.ts";

/** Mark of a lattice corner that simplifying took away. */
export const removedMark = 2;
const eastWalkedMark = 4;
const southWalkedMark = 8;
/** A position of some border, still there. */
const occupiedMark = 16;
/** A position that stays: three or more regions meet, or the border leaves the band. */
const fixedMark = 32;

/** A border between two regions from one fixed corner to another, or all around. */
interface Arc {
  /** Corners as cell indices; the first is repeated at the end of a closed one. */
  readonly corners: Int32Array;
}

/**
 * Straightens the borders of a band by taking corners away, and marks the corners that are gone.
 *
 * A corner goes when the border stays within the tolerance of where it was, and when the triangle it spans with its neighbours holds
 * no other corner of any border: then no two borders can cross, whatever the order (the condition of Saalfeld 1999 for a single
 * vertex). Smallest triangles go first (Visvalingam and Whyatt 1993). Every border is straightened once, for the regions on both sides.
 */
export function simplifyBand(band: Band, marks: Uint8Array, options: SimplifyOptions): void {
  markCorners(band, marks);
  const arcs = collectArcs(band, marks);
  const straight = new Set<number>();
  for (const { corners } of arcs) {
    if (corners.length === 2) {
      straight.add(pairKey(corners[0] as number, corners[1] as number));
    }
  }
  const straightener = new ArcStraightener(band, marks, options, straight);
  for (const { corners } of arcs) {
    straightener.straighten(corners);
  }
}

function pairKey(first: number, second: number): number {
  return Math.min(first, second) * 0x4000000 + Math.max(first, second);
}

/** Which of the four edges at a corner are borders. */
function hasNorth(cells: Uint16Array, at: number, stride: number): boolean {
  return cells[at - stride - 1] !== cells[at - stride];
}
function hasSouth(cells: Uint16Array, at: number): boolean {
  return cells[at - 1] !== cells[at];
}
function hasWest(cells: Uint16Array, at: number, stride: number): boolean {
  return cells[at - stride - 1] !== cells[at - 1];
}
function hasEast(cells: Uint16Array, at: number, stride: number): boolean {
  return cells[at - stride] !== cells[at];
}

function markCorners({ cells, stride, rows }: Band, marks: Uint8Array): void {
  for (let row = 1; row <= rows; row += 1) {
    for (let at = row * stride + 1; at < (row + 1) * stride; at += 1) {
      const north = hasNorth(cells, at, stride);
      const south = hasSouth(cells, at);
      const west = hasWest(cells, at, stride);
      const east = hasEast(cells, at, stride);
      const degree = Number(north) + Number(south) + Number(west) + Number(east);
      if (degree > 2 || (row === 1 && north)) {
        marks[at] = (marks[at] as number) | occupiedMark | fixedMark;
      } else if (degree === 2 && north !== south) {
        marks[at] = (marks[at] as number) | occupiedMark;
      }
    }
  }
  const lowest = (rows + 1) * stride;
  for (let at = lowest + 1; at < lowest + stride; at += 1) {
    if (hasNorth(cells, at, stride)) {
      marks[at] = (marks[at] as number) | occupiedMark | fixedMark;
    }
  }
}

/** Walks every border edge of the band once. */
function collectArcs(band: Band, marks: Uint8Array): Arc[] {
  const { cells, stride, rows } = band;
  const arcs: Arc[] = [];
  const end = (rows + 2) * stride;
  const lowest = (rows + 1) * stride;
  const marked = (at: number, mark: number): boolean => ((marks[at] as number) & mark) !== 0;
  // Steps: 0 south, 1 east, 2 north, 3 west.
  const isWalked = (at: number, step: number): boolean =>
    step === 0
      ? marked(at, southWalkedMark)
      : step === 1
        ? marked(at, eastWalkedMark)
        : step === 2
          ? marked(at - stride, southWalkedMark)
          : marked(at - 1, eastWalkedMark);
  const walked = (at: number, step: number): void => {
    const index = step === 2 ? at - stride : step === 3 ? at - 1 : at;
    marks[index] = (marks[index] as number) | (step % 2 === 0 ? southWalkedMark : eastWalkedMark);
  };
  const hasEdge = (at: number, step: number): boolean => {
    switch (step) {
      case 0:
        return at < lowest && hasSouth(cells, at);
      case 1:
        return at < lowest && hasEast(cells, at, stride);
      case 2:
        return at >= 2 * stride && hasNorth(cells, at, stride);
      default:
        return at < lowest && hasWest(cells, at, stride);
    }
  };
  const offsets = [stride, 1, -stride, -1] as const;
  const walk = (start: number, firstStep: number): void => {
    const corners = [start];
    let at = start;
    let step = firstStep;
    for (;;) {
      walked(at, step);
      at += offsets[step] as number;
      if (marked(at, occupiedMark)) {
        corners.push(at);
      }
      if (at === start || marked(at, fixedMark)) {
        break;
      }
      const back = (step + 2) & 3;
      const straightOn = step;
      step = hasEdge(at, straightOn)
        ? straightOn
        : ([0, 1, 2, 3].find((other) => other !== back && hasEdge(at, other)) ?? back);
    }
    arcs.push({ corners: Int32Array.from(corners) });
  };
  for (const wanted of [fixedMark, occupiedMark]) {
    for (let at = stride; at < end; at += 1) {
      if (marked(at, wanted)) {
        for (let step = 0; step < 4; step += 1) {
          if (hasEdge(at, step) && !isWalked(at, step)) {
            walk(at, step);
          }
        }
      }
    }
  }
  return arcs;
}

/** Takes corners away from one arc after another. */
class ArcStraightener {
  readonly #band: Band;
  readonly #marks: Uint8Array;
  readonly #options: SimplifyOptions;
  readonly #straight: Set<number>;
  #columns = new Int32Array(64);
  #rows = new Int32Array(64);
  #previous = new Int32Array(64);
  #next = new Int32Array(64);
  #version = new Int32Array(64);

  constructor(band: Band, marks: Uint8Array, options: SimplifyOptions, straight: Set<number>) {
    this.#band = band;
    this.#marks = marks;
    this.#options = options;
    this.#straight = straight;
  }

  straighten(corners: Int32Array): void {
    const count = corners.length;
    const isClosed = corners[0] === corners[count - 1];
    const isLoop = isClosed && ((this.#marks[corners[0] as number] as number) & fixedMark) === 0;
    let inner = count - 2;
    if (inner < 1) {
      return;
    }
    this.#load(corners);
    // A loop keeps a triangle: its start, which never goes, and two more.
    const least = isClosed || isLoop ? 2 : 0;
    const queue = new TriangleQueue();
    for (let index = 1; index < count - 1; index += 1) {
      queue.push(this.#triangleArea(index), index, 0);
    }
    while (inner > least) {
      const index = queue.pop((candidate, version) => this.#version[candidate] === version);
      if (index < 0) {
        break;
      }
      const before = this.#previous[index] as number;
      const after = this.#next[index] as number;
      const pair = pairKey(corners[before] as number, corners[after] as number);
      const becomesStraight = inner === 1 && !isClosed;
      if (
        (becomesStraight && this.#straight.has(pair)) ||
        !this.#isNear(before, after) ||
        !this.#isFree(before, index, after)
      ) {
        continue;
      }
      const corner = corners[index] as number;
      this.#marks[corner] = ((this.#marks[corner] as number) & ~occupiedMark) | removedMark;
      inner -= 1;
      this.#version[index] = -1;
      this.#next[before] = after;
      this.#previous[after] = before;
      if (becomesStraight) {
        this.#straight.add(pair);
      }
      for (const neighbour of [before, after]) {
        if (neighbour > 0 && neighbour < count - 1) {
          const version = (this.#version[neighbour] as number) + 1;
          this.#version[neighbour] = version;
          queue.push(this.#triangleArea(neighbour), neighbour, version);
        }
      }
    }
  }

  #load(corners: Int32Array): void {
    const count = corners.length;
    if (this.#columns.length < count) {
      const length = Math.max(count, this.#columns.length * 2);
      this.#columns = new Int32Array(length);
      this.#rows = new Int32Array(length);
      this.#previous = new Int32Array(length);
      this.#next = new Int32Array(length);
      this.#version = new Int32Array(length);
    }
    const { stride } = this.#band;
    for (let index = 0; index < count; index += 1) {
      const corner = corners[index] as number;
      const row = Math.floor(corner / stride);
      this.#columns[index] = corner - row * stride;
      this.#rows[index] = row;
      this.#previous[index] = index - 1;
      this.#next[index] = index + 1;
      this.#version[index] = 0;
    }
  }

  #twiceArea(first: number, second: number, third: number): number {
    const column = this.#columns[first] as number;
    const row = this.#rows[first] as number;
    return (
      ((this.#columns[second] as number) - column) * ((this.#rows[third] as number) - row) -
      ((this.#rows[second] as number) - row) * ((this.#columns[third] as number) - column)
    );
  }

  #triangleArea(index: number): number {
    return Math.abs(this.#twiceArea(this.#previous[index] as number, index, this.#next[index] as number));
  }

  /** Whether every corner the border once had between two positions lies within the tolerance of the line between them. */
  #isNear(from: number, to: number): boolean {
    const { column, row, tolerance } = this.#options;
    const originColumn = this.#columns[from] as number;
    const originRow = this.#rows[from] as number;
    const toColumn = (this.#columns[to] as number) - originColumn;
    const toRow = (this.#rows[to] as number) - originRow;
    const lineX = toColumn * column[0] + toRow * row[0];
    const lineY = toColumn * column[1] + toRow * row[1];
    const squared = lineX * lineX + lineY * lineY;
    for (let index = from + 1; index < to; index += 1) {
      const columns = (this.#columns[index] as number) - originColumn;
      const rows = (this.#rows[index] as number) - originRow;
      const x = columns * column[0] + rows * row[0];
      const y = columns * column[1] + rows * row[1];
      const along = squared === 0 ? 0 : Math.max(0, Math.min(1, (x * lineX + y * lineY) / squared));
      const offX = x - along * lineX;
      const offY = y - along * lineY;
      if (offX * offX + offY * offY > tolerance * tolerance) {
        return false;
      }
    }
    return true;
  }

  /** Whether no other corner lies in the triangle or on its rim. */
  #isFree(before: number, index: number, after: number): boolean {
    const lowest = this.#band.rows + 1;
    const a = { column: this.#columns[before] as number, row: this.#rows[before] as number };
    const b = { column: this.#columns[index] as number, row: this.#rows[index] as number };
    const c = { column: this.#columns[after] as number, row: this.#rows[after] as number };
    if (a.column === c.column && a.row === c.row) {
      return false;
    }
    // What lies along the lower border is not known yet.
    if (a.row === lowest && c.row === lowest) {
      return false;
    }
    const { stride } = this.#band;
    const top = Math.min(a.row, b.row, c.row);
    const bottom = Math.max(a.row, b.row, c.row);
    for (let row = top; row <= bottom; row += 1) {
      let left = Infinity;
      let right = -Infinity;
      for (const [from, to] of [
        [a, b],
        [b, c],
        [c, a],
      ] as const) {
        if (row < Math.min(from.row, to.row) || row > Math.max(from.row, to.row)) {
          continue;
        }
        if (from.row === to.row) {
          left = Math.min(left, from.column, to.column);
          right = Math.max(right, from.column, to.column);
        } else {
          const crossing = from.column + ((to.column - from.column) * (row - from.row)) / (to.row - from.row);
          left = Math.min(left, crossing);
          right = Math.max(right, crossing);
        }
      }
      // Half a billionth of a pixel for rounding; lattice corners lie further from a line than that, or on it.
      const last = Math.floor(right + 5e-10);
      for (let column = Math.ceil(left - 5e-10); column <= last; column += 1) {
        if (
          ((this.#marks[row * stride + column] as number) & occupiedMark) !== 0 &&
          !(column === a.column && row === a.row) &&
          !(column === b.column && row === b.row) &&
          !(column === c.column && row === c.row)
        ) {
          return false;
        }
      }
    }
    return true;
  }
}

/** A heap of triangles, the smallest first; entries that have become stale are skipped. */
class TriangleQueue {
  readonly #areas: number[] = [];
  readonly #indices: number[] = [];
  readonly #versions: number[] = [];

  push(area: number, index: number, version: number): void {
    let at = this.#areas.length;
    this.#areas.push(area);
    this.#indices.push(index);
    this.#versions.push(version);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) {
        break;
      }
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** The index of the smallest triangle that is current, or -1. */
  pop(isCurrent: (index: number, version: number) => boolean): number {
    while (this.#areas.length > 0) {
      const index = this.#indices[0] as number;
      const version = this.#versions[0] as number;
      this.#swap(0, this.#areas.length - 1);
      this.#areas.pop();
      this.#indices.pop();
      this.#versions.pop();
      this.#sink();
      if (isCurrent(index, version)) {
        return index;
      }
    }
    return -1;
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      const left = at * 2 + 1;
      let least = at;
      for (const child of [left, left + 1]) {
        if (child < this.#areas.length && this.#isBefore(child, least)) {
          least = child;
        }
      }
      if (least === at) {
        return;
      }
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(first: number, second: number): boolean {
    const difference = (this.#areas[first] as number) - (this.#areas[second] as number);
    return (
      difference < 0 ||
      (difference === 0 && (this.#indices[first] as number) < (this.#indices[second] as number))
    );
  }

  #swap(first: number, second: number): void {
    for (const list of [this.#areas, this.#indices, this.#versions]) {
      const kept = list[first] as number;
      list[first] = list[second] as number;
      list[second] = kept;
    }
  }
}
