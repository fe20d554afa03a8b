import { UNLABELLED_ID } from "../project/land-class.ts";

const NOT_COUNTED = -1;

/**
 * Counts pixels by true and predicted class, exactly, over as many windows as one likes.
 *
 * Counts are whole numbers in float64, so that they stay exact up to 2^53 pixels. What is not one of `classIds` in the
 * truth (255, an ignored class, a stray value) is in no cell; a labelled pixel whose prediction is none of them is
 * counted in `unpredictedPixels` only.
 */
export class ConfusionMatrix {
  /** Ids of the counted classes: index here is the row and the column. */
  readonly classIds: readonly number[];
  /** `size · size` cells, row-major: row truth, column prediction. */
  readonly #counts: Float64Array;
  readonly #indexOfId: Int16Array;
  #unpredictedPixels = 0;

  constructor(classIds: readonly number[]) {
    this.classIds = [...classIds];
    this.#counts = new Float64Array(classIds.length * classIds.length);
    this.#indexOfId = new Int16Array(256).fill(NOT_COUNTED);
    for (const [index, id] of classIds.entries()) {
      if (!Number.isInteger(id) || id < 0 || id >= UNLABELLED_ID) {
        throw new RangeError(`a class id must be a whole number from 0 to 254, not ${id}`);
      }
      this.#indexOfId[id] = index;
    }
  }

  /** How many classes are counted. */
  get size(): number {
    return this.classIds.length;
  }

  /** Labelled pixels without a predicted class. */
  get unpredictedPixels(): number {
    return this.#unpredictedPixels;
  }

  /** Counts one window; both hold a class id a pixel, in the same order. */
  add(truth: Uint8Array, prediction: Uint8Array): void {
    if (truth.length !== prediction.length) {
      throw new RangeError(`truth has ${truth.length} pixels, but the prediction ${prediction.length}`);
    }
    const { size } = this;
    const counts = this.#counts;
    const indexOfId = this.#indexOfId;
    let unpredicted = 0;
    for (let pixel = 0; pixel < truth.length; pixel++) {
      const row = indexOfId[truth[pixel]!]!;
      if (row === NOT_COUNTED) {
        continue;
      }
      const column = indexOfId[prediction[pixel]!]!;
      if (column === NOT_COUNTED) {
        unpredicted++;
        continue;
      }
      counts[row * size + column]!++;
    }
    this.#unpredictedPixels += unpredicted;
  }

  /** Adds counts made elsewhere over the same classes, `size · size` cells row-major. */
  addCounts(counts: ArrayLike<number>): void {
    if (counts.length !== this.#counts.length) {
      throw new RangeError(`expected ${this.#counts.length} cells, but got ${counts.length}`);
    }
    for (let cell = 0; cell < this.#counts.length; cell++) {
      this.#counts[cell]! += counts[cell]!;
    }
  }

  /** Adds labelled pixels without a prediction that were counted elsewhere. */
  addUnpredicted(pixels: number): void {
    this.#unpredictedPixels += pixels;
  }

  /** Pixels of a true class (row) that were predicted as another or the same (column). */
  count(row: number, column: number): number {
    return this.#counts[row * this.size + column] ?? 0;
  }

  /** The matrix as rows of truth, each a new array of prediction columns. */
  toRows(): number[][] {
    const { size } = this;
    return Array.from({ length: size }, (_, row) => [...this.#counts.subarray(row * size, (row + 1) * size)]);
  }

  /** A matrix from rows written earlier. */
  static fromRows(classIds: readonly number[], rows: readonly (readonly number[])[]): ConfusionMatrix {
    const matrix = new ConfusionMatrix(classIds);
    matrix.addCounts(rows.flat());
    return matrix;
  }
}

/** The classes that a network predicts and a report counts: all but the ignored, in their order. */
export function countedClasses<C extends { readonly ignore: boolean }>(classes: readonly C[]): C[] {
  return classes.filter((item) => !item.ignore);
}
