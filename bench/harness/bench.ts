/**
 * One benchmark: a file `bench/NAME.ts` that exports it as `bench`. `npm run bench` runs all of them, `npm run bench -- NAME [words]`
 * one, with words of its own. What it answers is written to `bench/results/NAME.json` and `.md` and shown in the README.
 */
export interface Bench {
  /** What was measured, as a heading. */
  readonly title: string;
  /** How, in a sentence or two: what both sides did, and what peer it was. Markdown. */
  readonly method: string;
  /** Words narrow a run down; rows that a narrowed run doesn't measure keep their last results. */
  run(words: readonly string[], keep: KeepRows): Promise<BenchReport>;
}

/** Writes rows at once, so that a long run that is cut short keeps what it found. Optional to call. */
export type KeepRows = (part: BenchReport) => void;

export interface BenchReport {
  /** Versions that the numbers depend on, such as `{ TensorFlow: "2.21.0" }`; Node's is added. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly BenchRow[];
  /** Remarks to be read with the numbers, Markdown. */
  readonly notes?: readonly string[];
}

/** One thing measured. `work` and `measure` together name it. */
export interface BenchRow {
  /** On what, such as `segnet-upsample, batch 4, 256²`. */
  readonly work: string;
  /** What of it, such as `training step`. */
  readonly measure: string;
  /** Such as `ms` or `MB`. */
  readonly unit: string;
  readonly ours: Sample;
  /** The independent implementation's numbers; null when there is none to compare with. */
  readonly peer: { readonly name: string; readonly sample: Sample } | null;
  readonly target: Target | null;
  /** How much of all processors' time programs took that are neither side, in percent: beyond a few the numbers are the machine's, not ours. */
  readonly othersPercent?: number | undefined;
}

/** What the numbers of several runs were. */
export interface Sample {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** What a row should reach: a `ratio` of our median and the peer's, a `value` of our median, or a median within the `span` of the peer's numbers. */
export type Target = { readonly of: "ratio" | "value"; readonly atMost: number } | { readonly of: "span" };

/** Summarizes numbers; at least one is needed. */
export function sampleOf(values: readonly number[]): Sample {
  const sorted = values.toSorted((first, second) => first - second);
  const [low, high] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined) {
    throw new Error("A sample needs at least one number.");
  }
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? low) + (sorted[Math.ceil(middle)] ?? high)) / 2;
  return { median, low, high, count: sorted.length };
}

/** Our median divided by the peer's; null without a peer. */
export function ratioOf(row: BenchRow): number | null {
  return row.peer === null ? null : row.ours.median / row.peer.sample.median;
}

/** With this much of the processors' time taken by others, in percent, numbers show the machine, and no target is said to be reached or missed. */
const SPOILING_PERCENT = 25;

/** Whether a row reached its target; null when it has none, or none that can be told. */
export function isReached(row: BenchRow): boolean | null {
  if (row.target === null || (row.othersPercent ?? 0) >= SPOILING_PERCENT) {
    return null;
  }
  if (row.target.of === "span") {
    const span = row.peer?.sample;
    return span === undefined ? null : row.ours.median >= span.low && row.ours.median <= span.high;
  }
  const value = row.target.of === "ratio" ? ratioOf(row) : row.ours.median;
  return value === null ? null : value <= row.target.atMost;
}
