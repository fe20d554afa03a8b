import { placesWord } from "../command-line/command-lines.ts";
import { KeyedPlaceFinder, noPlaces, type PlacesFound } from "./connected-places.ts";
import type { PlaceSelection } from "./evaluation-detail.ts";
import { SpanRow } from "./span-row.ts";

/** The largest places of everything that can be chosen in one mosaic: each cell of the matrix, each class's errors of both kinds, all errors. */
export interface PlaceIndex {
  /** How many of the largest are kept of each. */
  readonly most: number;
  /** By the word of `placesWord`; what isn't there has no pixels. */
  readonly found: ReadonlyMap<string, PlacesFound>;
}

/** The chosen places of an index; null where fewer are kept than are wanted. */
export function placesOfIndex(
  { most, found }: PlaceIndex,
  selection: PlaceSelection,
  wanted: number,
): PlacesFound | null {
  const places = found.get(placesWord(selection)) ?? noPlaces;
  return wanted <= most || places.places <= most ? places : null;
}

/** One way of choosing pixels: which key a cell has, and what each key selects. */
interface Grouping {
  readonly finder: KeyedPlaceFinder;
  readonly keyOfCell: Uint16Array;
  readonly selections: ReadonlyMap<number, PlaceSelection>;
}

/**
 * Makes a `PlaceIndex` in one pass. A row becomes spans of one cell each, and from these those of the coarser choices: what a pixel costs doesn't depend
 * on how many choices there are. At most 254 classes.
 *
 * Feed whole rows from the top; then ask once with `finish`.
 */
export class PlaceIndexer {
  readonly #most: number;
  /** 1 + the cell's place in the matrix, by `truth · 256 + prediction`; 0 where a side has no counted class. */
  readonly #cellOfPair = new Uint16Array(256 * 256);
  readonly #groupings: readonly Grouping[];
  readonly #cells = new SpanRow();
  readonly #row = new SpanRow();

  constructor(classIds: readonly number[], most: number) {
    this.#most = most;
    const size = classIds.length;
    const grouping = (
      keyOf: (truth: number, prediction: number) => number,
      selectionOf: (truth: number, prediction: number) => PlaceSelection,
    ): Grouping => {
      const keyOfCell = new Uint16Array(1 + size * size);
      const selections = new Map<number, PlaceSelection>();
      for (let truth = 0; truth < size; truth++) {
        for (let prediction = 0; prediction < size; prediction++) {
          const key = keyOf(truth, prediction);
          keyOfCell[1 + truth * size + prediction] = key;
          if (key !== 0) {
            selections.set(key, selectionOf(truth, prediction));
          }
        }
      }
      return { finder: new KeyedPlaceFinder(most), keyOfCell, selections };
    };
    const idOf = (index: number): number => classIds[index]!;
    this.#groupings = [
      grouping(
        (truth, prediction) => 1 + truth * size + prediction,
        (truth, prediction) => ({ kind: "cell", truthId: idOf(truth), predictionId: idOf(prediction) }),
      ),
      grouping(
        (truth, prediction) => (truth === prediction ? 0 : 1 + prediction),
        (_, prediction) => ({ kind: "false-positives", classId: idOf(prediction) }),
      ),
      grouping(
        (truth, prediction) => (truth === prediction ? 0 : 1 + truth),
        (truth) => ({ kind: "false-negatives", classId: idOf(truth) }),
      ),
      grouping(
        (truth, prediction) => (truth === prediction ? 0 : 1),
        () => ({ kind: "errors" }),
      ),
    ];
    for (const [truth, truthId] of classIds.entries()) {
      for (const [prediction, predictionId] of classIds.entries()) {
        this.#cellOfPair[truthId * 256 + predictionId] = 1 + truth * size + prediction;
      }
    }
  }

  /** Adds whole rows of class ids, row-major, `width` columns. */
  addRows(truth: Uint8Array, prediction: Uint8Array, width: number): void {
    for (let from = 0; from < truth.length; from += width) {
      this.#cells.fillFromPairs(truth, prediction, { from, to: from + width, keyOf: this.#cellOfPair });
      for (const { finder, keyOfCell } of this.#groupings) {
        this.#row.fillFromKeys(this.#cells, keyOfCell);
        finder.addRow(this.#row);
      }
    }
  }

  /** The index; nothing can be added afterwards. */
  finish(): PlaceIndex {
    const found = new Map<string, PlacesFound>();
    for (const { finder, selections } of this.#groupings) {
      for (const [key, places] of finder.finish()) {
        found.set(placesWord(selections.get(key)!), places);
      }
    }
    return { most: this.#most, found };
  }
}
