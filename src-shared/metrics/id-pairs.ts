import type { z } from "zod";
import { ConfusionMatrix } from "./confusion-matrix.ts";
import type { classMappingSchema } from "./mask-evaluation.ts";

const IDS = 256;

/** What a raster's values mean as classes, as `classMappingSchema` says it. */
export type ClassMapping = Readonly<z.infer<typeof classMappingSchema>>;

/**
 * Counts pixels by the ids that truth and prediction have, whatever they are: classes need not be known before, and values can be given other meanings after.
 *
 * 2^16 counters; exact up to 2^53 pixels.
 */
export class IdPairs {
  readonly #counts = new Float64Array(IDS * IDS);
  /** Of one window, whose pixels a 32-bit counter holds. */
  readonly #ofWindow = new Uint32Array(IDS * IDS);

  /** Counts one window of less than 2^32 pixels; both hold an id a pixel, in the same order. */
  add(truth: Uint8Array, prediction: Uint8Array): void {
    if (truth.length !== prediction.length) {
      throw new RangeError(`truth has ${truth.length} pixels, but the prediction ${prediction.length}`);
    }
    const window = this.#ofWindow.fill(0);
    const counted = countWords(window, truth, prediction);
    for (let pixel = counted; pixel < truth.length; pixel++) {
      window[(truth[pixel]! << 8) | prediction[pixel]!]!++;
    }
    for (let pair = 0; pair < window.length; pair++) {
      this.#counts[pair]! += window[pair]!;
    }
  }

  /** All ids that occur on a side, from the smallest, 255 aside. */
  ids(side: "truth" | "prediction"): number[] {
    const found = new Set<number>();
    this.#each((truthId, predictionId) => found.add(side === "truth" ? truthId : predictionId));
    found.delete(IDS - 1);
    return [...found].sort((first, second) => first - second);
  }

  /** Pixels of each predicted id, largest first, where the truth is one of `truthIds`. */
  predicted(truthIds: ReadonlySet<number>): { readonly id: number; readonly pixels: number }[] {
    const pixels = new Map<number, number>();
    this.#each((truthId, predictionId, count) => {
      if (truthIds.has(truthId)) {
        pixels.set(predictionId, (pixels.get(predictionId) ?? 0) + count);
      }
    });
    return [...pixels]
      .map(([id, count]) => ({ id, pixels: count }))
      .sort((first, second) => second.pixels - first.pixels);
  }

  /** The confusion matrix of some classes; predicted values mean what `mapping` says. */
  matrix(classIds: readonly number[], mapping: ClassMapping = {}): ConfusionMatrix {
    const matrix = new ConfusionMatrix(classIds);
    const indexOfId = new Map(classIds.map((id, index) => [id, index]));
    const counts = new Float64Array(classIds.length ** 2);
    let unpredicted = 0;
    this.#each((truthId, predictionId, count) => {
      const row = indexOfId.get(truthId);
      if (row === undefined) {
        return;
      }
      const meant = mappedId(mapping, predictionId);
      const column = meant === null ? undefined : indexOfId.get(meant);
      if (column === undefined) {
        unpredicted += count;
      } else {
        counts[row * classIds.length + column]! += count;
      }
    });
    matrix.addCounts(counts);
    matrix.addUnpredicted(unpredicted);
    return matrix;
  }

  #each(visit: (truthId: number, predictionId: number, count: number) => void): void {
    for (let pair = 0; pair < this.#counts.length; pair++) {
      const count = this.#counts[pair]!;
      if (count > 0) {
        visit(pair >> 8, pair & 255, count);
      }
    }
  }
}

/**
 * Counts four pixels at a time and answers how many: masks are mostly areas, in which the same four come again and again, and a counter that is raised for each
 * pixel would wait for itself.
 */
function countWords(counts: Uint32Array, truth: Uint8Array, prediction: Uint8Array): number {
  if (truth.byteOffset % 4 !== 0 || prediction.byteOffset % 4 !== 0) {
    return 0;
  }
  const words = truth.length >>> 2;
  const trueWords = new Uint32Array(truth.buffer, truth.byteOffset, words);
  const predictedWords = new Uint32Array(prediction.buffer, prediction.byteOffset, words);
  let [trueWord, predictedWord, times] = [0, 0, 0];
  const countTimes = (): void => {
    for (let shift = 0; shift < 32; shift += 8) {
      counts[(((trueWord >>> shift) & 255) << 8) | ((predictedWord >>> shift) & 255)]! += times;
    }
  };
  for (let word = 0; word < words; word++) {
    if (trueWords[word] === trueWord && predictedWords[word] === predictedWord) {
      times++;
      continue;
    }
    countTimes();
    trueWord = trueWords[word]!;
    predictedWord = predictedWords[word]!;
    times = 1;
  }
  countTimes();
  return words * 4;
}

/** The class that a value means; null for none. */
export function mappedId(mapping: ClassMapping, value: number): number | null {
  const meant = mapping[String(value)];
  return meant === undefined ? value : meant;
}
