import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { AcceptChoice } from "#shared/command-line/command-lines.ts";
import type { AcceptedChange, LabelChange, LabelHistoryNames } from "#shared/contract.ts";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { BrushTip, LabelEdit, PixelPoint } from "#shared/labels/label-edit.ts";
import { paintableIds } from "#shared/labels/paint-pixels.ts";
import { shapeWindow } from "#shared/labels/rasterize-shape.ts";
import { UNLABELLED_ID, type LandClass } from "#shared/project/land-class.ts";
import { awaitResult } from "./await-result.ts";
import { noteDuration } from "./durations.ts";
import { LabelPixels } from "./label-pixels.ts";
import { SelectionState } from "./label-selection.svelte.ts";
import { OwnSteps, type OwnStep } from "./own-steps.ts";
import { SegmentPrompts } from "./segment-prompts.svelte.ts";
import { SuperpixelView } from "./superpixel-view.svelte.ts";
import { isCancelled, sentenceOf, type HostAccess } from "./host-access.ts";
import { watchStream } from "./watch-stream.ts";

/** What was painted, as far as the map must know: shown at once, taken off again when the host refuses it. */
export interface LabelPaint {
  /** 1 by id that may be painted over. */
  readonly paintable: Uint8Array;
  /** Grows while a gesture goes on. */
  parts: LabelEdit["parts"];
  /** `at` is of `performance.now`. */
  state:
    | { readonly kind: "open" }
    | { readonly kind: "sent" }
    | { readonly kind: "stored"; readonly at: number }
    | { readonly kind: "dropped" };
}

/** The map as labelling needs it; it attaches itself when it appears. All places are screen pixels of the map, or pixels of a mosaic. */
export interface LabelSurface {
  /** The topmost mosaic at a place and the point of it. */
  locate(screen: PixelPoint): { readonly mosaicId: string; readonly point: PixelPoint } | null;
  toMosaic(mosaicId: string, screen: PixelPoint): PixelPoint | null;
  /** The mosaic nearest to the middle of the map, what is in view of it, and its pixels in a screen pixel; null without one. */
  viewed(): {
    readonly mosaicId: string;
    readonly pixelWindow: PixelWindow;
    readonly mosaicPixelsPerScreenPixel: number;
  } | null;
  /** What is in view of each mosaic that is shown, the one nearest to the middle first. */
  viewedWindows(): readonly { readonly mosaicId: string; readonly pixelWindow: PixelWindow }[];
  /** What is in view of a mosaic. */
  viewOf(mosaicId: string): PixelWindow | null;
  toScreen(mosaicId: string, point: PixelPoint): PixelPoint | null;
  /** Adds a paint: shown on the tiles there are and on those that come until it is stored. */
  paint(mosaicId: string, paint: LabelPaint): void;
  /** Shows more of a paint that was added, in the frame that is drawn next. */
  extend(mosaicId: string, paint: LabelPaint, parts: LabelEdit["parts"]): void;
  /** Shows a paint taken back, or done again, as the map remembers it; false where it doesn't. Resolves when it was handed to the screen. */
  move(mosaicId: string, paint: LabelPaint): Promise<boolean>;
  /** A paint is never taken back. */
  forget(paint: LabelPaint): void;
  /** A gesture is over: what was kept back for it is drawn. */
  settle(): void;
  /** Reads labels again under these windows; null for all. */
  redraw(mosaicId: string, pixelWindows: readonly PixelWindow[] | null): void;
  /** Resolves when the map shows labels as new as it has been told of. */
  drawn(): Promise<void>;
}

/** How wide the tip may be. */
export const LEAST_SIZE = 1;
export const MOST_SIZE = 2000;

/** What is being painted with, and what was: the tool's options and the way of edits to the host. */
export class Labelling {
  readonly #host: HostAccess;
  readonly #projectId: string;
  readonly #surroundings: LabellingSurroundings;
  readonly pixels: LabelPixels;
  readonly selection: SelectionState;
  readonly segments: SegmentPrompts;
  readonly superpixels: SuperpixelView;

  /** The chosen tool's id; null leaves the pointer to the map. */
  toolId: string | null = $state(null);
  #paintId: number | null = $state(null);
  /** The tip's width, in screen pixels or pixels of the mosaic. */
  #size = $state(32);
  sizeUnit: "screen" | "mosaic" = $state("screen");
  tip: BrushTip = $state("round");
  /** Whether how hard a pen is pressed makes the tip wider or narrower. */
  followsPressure = $state(false);
  onlyUnlabelled = $state(false);
  /** What polygon, rectangle and lasso do with what they enclose. */
  shapeMode: ShapeMode = $state("add");
  /** Whether corners of polygons are drawn to edges of labels. */
  snapping = $state(true);
  /** What the bucket takes for one area. */
  fillBy: "class" | "color" = $state("class");
  #tolerance = $state(24);
  /** Radius of the wand's smoothing in its samples; 0 for none. */
  smoothing = $state(1);
  /** Which class of a prediction is accepted; null for all. */
  acceptClassId: number | null = $state(null);
  /** The least confidence that is accepted, 0–1. */
  acceptConfidence = $state(0);
  #lastAccepted: readonly AcceptedArea[] = $state.raw([]);
  /** Where the pointer is, while a tool is chosen; null away from mosaics. */
  pointer: { readonly mosaicId: string; readonly point: PixelPoint } | null = null;
  readonly lockedIds = new SvelteSet<number>();
  #accepting: { readonly share: number; readonly stop: () => void } | null = $state.raw(null);
  #lastRedrawn = "";
  readonly #steps = new OwnSteps();
  readonly #goingOn = new Set<AbortController>();
  #strokesStored = $state(0);
  /** The newest revision of each mosaic's labels that this page has heard of; mosaics that have not changed meanwhile have none. */
  readonly #revisions = new SvelteMap<string, number>();
  #history: LabelHistoryNames = $state.raw({ undo: null, redo: null });

  constructor(host: HostAccess, projectId: string, surroundings: LabellingSurroundings) {
    this.#host = host;
    this.#projectId = projectId;
    this.#surroundings = surroundings;
    this.pixels = new LabelPixels(host, projectId);
    this.superpixels = new SuperpixelView(this.pixels);
    this.selection = new SelectionState(() => {
      this.segments.clear();
    });
    this.segments = new SegmentPrompts(host, projectId, (area) => {
      this.selection.choose(null, area, "replace");
    });
  }

  /** Follows what this page and others paint, until `signal` aborts. */
  watch(signal: AbortSignal): void {
    this.segments.watch(signal);
    void watchStream(
      this.#host.link,
      (streamSignal) =>
        this.#host.client.labels.watch({ projectId: this.#projectId }, { signal: streamSignal }),
      ({ history, changes }) => {
        this.#history = history;
        for (const change of changes) {
          this.#steps.told(change.mosaicId, change.revision);
          this.#revisions.set(change.mosaicId, change.revision);
          this.#redraw(change);
        }
      },
      { signal },
    );
  }

  /** Another word once labels of these mosaics have changed: numbers counted before are of others then. */
  labelsMark(mosaicIds: readonly string[]): string {
    return mosaicIds.map((id) => `${id} ${this.#revisions.get(id) ?? 0}`).join();
  }

  get surface(): LabelSurface | null {
    return this.#surroundings.surface();
  }

  get classes(): readonly LandClass[] {
    return this.#surroundings.classes();
  }

  /** The run whose prediction is on the map, or would be if it weren't hidden: it is what is accepted as labels. */
  get predictionRunId(): string | null {
    return this.#surroundings.predictionRunId();
  }

  /** Why there is no such run, and what to do; null when there is. */
  get predictionObstacle(): string | null {
    return this.#surroundings.predictionObstacle();
  }

  /** What the user calls that run; null without one. */
  get predictionRunName(): string | null {
    return this.predictionRunId === null ? null : this.#surroundings.runName(this.predictionRunId);
  }

  /** Whether that run's prediction of a mosaic is stored. */
  hasStoredPrediction(mosaicId: string): boolean {
    return this.#surroundings.hasStoredPrediction(mosaicId);
  }

  nameOf(mosaicId: string): string {
    return this.#surroundings.mosaicName(mosaicId);
  }

  /** How far a colour may be from the one pointed at, 0–255. */
  get tolerance(): number {
    return this.#tolerance;
  }

  set tolerance(tolerance: number) {
    this.#tolerance = Math.min(255, Math.max(0, Math.round(tolerance)));
  }

  /** A mosaic's size in pixels. */
  sizeOf(mosaicId: string): PixelSize | null {
    return this.#surroundings.sizeOf(mosaicId);
  }

  /** What is in view of a mosaic, in its pixels. */
  viewOf(mosaicId: string): PixelWindow | null {
    return this.surface?.viewOf(mosaicId) ?? null;
  }

  /** Says something that the user should know and need not answer. */
  note(sentence: string): void {
    this.#surroundings.onNote(sentence);
  }

  /** The class to paint with: the chosen one while it exists, else the first; null without classes. */
  get paintClass(): LandClass | null {
    const { classes } = this;
    return classes.find(({ id }) => id === this.#paintId) ?? classes[0] ?? null;
  }

  chooseClass(id: number): void {
    this.#paintId = id;
  }

  toggleLock(id: number): void {
    if (!this.lockedIds.delete(id)) {
      this.lockedIds.add(id);
    }
  }

  get history(): LabelHistoryNames {
    return this.#history;
  }

  get size(): number {
    return this.#size;
  }

  set size(size: number) {
    this.#size = Math.min(MOST_SIZE, Math.max(LEAST_SIZE, Math.round(size)));
  }

  /** Makes the tip a fifth larger or smaller, at least by one. */
  changeSize(direction: 1 | -1): void {
    const changed = direction > 0 ? Math.max(this.size + 1, this.size * 1.2) : this.size / 1.2;
    this.size = direction > 0 ? changed : Math.min(this.size - 1, changed);
  }

  /** Which pixels may be painted over now. */
  get rules(): LabelEdit["rules"] {
    return { lockedIds: [...this.lockedIds], onlyUnlabelled: this.onlyUnlabelled };
  }

  /** Begins a paint that is shown as it grows; end it with `store` or `drop`. */
  begin(mosaicId: string): OpenPaint {
    const { rules } = this;
    const paint: LabelPaint = { paintable: paintableIds(rules), parts: [], state: { kind: "open" } };
    this.surface?.paint(mosaicId, paint);
    return {
      show: (parts, added = parts) => {
        paint.parts = [...parts];
        this.surface?.extend(mosaicId, paint, [...added]);
      },
      store: (name) => {
        paint.state = { kind: "sent" };
        this.surface?.settle();
        void this.#store(mosaicId, paint, { name, parts: paint.parts, rules });
      },
      drop: () => {
        this.#drop(mosaicId, paint);
      },
    };
  }

  /** Paints shapes at once, as one step. */
  paint(mosaicId: string, name: string, parts: LabelEdit["parts"]): void {
    const open = this.begin(mosaicId);
    open.show(parts);
    open.store(name);
  }

  /** Paints what is selected with the class in hand. */
  paintSelection(): void {
    if (this.paintClass !== null) {
      this.#endSelection(this.segments.prompts.length > 0 ? "Segment" : "Wand", this.paintClass.id);
    }
  }

  /** Takes the labels away under what is selected. */
  eraseSelection(): void {
    this.#endSelection("Erase selection", UNLABELLED_ID);
  }

  /** Stores what is selected as one step, and gives the selection up. */
  #endSelection(name: string, paintId: number): void {
    const { current } = this.selection;
    const parts = this.selection.parts(paintId);
    if (current !== null && parts.length > 0) {
      this.paint(current.mosaicId, name, parts);
    }
    this.selection.clear();
  }

  /** Makes the prediction the labels inside a ring of each of these mosaics, as one step; answers what has changed, nothing where it was stopped or failed. */
  async accept(rings: readonly MosaicRing[]): Promise<readonly AcceptedChange[]> {
    const { predictionRunId } = this;
    if (predictionRunId === null || rings.length === 0) {
      return [];
    }
    const choice = {
      runId: predictionRunId,
      classId: this.acceptClassId,
      leastConfidence: this.acceptConfidence,
      rules: this.rules,
    };
    this.#accepting?.stop();
    const stopped = new AbortController();
    const accepting = { share: 0, stop: () => stopped.abort() };
    this.#accepting = accepting;
    let accepted: readonly AcceptedChange[] = [];
    await this.attempt(async () => {
      const items = this.#host.client.labels.accept(
        {
          projectId: this.#projectId,
          name: "Accept prediction",
          areas: rings.map(({ mosaicId, ring }) => ({
            mosaicId,
            area: { kind: "polygon", rings: [[...ring]] },
          })),
          ...choice,
        },
        { signal: stopped.signal },
      );
      accepted = await awaitResult(items, (share) => {
        if (this.#accepting?.stop === accepting.stop) {
          this.#accepting = { ...accepting, share };
        }
      });
      this.#lastAccepted = rings.map(({ mosaicId, ring }) => ({ ...choice, mosaicId, ring }));
    });
    if (this.#accepting?.stop === accepting.stop) {
      this.#accepting = null;
    }
    return accepted;
  }

  /** How much of what is being accepted is done, 0–1, and how to stop it; null while nothing is. */
  get accepting(): { readonly share: number; readonly stop: () => void } | null {
    return this.#accepting;
  }

  /** What was accepted last in this window, mosaic by mosaic, so that it can be copied as commands. */
  get lastAccepted(): readonly AcceptedArea[] {
    return this.#lastAccepted;
  }

  /** How many edits of this window the host has stored since the project was opened. */
  get strokesStored(): number {
    return this.#strokesStored;
  }

  async undo(): Promise<void> {
    await this.attempt(() => this.#move("undo"));
  }

  async redo(): Promise<void> {
    await this.attempt(() => this.#move("redo"));
  }

  /** Takes back or does again: a step of this page shows at once from memory, any other when it was read again. */
  async #move(way: "undo" | "redo"): Promise<void> {
    const start = performance.now();
    const own = this.#steps.move(way);
    const shown = own === null ? false : (this.surface?.move(own.mosaicId, own.paint) ?? false);
    void Promise.resolve(shown).then((isShown) => {
      if (isShown) {
        noteDuration("undo", start);
      }
    });
    try {
      const change = await this.#host.client.labels[way]({ projectId: this.#projectId });
      if (change !== null) {
        this.#steps.made(change.mosaicId, change.revision);
        this.#revisions.set(change.mosaicId, change.revision);
        this.#redraw(change);
      }
      if (change?.mosaicId !== own?.mosaicId) {
        this.#forgetSteps(own);
      }
      if (change !== null && !(await shown)) {
        await this.surface?.drawn();
        noteDuration("undo", start);
      }
    } catch (thrown) {
      this.#forgetSteps(own);
      throw thrown;
    }
  }

  /** Another step was moved than the one that was shown, or none: what was shown too early is read again. */
  #forgetSteps(shown: OwnStep | null): void {
    this.#steps.forget();
    if (shown !== null) {
      this.surface?.redraw(shown.mosaicId, null);
    }
  }

  /** Has a change read from the host, once, though both an answer and the stream tell of it. */
  #redraw(change: LabelChange): void {
    const told = JSON.stringify(change);
    if (told !== this.#lastRedrawn) {
      this.#lastRedrawn = told;
      this.surface?.redraw(change.mosaicId, change.pixelWindows);
    }
  }

  async #store(mosaicId: string, paint: LabelPaint, edit: LabelEdit): Promise<void> {
    if (edit.parts.length === 0) {
      this.#drop(mosaicId, paint);
      return;
    }
    this.#steps.begin();
    try {
      const { revision } = await this.#host.client.labels.edit({
        projectId: this.#projectId,
        mosaicId,
        edit,
      });
      paint.state = { kind: "stored", at: performance.now() };
      this.#steps.end({ mosaicId, paint }, revision);
      if (revision !== null) {
        this.#revisions.set(mosaicId, revision);
      }
      this.#strokesStored += 1;
    } catch (thrown) {
      this.#steps.end({ mosaicId, paint }, null);
      this.#drop(mosaicId, paint);
      this.#surroundings.onFailure(sentenceOf(thrown));
    }
  }

  #drop(mosaicId: string, paint: LabelPaint): void {
    paint.state = { kind: "dropped" };
    this.surface?.forget(paint);
    this.surface?.settle();
    const windows = paint.parts.map(({ shape }) => shapeWindow(shape));
    this.surface?.redraw(
      mosaicId,
      windows.filter((window) => window !== null),
    );
  }

  /** As `attempt`, for what goes on after its gesture has ended, or is shown late: `stop` ends it, or the `stopped` that it is given. */
  async attemptUntilStopped(
    action: (signal: AbortSignal) => Promise<unknown>,
    stopped = new AbortController(),
  ): Promise<void> {
    this.#goingOn.add(stopped);
    await this.attempt(() => action(stopped.signal));
    this.#goingOn.delete(stopped);
  }

  /** Ends what goes on after gestures, without a trace; false when nothing does. */
  stop(): boolean {
    const isGoingOn = this.#goingOn.size > 0 || this.#accepting !== null;
    this.#accepting?.stop();
    for (const each of this.#goingOn) {
      each.abort();
    }
    this.#goingOn.clear();
    return isGoingOn;
  }

  /** Does something of a tool's and says in a sentence when it fails; being cancelled is no failure. */
  async attempt(action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (thrown) {
      if (!(thrown instanceof DOMException && thrown.name === "AbortError") && !isCancelled(thrown)) {
        this.#surroundings.onFailure(sentenceOf(thrown));
      }
    }
  }
}

/** What labelling needs of the window around it. */
export interface LabellingSurroundings {
  readonly classes: () => readonly LandClass[];
  readonly sizeOf: (mosaicId: string) => PixelSize | null;
  readonly mosaicName: (mosaicId: string) => string;
  readonly runName: (runId: string) => string;
  readonly predictionRunId: () => string | null;
  readonly predictionObstacle: () => string | null;
  /** Whether that run's prediction of a mosaic is stored. */
  readonly hasStoredPrediction: (mosaicId: string) => boolean;
  readonly surface: () => LabelSurface | null;
  readonly onFailure: (sentence: string) => void;
  readonly onNote: (sentence: string) => void;
}

/** A ring in a mosaic's pixels. */
export interface MosaicRing {
  readonly mosaicId: string;
  readonly ring: readonly PixelPoint[];
}

/** What was accepted in one mosaic. */
export type AcceptedArea = AcceptChoice & { readonly mosaicId: string };

/** Paint, take labels away, or have the class's areas that are touched become the shape. */
export type ShapeMode = "add" | "subtract" | "replace";

/** A paint that a gesture is making. */
export interface OpenPaint {
  /** Shows all of the paint; `added` is what is new since the last call, if that is less. */
  show(parts: LabelEdit["parts"], added?: LabelEdit["parts"]): void;
  /** Stores it as one step. */
  store(name: string): void;
  /** Takes it off the map again. */
  drop(): void;
}
