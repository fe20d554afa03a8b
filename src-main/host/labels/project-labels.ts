import { stat } from "node:fs/promises";
import path from "node:path";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { LabelEdit } from "#shared/labels/label-edit.ts";
import { paintableIds, paintPixels } from "#shared/labels/paint-pixels.ts";
import { rasterizeShape, shapeWindow } from "#shared/labels/rasterize-shape.ts";
import { windowIntersection } from "#shared/geo/pixel-window.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { toHostError } from "../host-error.ts";
import { ProcessLock } from "../process-lock.ts";
import type { TakeOptions } from "../process-lock.ts";
import type { LabelBase } from "./label-base.ts";
import { LabelReader } from "./label-reader.ts";
import type { CountChanges } from "./label-records.ts";
import { LabelStore } from "./label-store.ts";
import type { PaintWindow, StoredChange } from "./label-store.ts";

const LOCK_FILE = "editing.lock";
/** How long another process is asked to let go of the lock: it does so between two steps. */
const ASK_MILLISECONDS = 4000;
/** How often a process that holds the lock looks whether another asks for it. */
const LOOK_FOR_QUESTION_MILLISECONDS = 300;
/** Whoever has just made a step is likely to make another: the lock is kept for so long after it. */
const KEEP_AFTER_STEP_MILLISECONDS = 1000;

/** What happened to the labels of a mosaic. */
export interface LabelChange {
  readonly mosaicId: string;
  readonly revision: number;
  readonly windows: readonly PixelWindow[];
  /** The page's own number of the edit, null for undo and redo. */
  readonly editId: string | null;
}

/** What undo and redo would do, by name; null when there is nothing. */
export interface HistoryNames {
  readonly undo: string | null;
  readonly redo: string | null;
}

/** A part of a step that changes several labels. */
export interface LabelsChange {
  readonly labelsId: string;
  /** Where it paints; null leaves these labels as they are. */
  readonly window: PixelWindow | null;
  readonly paint: PaintWindow;
  /** Asked when the parts before it are done; without it the part is always made. */
  readonly isNeeded?: () => boolean;
}

/** What is known of a mosaic's edited labels without reading them. */
export interface EditedLabels {
  readonly revision: number;
  readonly countChanges: CountChanges;
}

/** How labels are read. */
export interface LabelReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** For what a change reads while it paints: nothing else changes labels meanwhile, and waiting for others' turns would never end. */
  readonly withinStep?: boolean;
}

/** Marks the ids that another person gave to pixels of a mosaic, kept beside its labels. No mosaic's id ends so. */
const THEIRS = "~theirs";

/**
 * Under which id `ProjectLabels` keeps what another person called the pixels on which the two disagree: as labels of their own, so that settling
 * them is a step of the same history. 255 wherever nothing is open.
 */
export function theirsOf(mosaicId: string): string {
  return `${mosaicId}${THEIRS}`;
}

/** The mosaic that labels, its own or another person's, are of. */
function mosaicOf(labelsId: string): string {
  return labelsId.endsWith(THEIRS) ? labelsId.slice(0, -THEIRS.length) : labelsId;
}

type Opened =
  | { readonly kind: "none" }
  | { readonly kind: "reader"; readonly reader: LabelReader }
  | { readonly kind: "store"; readonly store: LabelStore };

interface Known {
  base: LabelBase;
  opened: Opened;
  /** Readers wait for it: what is open is about to change. */
  loading: Promise<void> | null;
  /** What was found damaged since the project was opened: told as long as it is open, though the labels are sound again. */
  damage: string | null;
}

/**
 * The edited labels of one project: which mosaics have some, reading them, changing them, and one history over all mosaics.
 *
 * Looking at labels writes nothing. The first change takes the project's editing lock, which is kept until the project is closed or another process asks for
 * it: a window and commands beside it take turns, with one history.
 */
export class ProjectLabels {
  readonly #folder: string;
  readonly #known = new Map<string, Known>();
  readonly #listeners = new Set<(change: LabelChange) => void>();
  readonly #loadListeners = new Set<() => void>();
  readonly #onWarning: (mosaicId: string, message: string | null) => void;
  #lock: ProcessLock | null = null;
  #questionTimer: NodeJS.Timeout | null = null;
  #lastStep = -Infinity;
  #isHandingOver = false;
  /** When the first labels of a mosaic were made last, as `look` found it. */
  #folderTime: number | undefined = undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #time = 0;

  constructor(given: {
    /** Need not exist yet. */
    readonly folder: string;
    readonly onWarning: (mosaicId: string, message: string | null) => void;
  }) {
    this.#folder = given.folder;
    this.#onWarning = given.onWarning;
  }

  /** Tells of a mosaic, or that its mask has changed, and finds out whether its labels have been edited. Never rejects. */
  async load(mosaicId: string, base: LabelBase): Promise<void> {
    const before = this.#known.get(mosaicId);
    if (before !== undefined && before.opened.kind === "store" && before.base.version === base.version) {
      return;
    }
    const known = before ?? { base, opened: { kind: "none" }, loading: null, damage: null };
    const isSameBase = before?.base.version === base.version;
    this.#known.set(mosaicId, known);
    const loading = this.#inTurn(async () => {
      const revision = revisionOf(known);
      await this.#load(mosaicId, known, base);
      if (isSameBase) {
        this.#tellIfOther(mosaicId, known, revision);
      }
    });
    known.loading = loading;
    await loading;
    if (known.loading === loading) {
      known.loading = null;
    }
    for (const listener of [...this.#loadListeners]) {
      listener();
    }
  }

  /** Takes over what another process has changed, and tells of it. */
  async look(): Promise<void> {
    const folder = await stat(this.#folder).catch(() => null);
    const isOtherFolder = folder?.mtimeMs !== this.#folderTime;
    for (const [mosaicId, known] of [...this.#known]) {
      const isBegun =
        isOtherFolder && known.opened.kind === "none" && (await LabelStore.exists(this.#folderOf(mosaicId)));
      if (isBegun || (known.opened.kind === "reader" && (await known.opened.reader.isOutdated()))) {
        await this.load(mosaicId, known.base);
      }
    }
    this.#folderTime = folder?.mtimeMs;
  }

  /** Null where nothing has been edited. */
  edited(mosaicId: string): EditedLabels | null {
    const opened = this.#known.get(mosaicId)?.opened;
    switch (opened?.kind) {
      case undefined:
      case "none":
        return null;
      case "reader":
        return opened.reader;
      case "store":
        return opened.store;
    }
  }

  /** As `edited`, after looking whether another process has changed them. */
  async editedNow(mosaicId: string): Promise<EditedLabels | null> {
    await this.#takeUp(mosaicId, this.#known.get(mosaicId));
    return this.edited(mosaicId);
  }

  /** Ids of a window as edited, or null where nothing has been edited: then the mask is all there is. */
  async readWindow(
    mosaicId: string,
    request: { readonly pixelWindow: PixelWindow; readonly outputSize?: PixelSize | undefined },
    options: LabelReadOptions = {},
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    const known = this.#known.get(mosaicId);
    if (options.withinStep !== true) {
      await this.#takeUp(mosaicId, known);
    } else if (known?.opened.kind === "reader") {
      await this.#storeOf(mosaicId);
    }
    const opened = known?.opened;
    switch (opened?.kind) {
      case undefined:
      case "none":
        return null;
      case "reader":
        return opened.reader.readWindow(request, options);
      case "store":
        return opened.store.readWindow(request, options);
    }
  }

  /** Carries out an edit; it is safe on the disk when the promise resolves. Throws `conflict` while another process edits this project. */
  edit(mosaicId: string, edit: LabelEdit, editId: string | null): Promise<StoredChange | null> {
    const paintable = paintableIds(edit.rules);
    const shapes = edit.parts.map((part) => ({ ...part, window: shapeWindow(part.shape) }));
    return this.change(mosaicId, { name: edit.name, editId }, unionOf(shapes), (window, ids) => {
      // What one part paints, a later one of the same edit may paint over, whatever the rules say of its class.
      const paintedBefore = shapes.length > 1 ? ids.slice() : ids;
      for (const { paintId, shape, window: around } of shapes) {
        if (around === null || windowIntersection(around, window) === null) {
          continue;
        }
        const mask = rasterizeShape(shape, window);
        if (shapes.length === 1) {
          paintPixels(ids, mask, paintId, paintable);
          continue;
        }
        for (let pixel = 0; pixel < mask.length; pixel++) {
          if (mask[pixel] === 1 && paintable[paintedBefore[pixel] as number] === 1) {
            ids[pixel] = paintId;
          }
        }
      }
    });
  }

  /** As `edit`, for whatever else changes labels: `paint` changes ids in place, chunk by chunk. What it reads of labels it reads `withinStep`. */
  async change(
    mosaicId: string,
    step: { readonly name: string; readonly editId: string | null },
    window: PixelWindow | null,
    paint: PaintWindow,
  ): Promise<StoredChange | null> {
    const [change] = await this.changeTogether(step, [{ labelsId: mosaicId, window, paint }]);
    return change ?? null;
  }

  /**
   * As `change`, of several labels one after the other: undone and redone together, since their steps have the same time. When one rejects, those before it
   * are taken back for good.
   */
  changeTogether(
    step: { readonly name: string; readonly editId: string | null },
    parts: readonly LabelsChange[],
  ): Promise<(StoredChange | null)[]> {
    return this.#inTurn(async () => {
      const changes: (StoredChange | null)[] = [];
      let time: number | null = null;
      for (const [index, { labelsId, window, paint, isNeeded }] of parts.entries()) {
        if (window === null || isNeeded?.() === false) {
          changes.push(null);
          continue;
        }
        const store = await this.#storeOf(labelsId);
        time ??= this.#nextTime();
        let change: StoredChange | null;
        try {
          change = await store.edit(window, paint, { name: step.name, time });
        } catch (thrown) {
          await this.#takeBack(parts.slice(0, index), time);
          throw thrown;
        }
        changes.push(change);
        if (change === null) {
          continue;
        }
        for (const [other, { opened }] of this.#known) {
          if (other !== labelsId && stepOf(opened, "redo") !== null) {
            await (await this.#storeOf(other)).forgetRedo(time);
          }
        }
        this.#tell(labelsId, change, step.editId);
      }
      this.#lastStep = performance.now();
      return changes;
    });
  }

  /** Takes back what was made at a time, so that it can't be done again either. */
  async #takeBack(parts: readonly LabelsChange[], time: number): Promise<void> {
    for (const { labelsId } of parts.toReversed()) {
      const store = await this.#storeOf(labelsId);
      const change = store.undoStep?.time === time ? await store.undo(this.#nextTime()) : null;
      if (change !== null) {
        await store.forgetRedo(this.#nextTime());
        this.#tell(labelsId, change, null);
      }
    }
  }

  /** Takes back the last step of the project; null when there is none. */
  undo(): Promise<{ readonly mosaicId: string; readonly change: StoredChange } | null> {
    return this.#move("undo");
  }

  /** Does again what was taken back last; null when there is nothing. */
  redo(): Promise<{ readonly mosaicId: string; readonly change: StoredChange } | null> {
    return this.#move("redo");
  }

  /** What undo and redo would do. */
  get history(): HistoryNames {
    return { undo: this.#next("undo")?.name ?? null, redo: this.#next("redo")?.name ?? null };
  }

  onChange(listener: (change: LabelChange) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Calls `listener` when a mosaic's labels have been found: its steps, of earlier sessions too, can then be undone. Returns how to stop. */
  onLoad(listener: () => void): () => void {
    this.#loadListeners.add(listener);
    return () => {
      this.#loadListeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      for (const known of this.#known.values()) {
        await closeOpened(known).catch(() => undefined);
      }
      this.#known.clear();
      await this.#release();
    });
    this.#listeners.clear();
    this.#loadListeners.clear();
  }

  async #move(
    way: "undo" | "redo",
  ): Promise<{ readonly mosaicId: string; readonly change: StoredChange } | null> {
    if (this.#lock === null) {
      // The last step may be another process'.
      await this.look();
    }
    return this.#inTurn(async () => {
      if (this.#next(way) === null) {
        return null;
      }
      for (const [mosaicId, { opened }] of this.#known) {
        if (opened.kind === "reader") {
          await this.#storeOf(mosaicId);
        }
      }
      const next = this.#next(way);
      if (next === null) {
        return null;
      }
      const together = [...this.#known].flatMap(([labelsId, { opened }]) =>
        stepOf(opened, way)?.time === next.time ? [labelsId] : [],
      );
      let first: { readonly mosaicId: string; readonly change: StoredChange } | null = null;
      for (const labelsId of together) {
        const store = await this.#storeOf(labelsId);
        const change = await (way === "undo" ? store.undo(this.#nextTime()) : store.redo(this.#nextTime()));
        if (change !== null) {
          this.#tell(labelsId, change, null);
          first ??= { mosaicId: mosaicOf(labelsId), change };
        }
      }
      this.#lastStep = performance.now();
      return first;
    });
  }

  /** Waits for what is being opened, and opens anew what another process has changed. Never within a turn, for which both would wait. */
  async #takeUp(mosaicId: string, known: Known | undefined): Promise<void> {
    await known?.loading;
    if (known?.opened.kind === "reader" && (await known.opened.reader.isOutdated())) {
      await this.load(mosaicId, known.base);
    }
  }

  /** The step, over all mosaics, that comes next on the way back or forth. */
  #next(
    way: "undo" | "redo",
  ): { readonly mosaicId: string; readonly name: string; readonly time: number } | null {
    let next: { readonly mosaicId: string; readonly name: string; readonly time: number } | null = null;
    for (const [mosaicId, { opened }] of this.#known) {
      const step = stepOf(opened, way);
      if (step === null) {
        continue;
      }
      const isNearer = next === null || (way === "undo" ? step.time > next.time : step.time < next.time);
      if (isNearer) {
        next = { mosaicId, name: step.name, time: step.time };
      }
    }
    return next;
  }

  async #load(mosaicId: string, known: Known, base: LabelBase): Promise<void> {
    known.base = base;
    try {
      if (known.opened.kind === "store") {
        await this.#openStore(mosaicId, known);
        return;
      }
      if (!(await LabelStore.exists(this.#folderOf(mosaicId)))) {
        known.opened = { kind: "none" };
        return;
      }
      const reader = await LabelReader.open(this.#folderOf(mosaicId), base);
      known.opened = { kind: "reader", reader };
      this.#notice(reader.history.lastApplied?.record, reader.history.nextUndone?.record);
      if (reader.isBehind) {
        await this.#recover(mosaicId, known);
      }
      if (mosaicOf(mosaicId) === mosaicId) {
        this.#onWarning(mosaicId, known.damage);
      }
    } catch (error) {
      known.opened = { kind: "none" };
      this.#onWarning(
        mosaicOf(mosaicId),
        `The labels painted here can't be used: ${toHostError(error).message}`,
      );
    }
  }

  async #storeOf(mosaicId: string): Promise<LabelStore> {
    const known = this.#known.get(mosaicId);
    if (known === undefined) {
      throw new RpcError("not-found", "There is no such mosaic in this project.");
    }
    if (known.opened.kind === "store" && !known.opened.store.hasFailed) {
      return known.opened.store;
    }
    try {
      return await this.#openStore(mosaicId, known);
    } catch (error) {
      throw toHostError(error);
    }
  }

  async #openStore(
    mosaicId: string,
    known: Known,
    { askMilliseconds = ASK_MILLISECONDS }: TakeOptions = {},
  ): Promise<LabelStore> {
    await this.#takeLock(askMilliseconds);
    const revision = revisionOf(known);
    if (known.opened.kind === "store") {
      await closeOpened(known).catch(() => undefined);
    }
    const store = await LabelStore.open(this.#folderOf(mosaicId), known.base);
    known.opened = { kind: "store", store };
    this.#tellIfOther(mosaicId, known, revision);
    known.damage = store.warning ?? known.damage;
    if (known.damage !== null || mosaicOf(mosaicId) === mosaicId) {
      this.#onWarning(mosaicOf(mosaicId), known.damage);
    }
    this.#notice(store.undoStep, store.redoStep);
    return store;
  }

  async #takeLock(askMilliseconds: number): Promise<void> {
    if (this.#lock !== null) {
      return;
    }
    this.#lock = await ProcessLock.take(
      path.join(this.#folder, LOCK_FILE),
      (owner) =>
        `The labels of this folder are being edited in another Orthomask${owner === null ? "" : ` (process ${owner.pid} on ${owner.host}, since ${owner.since.slice(0, 16).replace("T", " ")} UTC)`}. Try again when it has finished, or close it.`,
      { askMilliseconds },
    );
    this.#questionTimer = setInterval(() => {
      void this.#answerQuestion().catch(() => undefined);
    }, LOOK_FOR_QUESTION_MILLISECONDS);
    this.#questionTimer.unref();
  }

  async #release(): Promise<void> {
    clearInterval(this.#questionTimer ?? undefined);
    this.#questionTimer = null;
    const lock = this.#lock;
    this.#lock = null;
    await lock?.release();
  }

  /** Lets go of the lock when another process asks for it and no step is under way. */
  async #answerQuestion(): Promise<void> {
    const isFree = (): boolean => performance.now() - this.#lastStep > KEEP_AFTER_STEP_MILLISECONDS;
    if (this.#isHandingOver || !isFree() || (await this.#lock?.isAskedFor()) !== true) {
      return;
    }
    this.#isHandingOver = true;
    await this.#inTurn(async () => {
      if (this.#lock !== null && isFree()) {
        await this.#handOver();
      }
    }).finally(() => {
      this.#isHandingOver = false;
    });
  }

  async #handOver(): Promise<void> {
    const edited = [...this.#known].flatMap(([labelsId, known]) =>
      known.opened.kind === "store" ? [{ labelsId, known, store: known.opened.store }] : [],
    );
    // Where this fails, on a full disk for one, the lock is kept.
    for (const { store } of edited) {
      await store.checkpoint();
    }
    for (const { labelsId, known, store } of edited) {
      // What is read meanwhile waits for it.
      known.loading = (async () => {
        // All has been written above: a file that can't be closed takes nothing with it.
        await store.close().catch(() => undefined);
        known.opened = { kind: "none" };
        await this.#load(labelsId, known, known.base);
      })();
      await known.loading;
      known.loading = null;
    }
    await this.#release();
  }

  /** Finishes what a crash interrupted, unless another process is at it. */
  async #recover(mosaicId: string, known: Known): Promise<void> {
    const isHeld = this.#lock !== null;
    try {
      // Who edits them now is merely ahead of the chunks, and isn't to be disturbed.
      const store = await this.#openStore(mosaicId, known, { askMilliseconds: 0 });
      if (isHeld) {
        return;
      }
      await store.close();
      known.opened = { kind: "none" };
    } catch (error) {
      if (!(error instanceof RpcError && error.code === "conflict")) {
        throw error;
      }
    } finally {
      if (!isHeld) {
        await this.#release();
      }
    }
    known.opened = {
      kind: "reader",
      reader: await LabelReader.open(this.#folderOf(mosaicId), known.base),
    };
  }

  /** Tells of what another process has changed, which isn't known more closely. */
  #tellIfOther(labelsId: string, known: Known, before: number): void {
    const revision = revisionOf(known);
    if (revision !== before) {
      const { width, height } = known.base;
      this.#tell(labelsId, { revision, windows: [{ x: 0, y: 0, width, height }] }, null);
    }
  }

  #tell(
    mosaicId: string,
    { revision, windows }: Pick<StoredChange, "revision" | "windows">,
    editId: string | null,
  ): void {
    for (const listener of [...this.#listeners]) {
      listener({ mosaicId: mosaicOf(mosaicId), revision, windows, editId });
    }
  }

  /** Steps of earlier sessions come before those of this one, whatever the clock says. */
  #notice(...steps: readonly ({ readonly time: number } | null | undefined)[]): void {
    this.#time = Math.max(this.#time, ...steps.map((step) => step?.time ?? 0));
  }

  #nextTime(): number {
    this.#time = Math.max(Date.now(), this.#time + 1);
    return this.#time;
  }

  #folderOf(mosaicId: string): string {
    return path.join(this.#folder, encodeURIComponent(mosaicId));
  }

  /** One change after the other, over all mosaics: the order of the steps is the order of undoing them. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function stepOf(
  opened: Opened,
  way: "undo" | "redo",
): { readonly name: string; readonly time: number } | null {
  switch (opened.kind) {
    case "none":
      return null;
    case "reader": {
      const { history } = opened.reader;
      return (way === "undo" ? history.lastApplied : history.nextUndone)?.record ?? null;
    }
    case "store":
      return way === "undo" ? opened.store.undoStep : opened.store.redoStep;
  }
}

/** 0 where nothing has been edited. */
function revisionOf({ opened }: Known): number {
  switch (opened.kind) {
    case "none":
      return 0;
    case "reader":
      return opened.reader.revision;
    case "store":
      return opened.store.revision;
  }
}

async function closeOpened(known: Known): Promise<void> {
  const { opened } = known;
  known.opened = { kind: "none" };
  if (opened.kind === "store") {
    await opened.store.close();
  }
}

function unionOf(shapes: readonly { readonly window: PixelWindow | null }[]): PixelWindow | null {
  let union: PixelWindow | null = null;
  for (const { window } of shapes) {
    if (window === null || union === null) {
      union ??= window;
      continue;
    }
    const x = Math.min(union.x, window.x);
    const y = Math.min(union.y, window.y);
    union = {
      x,
      y,
      width: Math.max(union.x + union.width, window.x + window.width) - x,
      height: Math.max(union.y + union.height, window.y + window.height) - y,
    };
  }
  return union;
}
