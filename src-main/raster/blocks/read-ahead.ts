import type { UnitGrid } from "./block-units.ts";

/** A rectangle of units: first and end column, first and end row. */
export interface UnitRectangle {
  readonly firstColumn: number;
  readonly endColumn: number;
  readonly firstRow: number;
  readonly endRow: number;
}

const leastAheadBytes = 4 * 2 ** 20;
const mostAheadBytes = 24 * 2 ** 20;
/** It looks again once this part of what it looked ahead at has been read: looking costs as much as a small read. */
const lookAgainAfter = 1 / 8;

/**
 * Notices when an image is read in order, window by window and row by row, and names the units that come next, once in a while.
 *
 * It looks further ahead the longer the order holds, so that a map that moves one tile aside costs little.
 */
export class ReadAhead {
  #last: UnitRectangle | null = null;
  #steps = 0;
  #unitsSinceLook = Infinity;

  /** Takes note of a read and answers what follows it, nearest first; nothing while no order is seen. */
  after(read: UnitRectangle, grid: UnitGrid, unitBytes: number): UnitRectangle[] {
    const last = this.#last;
    this.#last = read;
    if (last === null || !isSame(last, read)) {
      this.#steps = last !== null && follows(last, read) ? this.#steps + 1 : 0;
      this.#unitsSinceLook += (read.endColumn - read.firstColumn) * (read.endRow - read.firstRow);
    }
    if (this.#steps === 0) {
      this.#unitsSinceLook = Infinity;
      return [];
    }
    const budget = Math.min(mostAheadBytes, leastAheadBytes * 2 ** Math.min(8, this.#steps - 1));
    const mostUnits = Math.floor(budget / unitBytes);
    if (this.#unitsSinceLook < mostUnits * lookAgainAfter) {
      return [];
    }
    this.#unitsSinceLook = 0;
    return following(read, grid, mostUnits);
  }
}

function isSame(first: UnitRectangle, second: UnitRectangle): boolean {
  return (
    first.firstColumn === second.firstColumn &&
    first.endColumn === second.endColumn &&
    first.firstRow === second.firstRow &&
    first.endRow === second.endRow
  );
}

/** Whether the second lies right of the first, or at the left of the row below; windows may share a unit at their border. */
function follows(first: UnitRectangle, second: UnitRectangle): boolean {
  const sameRows = first.firstRow === second.firstRow && first.endRow === second.endRow;
  if (sameRows) {
    return second.endColumn > first.endColumn && touches(first.endColumn, second.firstColumn);
  }
  return (
    second.firstColumn <= first.firstColumn &&
    second.endRow > first.endRow &&
    touches(first.endRow, second.firstRow)
  );
}

function touches(end: number, next: number): boolean {
  return next === end || next === end - 1;
}

/** What lies right of a rectangle, then the rows below it, up to a number of units. */
function following(read: UnitRectangle, grid: UnitGrid, mostUnits: number): UnitRectangle[] {
  const found: UnitRectangle[] = [];
  const height = read.endRow - read.firstRow;
  let { endColumn: column, firstRow: row } = read;
  let left = mostUnits;
  while (left > 0 && row < grid.unitsDown) {
    const endRow = Math.min(grid.unitsDown, row + height);
    const rows = endRow - row;
    const endColumn = Math.min(grid.unitsAcross, column + Math.max(1, Math.floor(left / rows)));
    if (endColumn > column) {
      found.push({ firstColumn: column, endColumn, firstRow: row, endRow });
      left -= (endColumn - column) * rows;
    }
    column = 0;
    row = endRow;
  }
  return found;
}
