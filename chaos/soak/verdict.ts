import { theilSen } from "./trend.ts";

/** A quantity measured at rest once a round. */
export interface Quantity {
  readonly name: string;
  readonly unit: "MB" | "";
  /** The least growth over the whole time that counts, whatever the share. */
  readonly leastGrowth: number;
  readonly points: readonly (readonly [seconds: number, value: number])[];
}

/** What became of a quantity, and what the judgement rests on. */
export interface Verdict {
  readonly name: string;
  readonly unit: "MB" | "";
  readonly kind: "flat" | "grows" | "undecided";
  readonly rounds: number;
  readonly first: number;
  readonly median: number;
  readonly last: number;
  readonly highest: number;
  /** Per hour, the middle and the bounds of the 95 % interval; null where there are too few rounds. */
  readonly perHour: readonly [lowest: number, middle: number, highest: number] | null;
  /** Growth over the judged time that would count. */
  readonly tolerated: number;
}

/** Rounds at the beginning that aren't judged: caches fill, compilers warm up, the allocator finds its size. */
export const WARM_UP_SHARE = 0.3;
const LEAST_ROUNDS = 8;
/** Growth below this share of the median counts as none. */
export const TOLERATED_SHARE = 0.05;
/** The pairs of more points than this take too long for what they add. */
const MOST_POINTS = 600;

/**
 * Judges a quantity by the slope of its values after the warm-up: "flat" where even the upper bound of the slope's 95 % interval comes to no more than the tolerated
 * growth over the judged time, "grows" where even the lower bound comes to more, else "undecided". So a leak that is too slow for the time measured is told by `perHour` only.
 */
export function judge({ name, unit, leastGrowth, points }: Quantity): Verdict {
  const judged = points.slice(Math.floor(points.length * WARM_UP_SHARE));
  const values = judged.map(([, value]) => value).toSorted((one, other) => one - other);
  const median = values[Math.floor(values.length / 2)] ?? 0;
  const tolerated = Math.max(leastGrowth, TOLERATED_SHARE * median);
  const facts = {
    name,
    unit,
    rounds: judged.length,
    first: judged[0]?.[1] ?? 0,
    median,
    last: judged.at(-1)?.[1] ?? 0,
    highest: values.at(-1) ?? 0,
    tolerated,
  };
  if (judged.length < LEAST_ROUNDS) {
    return { ...facts, kind: "undecided", perHour: null };
  }
  const { lowest, slope, highest } = theilSen(thinned(judged));
  const seconds =
    (judged.at(-1) as readonly [number, number])[0] - (judged[0] as readonly [number, number])[0];
  const kind = lowest * seconds > tolerated ? "grows" : highest * seconds <= tolerated ? "flat" : "undecided";
  return { ...facts, kind, perHour: [lowest * 3600, slope * 3600, highest * 3600] };
}

/** At most so many points, each the mean of neighbours. */
function thinned(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const size = Math.ceil(points.length / MOST_POINTS);
  const result: (readonly [number, number])[] = [];
  for (let index = 0; index < points.length; index += size) {
    const group = points.slice(index, index + size);
    const mean = (axis: 0 | 1): number => group.reduce((sum, point) => sum + point[axis], 0) / group.length;
    result.push([mean(0), mean(1)]);
  }
  return result;
}
