import type { SeededRandom } from "#shared/training/seeded-random.ts";
import type { Template } from "./template.ts";

/** Side of the template's mosaics, in pixels. */
export const SIDE = 256;

/** Where a case works: a project of its own with one finished run, and beside it what the app remembers. */
export interface Ground extends Template {
  readonly base: string;
  readonly folder: string;
}

/** What a round came to: processes killed and files damaged, and a sentence for each thing that was lost or not told. */
export interface RoundOutcome {
  readonly faults: number;
  readonly losses: readonly string[];
}

/** Rounds of one kind of fault, on one project that outlives them all. */
export interface Rounds {
  round(): Promise<RoundOutcome>;
  close(): Promise<void>;
}

/** Prepares rounds of one kind of fault; answers why where that can't be tried here. */
export type Case = (ground: Ground, random: SeededRandom) => Promise<Rounds | { readonly skipped: string }>;
