import type { SeededRandom } from "#shared/training/seeded-random.ts";
import type { RunningApp } from "./running-app.ts";

/** Something that the app is doing when a process is killed. */
export interface Work {
  /** Milliseconds after its beginning within which the kill comes. */
  readonly span: number;
  /** Goes on until it is done or the app dies, remembering what the app said is safe. Rejects when the app dies. */
  run(app: RunningApp, random: SeededRandom): Promise<void>;
  /** Looks from the outside at what is there after the app was opened again; a sentence for each loss. */
  check(app: RunningApp): Promise<string[]>;
}
