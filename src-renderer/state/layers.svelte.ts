import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { Prediction } from "#shared/contract.ts";
import type { EvaluatedGround } from "#shared/metrics/evaluated-ground.ts";
import type { PlaceSelection } from "#shared/metrics/evaluation-detail.ts";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import {
  initialDisplay,
  layerKinds,
  type ClassDrawing,
  type DisplayState,
  type LayerKind,
  type Swipe,
  type SwipeSide,
} from "#shared/project/display-state.ts";
import { drawnLook, type LayerStates } from "./drawn-look.ts";
import { GroundAreaLayer } from "./ground-areas.svelte.ts";
import { ImageryDisplaySettings } from "./imagery-displays.svelte.ts";
import { MosaicLooks } from "./mosaic-looks.svelte.ts";
import { layAside, SetAside } from "./set-aside.ts";

export { layerKinds, type ClassDrawing, type LayerKind } from "#shared/project/display-state.ts";

/** How one kind of layer is shown. */
export class LayerSetting {
  readonly kind: LayerKind;
  readonly title: string;
  /** The key that shows and hides it. */
  readonly key: string;
  #eye = $state.raw(new SetAside(true));
  /** 0–1. */
  opacity = $state(1);
  drawing: ClassDrawing = $state("fill");

  constructor(kind: LayerKind, title: string, key: string) {
    this.kind = kind;
    this.title = title;
    this.key = key;
    this.restore(initialDisplay.layers[kind]);
  }

  get visible(): boolean {
    return this.#eye.chosen && !this.#eye.isAside;
  }

  set visible(visible: boolean) {
    this.#eye = new SetAside(visible);
  }

  show(): void {
    this.visible = true;
  }

  /** Whether it is shown when nothing is laid aside: what is kept with the project. */
  get chosenVisible(): boolean {
    return this.#eye.chosen;
  }

  /** Takes it off the map for the moment, unless somebody shows it; returns how to end that. */
  layAside(): () => void {
    return layAside({ get: () => this.#eye, set: (eye) => (this.#eye = eye) });
  }

  restore({ visible, opacity, drawing }: DisplayState["layers"][LayerKind]): void {
    this.visible = visible;
    this.opacity = opacity;
    this.drawing = drawing;
  }
}

/** A part of a prediction that has to be drawn anew; `pixelWindow` null means all of it. */
export interface PredictionRedraw {
  readonly runId: string;
  readonly mosaicId: string;
  readonly pixelWindow: PixelWindow | null;
}

/** Masks from elsewhere on the map. */
export interface MasksOnMap {
  readonly masksId: string;
  /** The file or folder as the user knows it. */
  readonly name: string;
  /** Mosaics that a mask goes with. */
  readonly mosaicIds: readonly string[];
}

/** Which compared pixels of a run the errors are shown of: those that the shown numbers count. */
export interface ErrorGround {
  readonly borderTolerancePixels: number;
  readonly within: EvaluatedGround | null;
}

const allGround: ErrorGround = { borderTolerancePixels: 0, within: null };

/** One change as the host reports it. */
export interface PredictionChange {
  readonly prediction: Prediction;
  readonly pixelWindow: PixelWindow | null;
  readonly removed: boolean;
}

/** Which layers the map shows and how; knows nothing of how they are drawn. */
export class Layers {
  readonly imagery = new LayerSetting("imagery", "Imagery", "1");
  readonly labels = new LayerSetting("labels", "Labels", "2");
  readonly prediction = new LayerSetting("prediction", "Prediction", "3");
  readonly errors = new LayerSetting("errors", "Errors", "4");
  readonly confidence = new LayerSetting("confidence", "Confidence", "5");
  readonly other = new LayerSetting("other", "Other run", "6");
  readonly disagreement = new LayerSetting("disagreement", "Differences", "7");
  readonly uncertainty = new LayerSetting("uncertainty", "Uncertainty", "8");
  readonly unlabelled = new LayerSetting("unlabelled", "Unlabelled", "9");
  /** Which compared pixels the errors' layer shows. */
  errorSelection: PlaceSelection = $state.raw({ kind: "errors" });
  errorGround: ErrorGround = $state.raw(allGround);
  /** Masks from elsewhere that are shown and compared in place of a run's prediction; null for none. */
  masks: MasksOnMap | null = $state.raw(null);

  /** Parts of mosaics that are coloured over everything else. */
  readonly ground = new GroundAreaLayer();

  /** How imagery is turned into colours. */
  readonly displays = new ImageryDisplaySettings();

  /** True while the key is held that takes all overlays away. */
  overlaysHeld = $state(false);
  // Raw, since a proxy can't be sent through a MessagePort.
  #swipe = $state.raw(new SetAside<Swipe | null>(null));
  /** Where the swipe divides the map, 0–1 of its width. */
  swipePosition = $state(0.5);
  /** Mosaics taken off the map one by one. */
  readonly hiddenMosaicIds = new SvelteSet<string>();
  /** Mosaics whose own layers are set apart from the others'. */
  readonly mosaicLooks = new MosaicLooks();

  readonly #predictions = new SvelteMap<string, Prediction>();
  #chosenRunId: string | null = $state(null);
  /** The run that predicts what is in view as one looks, in place of what is stored; null while none does. */
  liveRunId: string | null = $state(null);
  /** The run that the shown one is compared with; null for none. */
  otherRunId: string | null = $state(null);
  readonly #redrawListeners = new Set<(redraw: PredictionRedraw) => void>();
  readonly #imageryListeners = new Set<(mosaicId: string) => void>();

  get swipe(): Swipe | null {
    return this.#swipe.isAside ? null : this.#swipe.chosen;
  }

  set swipe(swipe: Swipe | null) {
    this.#swipe = new SetAside(swipe);
  }

  /** Takes the swipe off the map for the moment, unless somebody begins one; returns how to end that. */
  laySwipeAside(): () => void {
    return layAside({ get: () => this.#swipe, set: (swipe) => (this.#swipe = swipe) });
  }

  /** The setting of a kind. */
  setting(kind: LayerKind): LayerSetting {
    return this[kind];
  }

  /** What a layer is called: by its run's name where two runs are compared. */
  titleOf(kind: LayerKind, runName: (runId: string) => string): string {
    const { predictionRunId, otherRunId } = this;
    const runId = kind === "prediction" ? predictionRunId : kind === "other" ? otherRunId : null;
    return runId === null || otherRunId === null ? this.setting(kind).title : runName(runId);
  }

  /** What decides how the layers are drawn just now, as plain values that outlive the next change. */
  get states(): LayerStates {
    const look = (kind: LayerKind): { visible: boolean; opacity: number } => {
      const { visible, opacity } = this.setting(kind);
      return { visible, opacity };
    };
    return {
      kinds: recordOfLayers(look),
      mosaics: new Map(this.mosaicLooks.all),
      hiddenMosaicIds: new Set(this.hiddenMosaicIds),
      overlaysHeld: this.overlaysHeld,
      swipe: this.swipe,
      swipePosition: this.swipePosition,
    };
  }

  /** Whether a layer of a mosaic is on the map just now, with held keys and the swipe taken into account. */
  shown(kind: LayerKind, mosaicId: string): boolean {
    return drawnLook(this.states, kind, mosaicId) !== null;
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

  /** Starts comparing two layers, or stops when the same two are already compared, whichever side they are on. */
  compare(left: SwipeSide, right: SwipeSide): void {
    const { swipe } = this;
    const sides = [sideKey(left), sideKey(right)];
    const known =
      swipe !== null && sides.includes(sideKey(swipe.left)) && sides.includes(sideKey(swipe.right));
    this.swipe = known || sides[0] === sides[1] ? null : { left, right };
  }

  /** Puts a layer on one side of the swipe; the two change places when it was on the other. */
  setSwipeSide(place: "left" | "right", side: SwipeSide): void {
    if (this.swipe === null) {
      return;
    }
    const other = place === "left" ? "right" : "left";
    const swapped = sideKey(this.swipe[other]) === sideKey(side);
    this.swipe = { ...this.swipe, [place]: side, ...(swapped ? { [other]: this.swipe[place] } : {}) };
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

  /** The run whose prediction is on the map: the one that predicts live, else the chosen one, else the one that predicted last; null while masks from elsewhere are. */
  get predictionRunId(): string | null {
    if (this.masks !== null) {
      return null;
    }
    if (this.liveRunId !== null) {
      return this.liveRunId;
    }
    const runIds = this.predictionRunIds;
    if (this.#chosenRunId !== null && runIds.includes(this.#chosenRunId)) {
      return this.#chosenRunId;
    }
    return runIds.at(-1) ?? null;
  }

  /** Why no run's prediction is on the map, and what to do; null when one is. */
  get predictionObstacle(): string | null {
    if (this.predictionRunId !== null) {
      return null;
    }
    return this.masks === null
      ? "Nothing is predicted yet: train a network, then predict in Results."
      : "Masks from elsewhere are on the map: Done under Places, in Results, shows a run's prediction again.";
  }

  choosePredictionRun(runId: string): void {
    this.masks = null;
    this.#chosenRunId = runId;
  }

  /** The prediction of a mosaic that is on the map, or null. */
  predictionOf(mosaicId: string): Prediction | null {
    const runId = this.predictionRunId;
    return runId === null ? null : (this.#predictions.get(predictionKey(runId, mosaicId)) ?? null);
  }

  /** Whether a prediction of a mosaic can be on the map. */
  hasPrediction(mosaicId: string): boolean {
    if (this.masks !== null) {
      return this.masks.mosaicIds.includes(mosaicId);
    }
    return this.liveRunId !== null || this.predictionOf(mosaicId) !== null;
  }

  /** Whether any prediction can be on the map. */
  get hasAnyPrediction(): boolean {
    return this.masks !== null || this.liveRunId !== null || this.shownPredictions.length > 0;
  }

  /** What the uncertainty on the map is computed from: of older predictions, the confidence. */
  get uncertaintyMeasure(): "entropy" | "confidence" {
    const isOld = this.shownPredictions.some(({ uncertainty }) => uncertainty === "confidence");
    return this.liveRunId === null && isOld ? "confidence" : "entropy";
  }

  /** Whether the run that is compared has predicted a mosaic. */
  hasOther(mosaicId: string): boolean {
    const { otherRunId } = this;
    return otherRunId !== null && this.#predictions.has(predictionKey(otherRunId, mosaicId));
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
      if (known === undefined && !prediction.complete && this.#chosenRunId !== runId) {
        // A run that begins to predict is what its owner wants to see.
        this.#chosenRunId = null;
      }
      this.#predictions.set(key, prediction);
    }
    for (const listener of this.#redrawListeners) {
      listener({ runId, mosaicId, pixelWindow: removed ? null : pixelWindow });
    }
  }

  /** A part of the live prediction has been made. */
  redrawLive(mosaicId: string, pixelWindow: PixelWindow): void {
    const runId = this.liveRunId;
    if (runId !== null) {
      for (const listener of this.#redrawListeners) {
        listener({ runId, mosaicId, pixelWindow });
      }
    }
  }

  /** Hears of every part of a prediction to draw anew; returns how to stop. */
  onPredictionRedraw(listener: (redraw: PredictionRedraw) => void): () => void {
    this.#redrawListeners.add(listener);
    return () => {
      this.#redrawListeners.delete(listener);
    };
  }

  /** Hears of every mosaic whose imagery can be had better than before; returns how to stop. */
  onImageryRedraw(listener: (mosaicId: string) => void): () => void {
    this.#imageryListeners.add(listener);
    return () => {
      this.#imageryListeners.delete(listener);
    };
  }

  /** A mosaic has got a pyramid: what is shown of it can be drawn better. */
  redrawImagery(mosaicId: string): void {
    for (const listener of this.#imageryListeners) {
      listener(mosaicId);
    }
  }

  /** Shows every error of all that is labelled. */
  showAllErrors(): void {
    this.errorSelection = { kind: "errors" };
    this.errorGround = allGround;
  }

  /** Forgets what belongs to a project, before another is opened. */
  clearProject(): void {
    this.#predictions.clear();
    this.showAllErrors();
    this.masks = null;
    this.otherRunId = null;
    this.liveRunId = null;
    this.ground.hide("split");
    this.ground.hide("blocks");
    this.ground.hide("conflicts");
    this.restore(initialDisplay);
  }

  /** What is kept with the project. */
  saved(): Omit<DisplayState, "selectedMosaicId" | "selectedRunId"> {
    const kind = (each: LayerKind): DisplayState["layers"][LayerKind] => {
      const { chosenVisible, opacity, drawing } = this.setting(each);
      return { visible: chosenVisible, opacity, drawing };
    };
    return {
      layers: recordOfLayers(kind),
      imagery: this.displays.saved(),
      mosaicLayers: this.mosaicLooks.saved(),
      hiddenMosaicIds: [...this.hiddenMosaicIds],
      swipe: this.#swipe.chosen,
      swipePosition: this.swipePosition,
      predictionRunId: this.#chosenRunId,
    };
  }

  /** Takes up what was kept with the project. */
  restore(saved: DisplayState): void {
    for (const kind of layerKinds) {
      this.setting(kind).restore(saved.layers[kind]);
    }
    this.displays.restore(saved.imagery);
    this.mosaicLooks.restore(saved.mosaicLayers);
    this.hiddenMosaicIds.clear();
    for (const mosaicId of saved.hiddenMosaicIds) {
      this.hiddenMosaicIds.add(mosaicId);
    }
    this.swipe = saved.swipe;
    this.swipePosition = saved.swipePosition;
    this.#chosenRunId = saved.predictionRunId;
  }
}

/** Something for each kind of layer. */
function recordOfLayers<Value>(valueOf: (kind: LayerKind) => Value): Record<LayerKind, Value> {
  return Object.fromEntries(layerKinds.map((kind) => [kind, valueOf(kind)])) as Record<LayerKind, Value>;
}

/** Names a side of a swipe: "labels" or "labels" and a mosaic's id. */
export function sideKey({ kind, mosaicId }: SwipeSide): string {
  return mosaicId === null ? kind : `${kind} ${mosaicId}`;
}

function predictionKey(runId: string, mosaicId: string): string {
  return `${runId}\n${mosaicId}`;
}
