import { stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as startTimer, clearTimeout as stopTimer } from "node:timers";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import { makeFolder } from "../make-folder.ts";
import { changedPart, cutIds } from "./changed-part.ts";
import { IdCounts } from "./id-counts.ts";
import type { LabelBase } from "./label-base.ts";
import { LabelGrid, removeLeftovers } from "./label-grid.ts";
import { LabelHistory } from "./label-history.ts";
import type { Move } from "./label-history.ts";
import type { JournalEntry } from "./journal-findings.ts";
import { LabelJournal } from "./label-journal.ts";
import type { OpenedJournal } from "./label-journal.ts";
import { compressIds, expandIds } from "./label-records.ts";
import type { CountChanges, JournalRecord, Patch } from "./label-records.ts";

export const GRID_FOLDER = "classes";
export const JOURNAL_FILE = "journal";
/** Chunks are written when nothing was edited for so long, */
const CHECKPOINT_MILLISECONDS = 1500;
/** or when so many edits wait for it. */
const CHECKPOINT_RECORDS = 200;
/** Beyond these, the oldest steps are forgotten until half is left. */
const MOST_HISTORY = { steps: 2000, bytes: 256 * 2 ** 20 };

/** What an edit, an undo or a redo did. */
export interface StoredChange {
  readonly name: string;
  readonly revision: number;
  /** Where ids changed: one window a chunk. */
  readonly windows: readonly PixelWindow[];
}

/** Changes ids of one window in place; `window` lies within one chunk. */
export type PaintWindow = (window: PixelWindow, ids: Uint8Array) => void | Promise<void>;

/**
 * The labels of one mosaic as they were edited: read and written by windows, every step undoable, also after a restart.
 *
 * A change is appended to the journal and flushed before it is made in the chunks, which are written whole some time later. So a crash loses
 * at most the change that was being appended; opening does again what had not reached the chunks.
 */
export class LabelStore {
  readonly folder: string;
  readonly #base: LabelBase;
  readonly #grid: LabelGrid;
  readonly #journal: LabelJournal;
  readonly #history = new LabelHistory();
  readonly #counts = new IdCounts();
  #revision = 0;
  /** Records since the chunks were written. */
  #waiting = 0;
  #timer: NodeJS.Timeout | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #failure: unknown = null;

  /** What the user should know of what was found when it was opened. */
  readonly warning: string | null;

  private constructor(given: {
    readonly folder: string;
    readonly base: LabelBase;
    readonly grid: LabelGrid;
    readonly journal: LabelJournal;
    readonly warning: string | null;
  }) {
    this.folder = given.folder;
    this.#base = given.base;
    this.#grid = given.grid;
    this.#journal = given.journal;
    this.warning = given.warning;
  }

  /** Whether labels of a mosaic have been edited. */
  static async exists(folder: string): Promise<boolean> {
    return stat(path.join(folder, GRID_FOLDER, "zarr.json")).then(
      () => true,
      () => false,
    );
  }

  /** Opens a store, making one where there is none, and finishes what a crash interrupted. Only one process may have it open. */
  static async open(folder: string, base: LabelBase): Promise<LabelStore> {
    await makeFolder(folder);
    await removeLeftovers(folder);
    const grid: LabelGrid = await LabelGrid.open(path.join(folder, GRID_FOLDER), base, {
      // What chunks hold must stand in the journal, and that it stands there be known.
      beforeSave: () => store.#note(),
    });
    const opened = await LabelJournal.open(path.join(folder, JOURNAL_FILE));
    const { journal } = opened;
    const store = new LabelStore({ folder, base, grid, journal, warning: warningOf(opened, grid) });
    try {
      if (opened.kind === "damaged" || isMissing(opened, grid)) {
        await store.#salvage(opened);
      } else {
        await store.#takeUp(opened);
      }
      return store;
    } catch (error) {
      await journal.close();
      throw error;
    }
  }

  get width(): number {
    return this.#grid.width;
  }

  get height(): number {
    return this.#grid.height;
  }

  /** Grows with every change, and stays over restarts. */
  get revision(): number {
    return this.#revision;
  }

  /** How many pixels of each id there are beyond those of the mask that editing began from. */
  get countChanges(): CountChanges {
    return this.#counts.changes();
  }

  /** The step that undo would take back. */
  get undoStep(): { readonly name: string; readonly time: number } | null {
    return this.#history.lastApplied?.record ?? null;
  }

  /** The step that redo would do again. */
  get redoStep(): { readonly name: string; readonly time: number } | null {
    return this.#history.nextUndone?.record ?? null;
  }

  get historyLength(): number {
    return this.#history.length;
  }

  /** Bytes that the steps take on disk. */
  get journalBytes(): number {
    return this.#journal.bytes;
  }

  /** Ids of a window, 255 outside and unlabelled; nearest pixels where it is made smaller. */
  readWindow(
    request: { readonly pixelWindow: PixelWindow; readonly outputSize?: PixelSize | undefined },
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    return this.#grid.read(request, options);
  }

  /** Replaces the ids of a window as one step. */
  writeWindow(window: PixelWindow, ids: Uint8Array, step: StepFacts): Promise<StoredChange | null> {
    return this.edit(
      window,
      (part, target) => {
        for (let row = 0; row < part.height; row++) {
          const from = (part.y + row - window.y) * window.width + part.x - window.x;
          target.set(ids.subarray(from, from + part.width), row * part.width);
        }
      },
      step,
    );
  }

  /**
   * Lets `paint` change the ids below a window, chunk by chunk, as one step; it is safe on the disk when the promise resolves. Null when nothing
   * changed: then there is nothing to undo either.
   */
  edit(window: PixelWindow, paint: PaintWindow, { name, time }: StepFacts): Promise<StoredChange | null> {
    return this.#inTurn(async () => {
      const patches: Patch[] = [];
      const counts = new IdCounts();
      for (const part of this.#grid.partsOf(window)) {
        const before = await this.#grid.read({ pixelWindow: part });
        const after = before.slice();
        await paint(part, after);
        const changed = changedPart(part, before, after);
        if (changed !== null) {
          counts.addDifference(before, after);
          const [compressedBefore, compressedAfter] = await Promise.all([
            compressIds(cutIds(before, part, changed)),
            compressIds(cutIds(after, part, changed)),
          ]);
          patches.push({ window: changed, before: compressedBefore, after: compressedAfter });
        }
      }
      if (patches.length === 0) {
        return null;
      }
      return this.#record(
        {
          kind: "edit",
          time,
          name,
          counts: counts.changes(),
          patches: patches.map(({ window: patched, before, after }) => ({
            window: patched,
            beforeBytes: before.length,
            afterBytes: after.length,
          })),
        },
        patches,
      );
    });
  }

  /** Takes back the last step; null without one. */
  undo(time: number): Promise<StoredChange | null> {
    return this.#inTurn(async () => (this.undoStep === null ? null : this.#record({ kind: "undo", time })));
  }

  /** Does again what was taken back last; null when there is nothing. */
  redo(time: number): Promise<StoredChange | null> {
    return this.#inTurn(async () => (this.redoStep === null ? null : this.#record({ kind: "redo", time })));
  }

  /** Something was edited elsewhere: what was undone here can't be redone any more. */
  forgetRedo(time: number): Promise<void> {
    return this.#inTurn(async () => {
      if (this.redoStep !== null) {
        await this.#record({ kind: "forget-redo", time });
      }
    });
  }

  /** Writes what has changed into the chunks. */
  checkpoint(): Promise<void> {
    return this.#inTurn(() => this.#checkpoint());
  }

  /** Writes what is to be written and lets go of the files; the store must not be used afterwards. */
  async close(): Promise<void> {
    try {
      await this.#inTurn(async () => {
        if (this.#waiting > 0) {
          await this.#checkpoint();
        }
      });
    } finally {
      this.#stopTimer();
      await this.#journal.close();
    }
  }

  /** Appends a record, then does what it says. */
  async #record(
    record: JournalRecord,
    patches: readonly Patch[] | null = null,
  ): Promise<StoredChange | null> {
    const entry = await this.#journal.append(record, patches ?? []);
    const move = this.#history.take(entry);
    this.#waiting += 1;
    try {
      if (move === null) {
        return null;
      }
      this.#revision += 1;
      this.#counts.add(move.entry.record.counts, move.direction === "forward" ? 1 : -1);
      await this.#apply(move, patches ?? (await this.#journal.patches(move.entry)));
      return {
        name: move.entry.record.name,
        revision: this.#revision,
        windows: move.entry.record.patches.map(({ window }) => window),
      };
    } catch (error) {
      // The journal has it and the chunks have not: only opening the store again puts that right.
      this.#failure = error;
      throw error;
    } finally {
      this.#scheduleCheckpoint();
    }
  }

  async #apply({ direction }: Move, patches: readonly Patch[]): Promise<void> {
    for (const { window, before, after } of patches) {
      await this.#grid.write(window, await expandIds(direction === "forward" ? after : before, window));
    }
  }

  /** Takes up the steps of a journal that has all that the chunks hold, and does again what had not reached them. */
  async #takeUp({ entries }: OpenedJournal): Promise<void> {
    const lastCheckpoint = entries.findLastIndex(({ record }) => record.kind === "checkpoint");
    const checkpoint = entries[lastCheckpoint]?.record;
    const known = checkpoint?.kind === "checkpoint" ? checkpoint : null;
    const lost = entries.flatMap((entry, index) => {
      const move = this.#history.take(entry);
      return index > lastCheckpoint && move !== null ? [move] : [];
    });
    this.#revision = (known?.revision ?? 0) + entries.length - (lastCheckpoint + 1);
    this.#counts.add(known?.counts ?? []);
    for (const move of lost) {
      this.#counts.add(move.entry.record.counts, move.direction === "forward" ? 1 : -1);
    }
    await this.#applyAgain(lost);
    // Counts are those beyond the mask's: another mask means counting again.
    if (known !== null && known.baseVersion !== this.#base.version) {
      await this.#countAgain();
    }
    if (lost.length > 0 || known?.baseVersion !== this.#base.version) {
      await this.#checkpoint();
    }
  }

  /** Leaves the chunks as they are, but for what can be done again without what is lost, and begins the journal anew. */
  async #salvage({ entries, later, notedRevision }: OpenedJournal): Promise<void> {
    const found = entries.map(({ record }) => (record.kind === "checkpoint" ? record.revision : 0));
    const kept: JournalEntry[] = [];
    for (const entry of later) {
      const move = this.#history.take(entry);
      if (move === null && (entry.record.kind === "undo" || entry.record.kind === "redo")) {
        // Of a step that is lost: what came after it built upon that.
        break;
      }
      if (entry.record.kind !== "checkpoint") {
        kept.push(entry);
      }
    }
    this.#revision = Math.max(notedRevision, ...found) + kept.length + 1;
    // Whoever opens this after a crash in between counts again, since it is of no mask.
    const begin: JournalRecord = {
      kind: "checkpoint",
      revision: this.#revision,
      counts: [],
      baseVersion: "",
    };
    const rewritten = await this.#journal.rewrite({ before: [begin], entries: kept }, this.#revision);
    this.#history.clear();
    await this.#applyAgain(
      rewritten.flatMap((entry) => {
        const move = this.#history.take(entry);
        return move === null ? [] : [move];
      }),
    );
    await this.#countAgain();
    await this.#checkpoint();
  }

  async #applyAgain(moves: readonly Move[]): Promise<void> {
    const touched = new Set<number>();
    for (const move of moves) {
      await this.#apply(move, await this.#journal.patches(move.entry));
      for (const { window } of move.entry.record.patches) {
        touched.add(this.#grid.chunkKey(window));
      }
    }
    for (const key of touched) {
      await this.#grid.renew(key);
    }
  }

  async #countAgain(): Promise<void> {
    this.#counts.add(this.#counts.changes(), -1);
    this.#counts.add(await this.#grid.countChanges());
  }

  #note(): Promise<void> {
    return this.#journal.note(this.#revision);
  }

  async #checkpoint(): Promise<void> {
    this.#stopTimer();
    await this.#note();
    await this.#grid.flush();
    const record: JournalRecord = {
      kind: "checkpoint",
      revision: this.#revision,
      counts: this.#counts.changes(),
      baseVersion: this.#base.version,
    };
    if (this.#history.length > MOST_HISTORY.steps || this.#journal.bytes > MOST_HISTORY.bytes) {
      const kept = this.#history.newest({ steps: MOST_HISTORY.steps / 2, bytes: MOST_HISTORY.bytes / 2 });
      const after = [...this.#history.undoMarks(), record];
      this.#history.replaceBy(await this.#journal.rewrite({ entries: kept, after }, this.#revision));
    } else {
      await this.#journal.append(record);
    }
    this.#waiting = 0;
  }

  #scheduleCheckpoint(): void {
    this.#stopTimer();
    const wait = this.#waiting >= CHECKPOINT_RECORDS ? 0 : CHECKPOINT_MILLISECONDS;
    this.#timer = startTimer(() => {
      // What fails here fails again, and is told, with the next edit or when the store is closed.
      void this.checkpoint().catch(() => undefined);
    }, wait);
    this.#timer.unref();
  }

  #stopTimer(): void {
    if (this.#timer !== null) {
      stopTimer(this.#timer);
      this.#timer = null;
    }
  }

  /** One change after the other: each begins from what the one before has left. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(() => {
      if (this.#failure !== null) {
        throw this.#failure;
      }
      return work();
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Whether a write has failed half-way, so that the store has to be closed and opened again. */
  get hasFailed(): boolean {
    return this.#failure !== null;
  }
}

/** What a step is called, and when it was taken. */
export interface StepFacts {
  readonly name: string;
  /** Later than that of every step before, also in other mosaics. */
  readonly time: number;
}

/** Whether chunks were written once and no journal says of what: earlier builds noted nothing of it. */
function isMissing({ kind, entries }: OpenedJournal, grid: LabelGrid): boolean {
  return kind === "sound" && entries.length === 0 && grid.isEdited;
}

/** What the user should know of what was found. */
function warningOf(opened: OpenedJournal, grid: LabelGrid): string | null {
  const kept =
    opened.keptAside === null ? "" : ` The damaged one is kept as ${path.basename(opened.keptAside)}.`;
  const isGone = isMissing(opened, grid) || (opened.kind === "damaged" && opened.keptAside === null);
  switch (opened.kind) {
    case "end-damaged":
      return `The journal of these labels was damaged at its end: what was painted last is missing.${kept}`;
    case "damaged":
    case "sound":
      return opened.kind === "sound" && !isGone
        ? null
        : `The journal of these labels was ${isGone ? "missing" : "damaged"}: what was painted last may be missing, and earlier steps can't be undone.${kept}`;
  }
}
