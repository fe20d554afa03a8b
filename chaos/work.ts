import type { SeededRandom } from "#shared/training/seeded-random.ts";
import type { RunningApp } from "./running-app.ts";

/** Something that the app is doing when a process is killed. */
export interface Work {
  /** Milliseconds after its beginning between which the kill comes. */
  readonly span: readonly [from: number, to: number];
  /** Goes on until it is done, the app dies or `stop` is aborted, remembering what the app said is safe. Rejects when the app dies. */
  run(app: RunningApp, random: SeededRandom, options: { readonly stop: AbortSignal }): Promise<void>;
  /** Looks at what is there before the app is opened again; a sentence for each loss. */
  whileDown?(): Promise<string[]>;
  /** Looks from the outside at what is there after the app was opened again; a sentence for each loss. */
  check(app: RunningApp): Promise<string[]>;
}
