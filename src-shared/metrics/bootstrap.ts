import { seededRandom } from "../training/seeded-random.ts";

/** A difference between two runs with the range that chance leaves it. */
export interface DifferenceInterval {
  /** Second minus first, over all blocks. */
  readonly difference: number;
  /** 2.5 % and 97.5 % of the resampled differences. */
  readonly low: number;
  readonly high: number;
}

/** A measure of a confusion matrix, `size · size` cells row-major (truth, prediction); null where it is undefined. */
export type MatrixMeasure = (confusion: Float64Array) => number | null;

/**
 * How sure a difference between two runs on the same ground is: blocks are drawn with replacement, the same ones for both runs, and the measure is taken of the
 * summed matrices (Efron & Tibshirani 1993, percentile interval). Blocks rather than pixels, because neighbouring pixels are right and wrong together.
 *
 * `first[block]` and `second[block]` are confusion counts of the same block. Null with fewer than two blocks, or where the measure is undefined over all.
 */
export function bootstrapDifference(
  first: readonly Float64Array[],
  second: readonly Float64Array[],
  measures: readonly MatrixMeasure[],
  { resamples, seed }: { readonly resamples: number; readonly seed: number },
): (DifferenceInterval | null)[] {
  if (first.length !== second.length) {
    throw new RangeError(`the runs have ${first.length} and ${second.length} blocks: they must be the same`);
  }
  const blocks = first.length;
  const cells = first[0]?.length ?? 0;
  const whole = Array.from({ length: blocks }, (_, block) => block);
  const sumOne = new Float64Array(cells);
  const sumOther = new Float64Array(cells);
  const differences = (chosen: Iterable<number>): (number | null)[] => {
    sumOne.fill(0);
    sumOther.fill(0);
    for (const block of chosen) {
      const one = first[block]!;
      const other = second[block]!;
      for (let cell = 0; cell < cells; cell++) {
        sumOne[cell]! += one[cell]!;
        sumOther[cell]! += other[cell]!;
      }
    }
    return measures.map((measure) => {
      const [before, after] = [measure(sumOne), measure(sumOther)];
      return before === null || after === null ? null : after - before;
    });
  };
  const observed = differences(whole);
  const random = seededRandom(seed, "bootstrap");
  const drawn = Array.from({ length: blocks < 2 ? 0 : resamples }, () =>
    differences(whole.map(() => random.integer(blocks))),
  );
  return observed.map((difference, index) => {
    const values = drawn.map((row) => row[index] ?? null).filter((value) => value !== null);
    if (difference === null || values.length === 0) {
      return null;
    }
    const sorted = Float64Array.from(values).sort();
    return { difference, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
  });
}

/** Linear between neighbours, as NumPy's default. */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const lower = sorted[below]!;
  const upper = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return lower + (upper - lower) * (position - below);
}
