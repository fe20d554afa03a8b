import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { Prediction } from "#shared/contract.ts";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { ViewState } from "#shared/project/project-snapshot.ts";

/** What is drawn of every mosaic, bottom first. */
export const layerKinds = ["imagery", "labels", "prediction"] as const;
export type LayerKind = (typeof layerKinds)[number];

/** How classes are drawn over imagery. */
export type ClassDrawing = "fill" | "outline";

/** How one kind of layer is shown. */
export class LayerSetting {
  readonly kind: LayerKind;
  readonly title: string;
  /** The key that shows and hides it. */
  readonly key: string;
  visible = $state(true);
  /** 0–1. */
  opacity = $state(1);
  drawing: ClassDrawing = $state("fill");

  constructor(kind: LayerKind, title: string, key: string, opacity: number) {
    this.kind = kind;
    this.title = title;
    this.key = key;
    this.opacity = opacity;
  }
}

/** Two kinds side by side, divided at `position` (0–1 of the map's width). */
export interface Swipe {
  readonly left: LayerKind;
  readonly right: LayerKind;
}

/** A part of a prediction that has to be drawn anew; `pixelWindow` null means all of it. */
export interface PredictionRedraw {
  readonly runId: string;
  readonly mosaicId: string;
  readonly pixelWindow: PixelWindow | null;
}

/** One change as the host reports it. */
export interface PredictionChange {
  readonly prediction: Prediction;
  readonly pixelWindow: PixelWindow | null;
  readonly removed: boolean;
}

/** Which layers the map shows and how; knows nothing of how they are drawn. */
export class Layers {
  readonly imagery = new LayerSetting("imagery", "Imagery", "1", 1);
  readonly labels = new LayerSetting("labels", "Labels", "2", 0.6);
  readonly prediction = new LayerSetting("prediction", "Prediction", "3", 0.6);

  /** True while the key is held that takes all overlays away. */
  overlaysHeld = $state(false);
  swipe: Swipe | null = $state(null);
  /** Where the swipe divides the map, 0–1 of its width. */
  swipePosition = $state(0.5);
  /** Mosaics taken off the map one by one. */
  readonly hiddenMosaicIds = new SvelteSet<string>();

  readonly #predictions = new SvelteMap<string, Prediction>();
  #chosenRunId: string | null = $state(null);
  readonly #redrawListeners = new Set<(redraw: PredictionRedraw) => void>();

  /** The setting of a kind. */
  setting(kind: LayerKind): LayerSetting {
    return this[kind];
  }

  /** Whether a kind is on the map just now, with held keys and the swipe taken into account. */
  shown(kind: LayerKind): boolean {
    if (kind === "imagery") {
      return this.imagery.visible;
    }
    if (this.overlaysHeld) {
      return false;
    }
    if (this.swipe !== null) {
      // What is compared is shown even if it was off; a third overlay would only be in the way.
      return this.swipe.left === kind || this.swipe.right === kind;
    }
    return this.setting(kind).visible;
  }

  toggle(kind: LayerKind): void {
    const setting = this.setting(kind);
    setting.visible = !setting.visible;
  }

  /** Shows either the labels or the prediction, the one that isn't shown now. */
  alternateTruthAndPrediction(): void {
    if (this.swipe !== null) {
      this.swipe = { left: this.swipe.right, right: this.swipe.left };
      return;
    }
    const showPrediction = this.labels.visible || !this.prediction.visible;
    this.labels.visible = !showPrediction;
    this.prediction.visible = showPrediction;
  }

  /** Starts comparing two kinds, or stops when the same pair is already compared. */
  compare(left: LayerKind, right: LayerKind): void {
    if (left === right || (this.swipe?.left === left && this.swipe.right === right)) {
      this.swipe = null;
      return;
    }
    this.swipe = { left, right };
  }

  toggleMosaic(mosaicId: string): void {
    if (!this.hiddenMosaicIds.delete(mosaicId)) {
      this.hiddenMosaicIds.add(mosaicId);
    }
  }

  /** Runs that have predicted something, the latest prediction last. */
  get predictionRunIds(): string[] {
    return [...new Set([...this.#predictions.values()].map(({ runId }) => runId))];
  }

  /** The run whose prediction is on the map: the chosen one, else the one that predicted last. */
  get predictionRunId(): string | null {
    const runIds = this.predictionRunIds;
    if (this.#chosenRunId !== null && runIds.includes(this.#chosenRunId)) {
      return this.#chosenRunId;
    }
    return runIds.at(-1) ?? null;
  }

  choosePredictionRun(runId: string): void {
    this.#chosenRunId = runId;
  }

  /** The prediction of a mosaic that is on the map, or null. */
  predictionOf(mosaicId: string): Prediction | null {
    const runId = this.predictionRunId;
    return runId === null ? null : (this.#predictions.get(predictionKey(runId, mosaicId)) ?? null);
  }

  /** Predictions of the run that is on the map. */
  get shownPredictions(): Prediction[] {
    const runId = this.predictionRunId;
    return [...this.#predictions.values()].filter((prediction) => prediction.runId === runId);
  }

  /** Takes up a change that the host reports, and tells the map what to draw anew. */
  applyPredictionChange({ prediction, pixelWindow, removed }: PredictionChange): void {
    const { runId, mosaicId } = prediction;
    const key = predictionKey(runId, mosaicId);
    const known = this.#predictions.get(key);
    if (removed) {
      this.#predictions.delete(key);
    } else {
      if (known === undefined && this.#chosenRunId !== null && this.#chosenRunId !== runId) {
        // A run that begins to predict is what its owner wants to see.
        this.#chosenRunId = null;
      }
      this.#predictions.set(key, prediction);
    }
    for (const listener of this.#redrawListeners) {
      listener({ runId, mosaicId, pixelWindow: removed ? null : pixelWindow });
    }
  }

  /** Hears of every part of a prediction to draw anew; returns how to stop. */
  onPredictionRedraw(listener: (redraw: PredictionRedraw) => void): () => void {
    this.#redrawListeners.add(listener);
    return () => {
      this.#redrawListeners.delete(listener);
    };
  }

  /** Forgets what belongs to a project, before another is opened. */
  clearProject(): void {
    this.#predictions.clear();
    this.#chosenRunId = null;
    this.hiddenMosaicIds.clear();
    this.swipe = null;
  }

  /** What is kept with the project. */
  saved(): ViewState["layers"] {
    return Object.fromEntries(
      layerKinds.map((kind) => {
        const { visible, opacity } = this.setting(kind);
        return [kind, { visible, opacity }];
      }),
    );
  }

  /** Takes up what was kept with the project. */
  restore(saved: ViewState["layers"]): void {
    for (const kind of layerKinds) {
      const kept = saved[kind];
      if (kept !== undefined) {
        const setting = this.setting(kind);
        setting.visible = kept.visible;
        setting.opacity = kept.opacity;
      }
    }
  }
}

function predictionKey(runId: string, mosaicId: string): string {
  return `${runId}\n${mosaicId}`;
}
