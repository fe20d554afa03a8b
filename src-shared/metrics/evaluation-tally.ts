import type { PixelWindow } from "../geo/pixel-window.ts";
import { CONFIDENCE_LEVELS, type ConfidenceCounts } from "./calibration.ts";
import { ConfusionMatrix } from "./confusion-matrix.ts";

/** Truth and prediction of one window, row-major: class ids, 255 for none; confidence 0–255, null where none was kept. */
export interface ComparedWindow {
  readonly truth: Uint8Array;
  readonly prediction: Uint8Array;
  readonly confidence: Uint8Array | null;
  readonly width: number;
}

/** Scores of a two-class problem, by true class; index is the score of the second class as a byte. */
export interface ScoreCounts {
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
}

/** Where in `kinds` a pixel stands that is not compared. */
const NOT_COMPARED = 0;

/**
 * Counts in one pass all that an evaluation is made of: the confusion matrix, what was mapped, and how often which confidence was right.
 *
 * Each pixel costs two table look-ups and two increments, whatever the number of classes (up to 254).
 */
export class EvaluationTally {
  readonly matrix: ConfusionMatrix;
  readonly #size: number;
  readonly #indexOfId: Uint8Array;
  /** Cells of one part: rows truth, columns prediction, the last of each for "no counted class". */
  readonly #cells: Uint32Array;
  /** What a cell's confidence tells: not compared, or one of up to four kinds. */
  readonly #kinds: Uint8Array;
  readonly #confidence: Float64Array;
  #hasConfidence = false;

  constructor(classIds: readonly number[]) {
    const size = classIds.length;
    this.matrix = new ConfusionMatrix(classIds);
    this.#size = size;
    this.#indexOfId = new Uint8Array(256).fill(size);
    for (const [index, id] of classIds.entries()) {
      this.#indexOfId[id] = index;
    }
    this.#cells = new Uint32Array((size + 1) ** 2);
    this.#kinds = new Uint8Array((size + 1) ** 2);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        // With two classes every cell is a kind of its own, from which scores follow; else wrong and right.
        this.#kinds[row * (size + 1) + column] = size === 2 ? 1 + row * 2 + column : row === column ? 2 : 1;
      }
    }
    this.#confidence = new Float64Array(5 * CONFIDENCE_LEVELS);
  }

  /**
   * Counts a part of a window (in the window's own pixels) and answers what it added: its confusion counts and the pixels mapped as each class,
   * those without a label included.
   */
  add(
    window: ComparedWindow,
    part: PixelWindow,
  ): { readonly confusion: Float64Array; readonly mappedPixels: Float64Array } {
    this.#count(window, part);
    const size = this.#size;
    const cells = this.#cells;
    const confusion = new Float64Array(size * size);
    const mappedPixels = new Float64Array(size);
    let unpredicted = 0;
    for (let row = 0; row <= size; row++) {
      for (let column = 0; column <= size; column++) {
        const count = cells[row * (size + 1) + column]!;
        if (column === size) {
          unpredicted += row === size ? 0 : count;
          continue;
        }
        mappedPixels[column]! += count;
        if (row < size) {
          confusion[row * size + column] = count;
        }
      }
    }
    this.matrix.addCounts(confusion);
    this.matrix.addUnpredicted(unpredicted);
    return { confusion, mappedPixels };
  }

  /** How often each confidence was right; null where no prediction kept its confidence. */
  confidenceCounts(): ConfidenceCounts | null {
    if (!this.#hasConfidence) {
      return null;
    }
    const pixels = new Float64Array(CONFIDENCE_LEVELS);
    const right = new Float64Array(CONFIDENCE_LEVELS);
    const rightKinds = this.#size === 2 ? [1, 4] : [2];
    for (let kind = 1; kind <= 4; kind++) {
      for (let level = 0; level < CONFIDENCE_LEVELS; level++) {
        const count = this.#confidence[kind * CONFIDENCE_LEVELS + level]!;
        pixels[level]! += count;
        right[level]! += rightKinds.includes(kind) ? count : 0;
      }
    }
    return { pixels, right };
  }

  /** Scores of the second class where there are two; null otherwise. The confidence of the other class is one minus it. */
  scoreCounts(): ScoreCounts | null {
    if (!this.#hasConfidence || this.#size !== 2) {
      return null;
    }
    const positives = new Float64Array(CONFIDENCE_LEVELS);
    const negatives = new Float64Array(CONFIDENCE_LEVELS);
    for (let level = 0; level < CONFIDENCE_LEVELS; level++) {
      const opposite = CONFIDENCE_LEVELS - 1 - level;
      const at = (row: number, column: number): number =>
        this.#confidence[(1 + row * 2 + column) * CONFIDENCE_LEVELS + level]!;
      negatives[opposite]! += at(0, 0);
      negatives[level]! += at(0, 1);
      positives[opposite]! += at(1, 0);
      positives[level]! += at(1, 1);
    }
    return { positives, negatives };
  }

  #count({ truth, prediction, confidence, width }: ComparedWindow, part: PixelWindow): void {
    const cells = this.#cells.fill(0);
    const indexOfId = this.#indexOfId;
    const rowLength = this.#size + 1;
    const kinds = this.#kinds;
    const levels = this.#confidence;
    for (let y = part.y; y < part.y + part.height; y++) {
      const end = y * width + part.x + part.width;
      if (confidence === null) {
        for (let pixel = y * width + part.x; pixel < end; pixel++) {
          cells[indexOfId[truth[pixel]!]! * rowLength + indexOfId[prediction[pixel]!]!]!++;
        }
        continue;
      }
      for (let pixel = y * width + part.x; pixel < end; pixel++) {
        const cell = indexOfId[truth[pixel]!]! * rowLength + indexOfId[prediction[pixel]!]!;
        cells[cell]!++;
        levels[(kinds[cell]! << 8) | confidence[pixel]!]!++;
      }
    }
    if (confidence !== null) {
      this.#hasConfidence = true;
      levels.fill(0, NOT_COMPARED, CONFIDENCE_LEVELS);
    }
  }
}
