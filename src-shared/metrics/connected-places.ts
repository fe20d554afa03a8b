import type { PixelPosition } from "../geo/affine.ts";
import type { PixelWindow } from "../geo/pixel-window.ts";

/** A connected area of chosen pixels. */
export interface Place {
  readonly pixelWindow: PixelWindow;
  readonly pixels: number;
  /** Centre of a pixel that belongs to the area: the middle of its longest row. */
  readonly anchor: PixelPosition;
}

/** What was found in one raster. */
export interface PlacesFound {
  /** The largest, largest first; of equal ones the one further up, then further left. */
  readonly largest: readonly Place[];
  readonly places: number;
  readonly pixels: number;
}

/** Chosen pixels side by side in one row, `end` behind the last column. */
interface Span {
  readonly start: number;
  readonly end: number;
}

interface Run extends Span {
  readonly area: Area;
}

/** An area that still may grow; `mergedInto` once it has turned out to be part of another. */
interface Area {
  mergedInto: Area | null;
  pixels: number;
  left: number;
  top: number;
  right: number;
  bottom: number;
  longest: number;
  anchorX: number;
  anchorY: number;
  /** The last row that it reaches. */
  lastY: number;
}

/**
 * Finds the largest connected areas (8 neighbours) of chosen pixels, row after row, so that a raster of any height needs memory for one row of
 * runs only: He, Chao & Suzuki 2008, *A run-based two-scan labeling algorithm*, without the second scan, since only sizes and boxes are wanted.
 *
 * Feed whole rows from the top; then ask once with `finish`.
 */
export class PlaceFinder {
  readonly #most: number;
  #y = 0;
  #above: Run[] = [];
  #largest: Area[] = [];
  #places = 0;
  #pixels = 0;

  /** `most`: how many of the largest places to keep. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Adds whole rows: `chosen` is 1 where a pixel belongs to a place and 0 elsewhere, row-major, `width` columns. */
  addRows(chosen: Uint8Array, width: number): void {
    for (let start = 0; start < chosen.length; start += width) {
      this.#addRow(runsOf(chosen, start, start + width));
      this.#y++;
    }
  }

  /** The places found; nothing can be added afterwards. */
  finish(): PlacesFound {
    this.#addRow([]);
    return {
      largest: [...this.#largest].sort(largerFirst).slice(0, this.#most).map(placeOf),
      places: this.#places,
      pixels: this.#pixels,
    };
  }

  /** Joins a row to the areas above, and closes those that it doesn't touch. */
  #addRow(spans: readonly Span[]): void {
    const above = this.#above;
    if (above.length === 0 && spans.length === 0) {
      return;
    }
    let first = 0;
    const runs: Run[] = [];
    for (const { start, end } of spans) {
      this.#pixels += end - start;
      let area = newArea(this.#y, start, end);
      // Corners touch too: a run that ends where this one starts is a neighbour.
      while (first < above.length && above[first]!.end < start) {
        first++;
      }
      for (let index = first; index < above.length && above[index]!.start <= end; index++) {
        area = joined(rootOf(above[index]!.area), area);
      }
      runs.push({ start, end, area });
    }
    for (const { area } of runs) {
      rootOf(area).lastY = this.#y;
    }
    for (const { area } of above) {
      const root = rootOf(area);
      if (root.lastY === this.#y - 1) {
        // Marked, so that another of its runs doesn't close it again.
        root.lastY = CLOSED;
        this.#close(root);
      }
    }
    this.#above = runs;
  }

  #close(area: Area): void {
    this.#places++;
    this.#largest.push(area);
    if (this.#largest.length >= 4 * this.#most + 16) {
      this.#largest = this.#largest.sort(largerFirst).slice(0, this.#most);
    }
  }
}

/** The largest places of several rasters in one list, each with its raster's name. */
export function largestOf<Name>(
  found: readonly (readonly [Name, PlacesFound])[],
  most: number,
): { readonly name: Name; readonly place: Place }[] {
  return found
    .flatMap(([name, { largest }]) => largest.map((place) => ({ name, place })))
    .sort((one, other) => other.place.pixels - one.place.pixels)
    .slice(0, most);
}

const CLOSED = -2;

function runsOf(chosen: Uint8Array, from: number, to: number): Span[] {
  const spans: Span[] = [];
  let index = chosen.indexOf(1, from);
  while (index !== -1 && index < to) {
    let end = index + 1;
    while (end < to && chosen[end] === 1) {
      end++;
    }
    spans.push({ start: index - from, end: end - from });
    index = chosen.indexOf(1, end);
  }
  return spans;
}

function newArea(y: number, start: number, end: number): Area {
  return {
    mergedInto: null,
    pixels: end - start,
    left: start,
    top: y,
    right: end,
    bottom: y + 1,
    longest: end - start,
    anchorX: (start + end - 1) >> 1,
    anchorY: y,
    lastY: y,
  };
}

function rootOf(area: Area): Area {
  let root = area;
  while (root.mergedInto !== null) {
    root = root.mergedInto;
  }
  // Shortens the way for those who come later.
  for (let step = area; step.mergedInto !== null && step.mergedInto !== root;) {
    const next: Area = step.mergedInto;
    step.mergedInto = root;
    step = next;
  }
  return root;
}

/** Makes one area of two; answers it. */
function joined(kept: Area, other: Area): Area {
  const added = rootOf(other);
  if (kept === added) {
    return kept;
  }
  added.mergedInto = kept;
  kept.pixels += added.pixels;
  kept.left = Math.min(kept.left, added.left);
  kept.top = Math.min(kept.top, added.top);
  kept.right = Math.max(kept.right, added.right);
  kept.bottom = Math.max(kept.bottom, added.bottom);
  if (added.longest > kept.longest) {
    kept.longest = added.longest;
    kept.anchorX = added.anchorX;
    kept.anchorY = added.anchorY;
  }
  return kept;
}

function largerFirst(one: Area, other: Area): number {
  return other.pixels - one.pixels || one.top - other.top || one.left - other.left;
}

function placeOf(area: Area): Place {
  const { left, top, right, bottom } = area;
  return {
    pixelWindow: { x: left, y: top, width: right - left, height: bottom - top },
    pixels: area.pixels,
    anchor: [area.anchorX + 0.5, area.anchorY + 0.5],
  };
}
