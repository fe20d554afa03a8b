import type { LandClass } from "#shared/project/land-class.ts";
import type { LabelKnowledge, MosaicTile } from "#shared/training/tile-split.ts";
import type { TrainingSettings } from "#shared/training/training-settings.ts";

/**
 * One weight a counted class, in the network's order; null for none.
 *
 * `auto` is median-frequency balancing (Eigen & Fergus 2015, section 4.3.2): weight_c = median(f) / f_c, where f_c is the number of
 * pixels of class c over the labelled pixels of the tiles in which c occurs; the median is taken over the classes that occur, and one that
 * occurs nowhere gets 1. `manual` gives weights by class id; a class it doesn't name gets 1.
 */
export function classWeights(
  weighting: TrainingSettings["classWeighting"],
  classes: readonly LandClass[],
  tiles: readonly MosaicTile[],
  labels: LabelKnowledge,
): number[] | null {
  switch (weighting.kind) {
    case "none":
      return null;
    case "manual":
      return classes.map(({ id }) => weighting.weights[String(id)] ?? 1);
    case "auto":
      return medianFrequencyWeights(classes.length, tiles, labels);
  }
}

function medianFrequencyWeights(
  classCount: number,
  tiles: readonly MosaicTile[],
  labels: LabelKnowledge,
): number[] {
  const own = new Array<number>(classCount).fill(0);
  const where = new Array<number>(classCount).fill(0);
  for (const tile of tiles) {
    const pixels = labels.classPixels(tile.mosaicId, tile.pixelWindow);
    const labelled = pixels.reduce((sum, count) => sum + count, 0);
    for (const [index, count] of pixels.entries()) {
      if (count > 0) {
        own[index] = (own[index] ?? 0) + count;
        where[index] = (where[index] ?? 0) + labelled;
      }
    }
  }
  const frequencies = own.map((count, index) => (count === 0 ? null : count / (where[index] ?? 1)));
  const middle = median(frequencies.filter((frequency) => frequency !== null));
  return frequencies.map((frequency) => (frequency === null ? 1 : middle / frequency));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((first, second) => first - second);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? 1;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? upper)) / 2;
}
