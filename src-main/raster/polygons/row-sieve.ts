/** What is to be sieved. */
export interface SieveOptions {
  readonly width: number;
  /** Regions of fewer pixels are given away. */
  readonly minPixels: number;
  /** Ids that stand for no class: they are never given away, nor given anything. */
  readonly withoutClass: readonly number[];
}

/** A 4-connected region while it is still open, or small. */
interface Region {
  /** Another region that this one has become a part of. */
  partOf: Region | null;
  classId: number;
  pixels: number;
  /** Last row that has a run of it. */
  lastRow: number;
  /** Its runs while it is small; null once it is large enough to stay. */
  runs: Run[] | null;
}

/** Pixels of one row next to each other with the same id. */
interface Run {
  readonly row: number;
  readonly start: number;
  readonly end: number;
  region: Region;
}

/** Rows of ids that are final. */
export interface SievedRows {
  readonly ids: Uint8Array;
  readonly rows: number;
}

/**
 * Gives regions that are too small to the neighbour with the longest common border, row by row from top to bottom.
 *
 * A region is looked at when it has ended, in the order of their last rows; what it was given before counts as its own. A region
 * that has no neighbour of any class stays. Since a small region is at most `minPixels` rows high, no more rows than that are held back.
 */
export class RowSieve {
  readonly #width: number;
  readonly #minPixels: number;
  readonly #withoutClass: ReadonlySet<number>;
  readonly #rows: Run[][] = [];
  #firstRow = 0;
  #nextRow = 0;
  /** Small regions that may still grow, or be given away. */
  #small = new Set<Region>();

  constructor({ width, minPixels, withoutClass }: SieveOptions) {
    this.#width = width;
    this.#minPixels = minPixels;
    this.#withoutClass = new Set(withoutClass);
  }

  /** Takes rows and answers those that are final by now, not always as many. */
  addRows(ids: Uint8Array, rows: number): SievedRows {
    for (let row = 0; row < rows; row += 1) {
      this.#addRow(ids.subarray(row * this.#width, (row + 1) * this.#width));
    }
    return this.#emit();
  }

  /** The last rows. */
  finish(): SievedRows {
    this.#nextRow += 1;
    this.#giveAway();
    this.#small.clear();
    this.#nextRow -= 1;
    return this.#emit(true);
  }

  #addRow(ids: Uint8Array): void {
    const row = this.#nextRow;
    const above = this.#rows.at(-1) ?? [];
    const runs: Run[] = [];
    let place = 0;
    for (let start = 0; start < this.#width;) {
      const id = ids[start] as number;
      let end = start + 1;
      while (end < this.#width && ids[end] === id) {
        end += 1;
      }
      const run = { row, start, end } as Run;
      let region: Region | null = null;
      while (place < above.length && (above[place] as Run).end <= start) {
        place += 1;
      }
      for (let index = place; index < above.length && (above[index] as Run).start < end; index += 1) {
        const other = rootOf((above[index] as Run).region);
        // A region that was given away has its new class, but these rows still have their own.
        if (other.classId === id) {
          region = region === null || region === other ? other : this.#join(region, other);
        }
      }
      region ??= this.#newRegion(id);
      run.region = region;
      region.pixels += end - start;
      region.lastRow = row;
      region.runs?.push(run);
      if (region.runs !== null && region.pixels >= this.#minPixels) {
        region.runs = null;
        this.#small.delete(region);
      }
      runs.push(run);
      start = end;
    }
    this.#rows.push(runs);
    this.#nextRow += 1;
    this.#giveAway();
  }

  #newRegion(classId: number): Region {
    const isVoid = this.#withoutClass.has(classId);
    const region: Region = {
      partOf: null,
      classId,
      pixels: 0,
      lastRow: this.#nextRow,
      runs: isVoid ? null : [],
    };
    if (!isVoid) {
      this.#small.add(region);
    }
    return region;
  }

  #join(first: Region, second: Region): Region {
    const [kept, given] = first.pixels >= second.pixels ? [first, second] : [second, first];
    given.partOf = kept;
    kept.pixels += given.pixels;
    kept.lastRow = Math.max(kept.lastRow, given.lastRow);
    this.#small.delete(given);
    if (kept.runs !== null && given.runs !== null && kept.pixels < this.#minPixels) {
      kept.runs.push(...given.runs);
    } else {
      kept.runs = null;
      this.#small.delete(kept);
    }
    given.runs = null;
    return kept;
  }

  /** Gives away every small region that the last row did not touch any more. */
  #giveAway(): void {
    const ended = [...this.#small].filter(({ lastRow }) => lastRow < this.#nextRow - 1);
    for (const region of ended.sort((first, second) => first.pixels - second.pixels)) {
      // It may have been given others meanwhile, and be open again or large.
      if (!this.#small.has(region) || region.lastRow >= this.#nextRow - 1) {
        continue;
      }
      const borders = this.#bordersOf(region);
      let longest: Region | null = null;
      for (const [neighbour, length] of borders) {
        const best = longest === null ? -1 : (borders.get(longest) ?? 0);
        if (length > best || (length === best && longest !== null && neighbour.pixels > longest.pixels)) {
          longest = neighbour;
        }
      }
      this.#small.delete(region);
      if (longest === null) {
        region.runs = null;
        continue;
      }
      let joined = this.#give(region, longest);
      for (const neighbour of borders.keys()) {
        const other = rootOf(neighbour);
        if (other !== joined && other.classId === joined.classId) {
          joined = this.#join(joined, other);
        }
      }
    }
  }

  #give(region: Region, to: Region): Region {
    region.classId = to.classId;
    region.partOf = to;
    to.pixels += region.pixels;
    to.lastRow = Math.max(to.lastRow, region.lastRow);
    if (to.runs !== null) {
      if (to.pixels >= this.#minPixels) {
        to.runs = null;
        this.#small.delete(to);
      } else {
        to.runs.push(...(region.runs ?? []));
      }
    }
    region.runs = null;
    return to;
  }

  /** Edges that a region shares with each neighbour that has a class. */
  #bordersOf(region: Region): Map<Region, number> {
    const borders = new Map<Region, number>();
    const count = (other: Region, edges: number): void => {
      if (other !== region && !this.#withoutClass.has(other.classId)) {
        borders.set(other, (borders.get(other) ?? 0) + edges);
      }
    };
    for (const { row, start, end } of region.runs ?? []) {
      const own = this.#rows[row - this.#firstRow];
      if (own === undefined) {
        continue;
      }
      const place = indexAt(own, start);
      if (place > 0) {
        count(rootOf((own[place - 1] as Run).region), 1);
      }
      if (place + 1 < own.length) {
        count(rootOf((own[place + 1] as Run).region), 1);
      }
      for (const other of [this.#rows[row - 1 - this.#firstRow], this.#rows[row + 1 - this.#firstRow]]) {
        if (other !== undefined) {
          for (let index = indexAt(other, start); index < other.length; index += 1) {
            const run = other[index] as Run;
            if (run.start >= end) {
              break;
            }
            count(rootOf(run.region), Math.min(run.end, end) - Math.max(run.start, start));
          }
        }
      }
    }
    return borders;
  }

  /** Rows above every region that may still change; one more stays, for the borders of the next. */
  #emit(all = false): SievedRows {
    let final = all ? this.#nextRow : this.#nextRow - 2;
    for (const { runs } of this.#small) {
      for (const { row } of runs ?? []) {
        final = Math.min(final, row - 1);
      }
    }
    const rows = Math.max(0, final - this.#firstRow);
    const ids = new Uint8Array(rows * this.#width);
    this.#rows.splice(0, rows).forEach((runs, row) => {
      for (const { start, end, region } of runs) {
        ids.fill(rootOf(region).classId, row * this.#width + start, row * this.#width + end);
      }
    });
    this.#firstRow += rows;
    return { ids, rows };
  }
}

function rootOf(region: Region): Region {
  let root = region;
  while (root.partOf !== null) {
    root = root.partOf;
  }
  // Short paths for the next time.
  for (let at = region; at.partOf !== null && at.partOf !== root;) {
    const next: Region = at.partOf;
    at.partOf = root;
    at = next;
  }
  return root;
}

/** The run that holds a column. */
function indexAt(runs: readonly Run[], column: number): number {
  let low = 0;
  let high = runs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle] as Run).end <= column) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
