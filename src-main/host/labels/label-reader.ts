import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { LabelBase } from "./label-base.ts";
import { LabelGrid } from "./label-grid.ts";
import { LabelHistory } from "./label-history.ts";
import { readJournal } from "./journal-findings.ts";
import { readMark } from "./journal-mark.ts";
import { markPathOf } from "./label-journal.ts";
import { GRID_FOLDER, JOURNAL_FILE } from "./label-store.ts";
import type { CountChanges } from "./label-records.ts";

/**
 * Edited labels for those who only look: nothing is written and no lock is needed. It shows what has reached the chunks, which another process that
 * edits them may be a second or two ahead of.
 */
export class LabelReader {
  readonly #grid: LabelGrid;
  readonly #stamp: string;
  readonly #folder: string;
  readonly history: LabelHistory;
  readonly revision: number;
  readonly countChanges: CountChanges;
  /** Whether a crash left changes that the chunks don't have yet, or the journal is damaged: who may write puts that right. */
  readonly isBehind: boolean;

  private constructor(given: {
    readonly grid: LabelGrid;
    readonly folder: string;
    readonly stamp: string;
    readonly history: LabelHistory;
    readonly revision: number;
    readonly countChanges: CountChanges;
    readonly isBehind: boolean;
  }) {
    this.#grid = given.grid;
    this.#folder = given.folder;
    this.#stamp = given.stamp;
    this.history = given.history;
    this.revision = given.revision;
    this.countChanges = given.countChanges;
    this.isBehind = given.isBehind;
  }

  /** Opens what is on the disk now; throws where there is nothing or it can't be read. */
  static async open(folder: string, base: LabelBase): Promise<LabelReader> {
    const stamp = await stampOf(folder);
    const grid = await LabelGrid.open(path.join(folder, GRID_FOLDER), base);
    const journalPath = path.join(folder, JOURNAL_FILE);
    // The note first: another process may write both meanwhile, and what was noted before holds of what stands there after, unless the journal was just
    // shortened: then it is taken for damaged, and read once more, since that process holds the lock.
    const mark = await readMark(markPathOf(journalPath));
    const bytes = await readFile(journalPath).catch(() => Buffer.alloc(0));
    const found = await readJournal(
      (position, length) => bytes.subarray(position, position + length),
      bytes.length,
      mark,
    );
    const { entries } = found;
    const isSound = found.kind === "sound" && found.end === bytes.length;
    const isMissing = entries.length === 0 && grid.isEdited;
    const history = new LabelHistory();
    let revision = 0;
    let waiting = 0;
    let known: { readonly counts: CountChanges; readonly baseVersion: string } = {
      counts: [],
      baseVersion: "",
    };
    for (const entry of entries) {
      if (history.take(entry) !== null) {
        waiting += 1;
        revision += 1;
      }
      if (entry.record.kind === "checkpoint") {
        waiting = 0;
        known = entry.record;
        revision = entry.record.revision;
      }
    }
    return new LabelReader({
      grid,
      folder,
      stamp,
      history,
      revision,
      countChanges: known.baseVersion === base.version ? known.counts : await grid.countChanges(),
      isBehind: waiting > 0 || !isSound || isMissing,
    });
  }

  /** Whether the labels have changed on the disk since. */
  async isOutdated(): Promise<boolean> {
    return (await stampOf(this.#folder)) !== this.#stamp;
  }

  readWindow(
    request: { readonly pixelWindow: PixelWindow; readonly outputSize?: PixelSize | undefined },
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    return this.#grid.read(request, options);
  }
}

async function stampOf(folder: string): Promise<string> {
  const found = await stat(path.join(folder, JOURNAL_FILE)).catch(() => null);
  return found === null ? "none" : `${found.mtimeMs}/${found.size}/${found.ino}`;
}
