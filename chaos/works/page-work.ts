import type { SeededRandom } from "#shared/training/seeded-random.ts";
import type { KillablePage } from "../killable-page.ts";
import type { RunningApp } from "../running-app.ts";

/** Something that is done in a page when its process is killed. */
export interface PageWork {
  /** Milliseconds after its beginning between which the kill comes. */
  readonly span: readonly [from: number, to: number];
  /** Brings a page to where the work is done. */
  show(page: KillablePage): Promise<void>;
  /** Works in the page until it is done or the page dies; rejects when it dies. */
  run(page: KillablePage, random: SeededRandom): Promise<void>;
  /** Waits for what the page had handed over and looks at it from the outside; a sentence for each loss. */
  check(app: RunningApp): Promise<string[]>;
  /** Whether a page that was opened afterwards shows it; a sentence for each loss. */
  checkPage(page: KillablePage): Promise<string[]>;
}
