import { seededRandom } from "#shared/training/seeded-random.ts";
import type { SampleArray } from "../../raster/index.ts";

/**
 * The eight ways to lay a square onto itself: 0–3 are quarter turns clockwise, 4–7 the same after a flip left to right.
 * 0 changes nothing.
 */
export type SquareSymmetry = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

export const squareSymmetries: readonly SquareSymmetry[] = [0, 1, 2, 3, 4, 5, 6, 7];

/** A tile's symmetry in an epoch: any of the eight with flips and quarter turns, else only those that either of them makes. */
export function drawSymmetry(
  { flips, quarterTurns }: { readonly flips: boolean; readonly quarterTurns: boolean },
  seed: number,
  epoch: number,
  place: number,
): SquareSymmetry {
  const possible: readonly SquareSymmetry[] = quarterTurns
    ? flips
      ? squareSymmetries
      : [0, 1, 2, 3]
    : flips
      ? [0, 2, 4, 6]
      : [0];
  return possible.length === 1
    ? 0
    : (possible[seededRandom(seed, "symmetry", epoch, place).integer(possible.length)] ?? 0);
}

/** The symmetry that undoes another. */
export function inverseSymmetry(symmetry: SquareSymmetry): SquareSymmetry {
  // A flip followed by a turn is a reflection, which undoes itself; of the turns, only quarter and three-quarter undo each other.
  return symmetry === 1 ? 3 : symmetry === 3 ? 1 : symmetry;
}

/**
 * For each pixel of the result, the pixel it is taken from: `source[row · side + column]` is an index of the same kind.
 * Moving whole pixels keeps image and mask exact: no value is ever made up.
 */
export function symmetrySources(side: number, symmetry: SquareSymmetry): Uint32Array {
  const sources = new Uint32Array(side * side);
  const last = side - 1;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      let fromRow = row;
      let fromColumn = column;
      for (let turn = symmetry % 4; turn > 0; turn--) {
        // Turning clockwise brings the lower left corner to the upper left.
        [fromRow, fromColumn] = [last - fromColumn, fromRow];
      }
      if (symmetry >= 4) {
        fromColumn = last - fromColumn;
      }
      sources[row * side + column] = fromRow * side + fromColumn;
    }
  }
  return sources;
}

/** Writes pixels of `channels` interleaved samples into `target`, taken from where `sources` says. */
export function rearrangePixels<A extends SampleArray>(
  pixels: ArrayLike<number>,
  channels: number,
  sources: Uint32Array,
  target: A,
): A {
  for (let pixel = 0; pixel < sources.length; pixel++) {
    const from = (sources[pixel] as number) * channels;
    const to = pixel * channels;
    for (let channel = 0; channel < channels; channel++) {
      target[to + channel] = pixels[from + channel] as number;
    }
  }
  return target;
}
