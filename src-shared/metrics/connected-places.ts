import type { PixelPosition } from "../geo/affine.ts";
import type { PixelWindow } from "../geo/pixel-window.ts";
import { SpanRow } from "./span-row.ts";

/** A connected area of chosen pixels. */
export interface Place {
  readonly pixelWindow: PixelWindow;
  readonly pixels: number;
  /** Centre of a pixel that belongs to the area: the middle of its longest row (the uppermost, leftmost one of equals). */
  readonly anchor: PixelPosition;
}

/** What was found in one raster. */
export interface PlacesFound {
  /** The largest, largest first; of equal ones the one further up, then further left. */
  readonly largest: readonly Place[];
  readonly places: number;
  readonly pixels: number;
}

/** What was found of one key so far. */
interface Found {
  /** The largest and some more, in any order. */
  kept: Place[];
  /** Smaller ones than this aren't among the largest. */
  leastPixels: number;
  places: number;
  pixels: number;
}

/** Where a growing area's numbers lie in `#areas`. */
const [LEFT, TOP, RIGHT, BOTTOM, LONGEST, ANCHOR_X, ANCHOR_Y, LAST_Y] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const AREA_NUMBERS = 8;
/** Not a row: the area has been told and its slot is free. */
const FREE = -2;

/**
 * Finds the largest connected areas (8 neighbours) of pixels of one key, for all keys at once, row after row, so that a raster of any height needs
 * memory for one row of runs only: He, Chao & Suzuki 2008, *A run-based two-scan labeling algorithm*, without the second scan, since only sizes
 * and boxes are wanted. Areas lie in numbers, not objects: a row of imagery has thousands.
 *
 * Feed whole rows from the top; then ask once with `finish`.
 */
export class KeyedPlaceFinder {
  readonly #most: number;
  readonly #found = new Map<number, Found>();
  #y = 0;
  #above = new SpanRow();
  #row = new SpanRow();
  /** The area of each span of the two rows, by slot. */
  #areaAbove = new Int32Array(0);
  #areaHere = new Int32Array(0);
  /** The slot that an area was joined to; itself if none. */
  #parents = new Int32Array(0);
  #areas = new Int32Array(0);
  #pixels = new Float64Array(0);
  #freeSlots: number[] = [];

  /** `most`: how many of the largest places of each key to keep. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Adds a row: its spans from the left, none over another; keys from 1. The row may be filled anew afterwards. */
  addRow(spans: SpanRow): void {
    const above = this.#above;
    if (above.count > 0 || spans.count > 0) {
      this.#row.copyFrom(spans);
      this.#join();
      this.#closeAbove();
      [this.#above, this.#row] = [this.#row, this.#above];
      [this.#areaAbove, this.#areaHere] = [this.#areaHere, this.#areaAbove];
    }
    this.#y++;
  }

  /** The places found, by key; nothing can be added afterwards. */
  finish(): Map<number, PlacesFound> {
    this.addRow(new SpanRow());
    return new Map(
      [...this.#found].map(([key, { kept, places, pixels }]) => [
        key,
        { largest: kept.sort(largerFirst).slice(0, this.#most), places, pixels },
      ]),
    );
  }

  /** Gives each span of the row the area that it touches above, or a new one. */
  #join(): void {
    const { count, starts, ends, keys } = this.#row;
    const above = this.#above;
    if (this.#areaHere.length < count) {
      this.#areaHere = new Int32Array(2 * count);
    }
    const areaAbove = this.#areaAbove;
    const areaHere = this.#areaHere;
    let first = 0;
    for (let index = 0; index < count; index++) {
      const [start, end, key] = [starts[index]!, ends[index]!, keys[index]!];
      // Corners touch too: a span that ends where this one starts is a neighbour.
      while (first < above.count && above.ends[first]! < start) {
        first++;
      }
      let area = -1;
      for (let other = first; other < above.count && above.starts[other]! <= end; other++) {
        if (above.keys[other] === key) {
          const root = this.#rootOf(areaAbove[other]!);
          area = area === -1 ? root : this.#merge(area, root);
        }
      }
      areaHere[index] = area === -1 ? this.#newArea(start, end) : this.#grow(area, start, end);
    }
    for (let index = 0; index < count; index++) {
      const root = this.#rootOf(areaHere[index]!);
      areaHere[index] = root;
      this.#areas[root * AREA_NUMBERS + LAST_Y] = this.#y;
    }
  }

  /** Tells of the areas above that the row doesn't touch, and frees what is no area any more. */
  #closeAbove(): void {
    const { count, keys } = this.#above;
    for (let index = 0; index < count; index++) {
      const slot = this.#areaAbove[index]!;
      const at = slot * AREA_NUMBERS + LAST_Y;
      if (this.#areas[at] === FREE) {
        continue;
      }
      if (this.#parents[slot] === slot) {
        if (this.#areas[at] === this.#y) {
          continue;
        }
        this.#close(slot, keys[index]!);
      }
      this.#areas[at] = FREE;
      this.#freeSlots.push(slot);
    }
  }

  #close(slot: number, key: number): void {
    let found = this.#found.get(key);
    if (found === undefined) {
      found = { kept: [], leastPixels: 0, places: 0, pixels: 0 };
      this.#found.set(key, found);
    }
    const pixels = this.#pixels[slot]!;
    found.places++;
    found.pixels += pixels;
    if (pixels < found.leastPixels) {
      return;
    }
    found.kept.push(this.#placeAt(slot));
    if (found.kept.length >= 4 * this.#most + 16) {
      found.kept = found.kept.sort(largerFirst).slice(0, this.#most);
      found.leastPixels = found.kept.at(-1)?.pixels ?? 0;
    }
  }

  #placeAt(slot: number): Place {
    const at = slot * AREA_NUMBERS;
    const areas = this.#areas;
    const [left, top] = [areas[at + LEFT]!, areas[at + TOP]!];
    return {
      pixelWindow: {
        x: left,
        y: top,
        width: areas[at + RIGHT]! - left,
        height: areas[at + BOTTOM]! - top,
      },
      pixels: this.#pixels[slot]!,
      anchor: [areas[at + ANCHOR_X]! + 0.5, areas[at + ANCHOR_Y]! + 0.5],
    };
  }

  #newArea(start: number, end: number): number {
    const slot = this.#freeSlots.pop() ?? this.#newSlot();
    const at = slot * AREA_NUMBERS;
    const areas = this.#areas;
    this.#parents[slot] = slot;
    this.#pixels[slot] = end - start;
    areas[at + LEFT] = start;
    areas[at + TOP] = this.#y;
    areas[at + RIGHT] = end;
    areas[at + BOTTOM] = this.#y + 1;
    areas[at + LONGEST] = end - start;
    areas[at + ANCHOR_X] = (start + end - 1) >> 1;
    areas[at + ANCHOR_Y] = this.#y;
    areas[at + LAST_Y] = this.#y;
    return slot;
  }

  /** More slots than there were; answers one of them. */
  #newSlot(): number {
    const before = this.#parents.length;
    const slots = Math.max(64, 2 * before);
    const parents = new Int32Array(slots);
    parents.set(this.#parents);
    const areas = new Int32Array(slots * AREA_NUMBERS);
    areas.set(this.#areas);
    const pixels = new Float64Array(slots);
    pixels.set(this.#pixels);
    [this.#parents, this.#areas, this.#pixels] = [parents, areas, pixels];
    for (let slot = slots - 1; slot > before; slot--) {
      this.#freeSlots.push(slot);
    }
    return before;
  }

  #grow(slot: number, start: number, end: number): number {
    const at = slot * AREA_NUMBERS;
    const areas = this.#areas;
    const length = end - start;
    this.#pixels[slot]! += length;
    areas[at + LEFT] = Math.min(areas[at + LEFT]!, start);
    areas[at + RIGHT] = Math.max(areas[at + RIGHT]!, end);
    areas[at + BOTTOM] = this.#y + 1;
    if (length > areas[at + LONGEST]!) {
      areas[at + LONGEST] = length;
      areas[at + ANCHOR_X] = (start + end - 1) >> 1;
      areas[at + ANCHOR_Y] = this.#y;
    }
    return slot;
  }

  /** Makes one area of two; answers it. */
  #merge(kept: number, added: number): number {
    if (kept === added) {
      return kept;
    }
    const areas = this.#areas;
    const [at, from] = [kept * AREA_NUMBERS, added * AREA_NUMBERS];
    this.#parents[added] = kept;
    this.#pixels[kept]! += this.#pixels[added]!;
    areas[at + LEFT] = Math.min(areas[at + LEFT]!, areas[from + LEFT]!);
    areas[at + TOP] = Math.min(areas[at + TOP]!, areas[from + TOP]!);
    areas[at + RIGHT] = Math.max(areas[at + RIGHT]!, areas[from + RIGHT]!);
    areas[at + BOTTOM] = Math.max(areas[at + BOTTOM]!, areas[from + BOTTOM]!);
    const longer =
      areas[from + LONGEST]! - areas[at + LONGEST]! ||
      areas[at + ANCHOR_Y]! - areas[from + ANCHOR_Y]! ||
      areas[at + ANCHOR_X]! - areas[from + ANCHOR_X]!;
    if (longer > 0) {
      areas[at + LONGEST] = areas[from + LONGEST]!;
      areas[at + ANCHOR_X] = areas[from + ANCHOR_X]!;
      areas[at + ANCHOR_Y] = areas[from + ANCHOR_Y]!;
    }
    return kept;
  }

  #rootOf(slot: number): number {
    const parents = this.#parents;
    let root = slot;
    while (parents[root] !== root) {
      // Shortens the way for those who come later.
      parents[root] = parents[parents[root]!]!;
      root = parents[root]!;
    }
    return root;
  }
}

/** `KeyedPlaceFinder` for pixels that are chosen or not. */
export class PlaceFinder {
  readonly #finder: KeyedPlaceFinder;
  readonly #row = new SpanRow();

  /** `most`: how many of the largest places to keep. */
  constructor(most: number) {
    this.#finder = new KeyedPlaceFinder(most);
  }

  /** Adds whole rows: `chosen` is 1 where a pixel belongs to a place and 0 elsewhere, row-major, `width` columns. */
  addRows(chosen: Uint8Array, width: number): void {
    for (let start = 0; start < chosen.length; start += width) {
      this.#row.fillFromChosen(chosen, start, start + width);
      this.#finder.addRow(this.#row);
    }
  }

  /** The places found; nothing can be added afterwards. */
  finish(): PlacesFound {
    return this.#finder.finish().get(1) ?? noPlaces;
  }
}

/** Where nothing was chosen. */
export const noPlaces: PlacesFound = { largest: [], places: 0, pixels: 0 };

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

function largerFirst(one: Place, other: Place): number {
  const [first, second] = [one.pixelWindow, other.pixelWindow];
  return other.pixels - one.pixels || first.y - second.y || first.x - second.x;
}
