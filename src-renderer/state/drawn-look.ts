import {
  layerKinds,
  type LayerKind,
  type LayerLook,
  type Swipe,
  type SwipeSide,
} from "#shared/project/display-state.ts";

/** Everything that decides how the layers of the mosaics are drawn, as plain values. */
export interface LayerStates {
  readonly kinds: Readonly<Record<LayerKind, LayerLook>>;
  /** Mosaics whose own layers are set apart. */
  readonly mosaics: ReadonlyMap<string, Readonly<Record<LayerKind, LayerLook>>>;
  readonly hiddenMosaicIds: ReadonlySet<string>;
  /** True while the key is held that takes all overlays away. */
  readonly overlaysHeld: boolean;
  readonly swipe: Swipe | null;
  /** 0–1 of the map's width. */
  readonly swipePosition: number;
}

/** What there is of a mosaic besides its imagery. */
export interface LayerPresence {
  readonly labels: boolean;
  readonly prediction: boolean;
  /** Whether the prediction is a run's, which says how sure it is; masks from elsewhere don't. */
  readonly byRun: boolean;
  /** The prediction of the run that is compared. */
  readonly other: boolean;
}

/** Whether there is a layer of a kind, given what there is; there is always imagery. */
export function hasLayer(kind: LayerKind, { labels, prediction, byRun, other }: LayerPresence): boolean {
  switch (kind) {
    case "imagery":
    case "unlabelled":
      return true;
    case "labels":
      return labels;
    case "prediction":
      return prediction;
    case "confidence":
    case "uncertainty":
      return prediction && byRun;
    case "other":
      return other;
    case "disagreement":
      return labels && prediction && byRun && other;
    case "errors":
      return labels && prediction;
  }
}

/** The kinds of layers that lists name: the four usual ones always, the others only where there are any. */
export function listedLayers(presence: LayerPresence): LayerKind[] {
  const usual: readonly LayerKind[] = ["imagery", "labels", "prediction", "errors"];
  return layerKinds.filter((kind) => usual.includes(kind) || hasLayer(kind, presence));
}

/** How a layer of a mosaic is drawn: with which share of its kind's opacity, and in which span of the map's width, all 0–1. */
export interface DrawnLook {
  readonly opacity: number;
  readonly from: number;
  readonly to: number;
}

/**
 * How the layer of a mosaic is drawn just now, or null when it isn't.
 *
 * The eyes of kind, mosaic and layer must all be open, but what a swipe names is shown whatever they say, on its own side.
 * Beneath an overlay its imagery is shown; an overlay that the swipe doesn't name would only be in the way.
 */
export function drawnLook(states: LayerStates, kind: LayerKind, mosaicId: string): DrawnLook | null {
  if (kind !== "imagery" && states.overlaysHeld) {
    return null;
  }
  const own = states.mosaics.get(mosaicId)?.[kind] ?? { visible: true, opacity: 1 };
  const open = own.visible && !states.hiddenMosaicIds.has(mosaicId);
  const { swipe, swipePosition } = states;
  if (swipe === null) {
    return open && states.kinds[kind].visible ? { opacity: own.opacity, from: 0, to: 1 } : null;
  }
  const shows = (side: SwipeSide): boolean => {
    if (side.kind !== kind && kind !== "imagery") {
      return false;
    }
    if (side.mosaicId === mosaicId) {
      return side.kind === kind || (own.visible && states.kinds.imagery.visible);
    }
    const comparesMosaics = side.mosaicId !== null && namesMosaic(swipe, mosaicId);
    if (!open || comparesMosaics) {
      return false;
    }
    // Imagery of mosaics that the swipe doesn't name goes on lying around those it does.
    return kind === "imagery" ? states.kinds.imagery.visible || side.kind === kind : side.mosaicId === null;
  };
  const left = shows(swipe.left);
  const right = shows(swipe.right);
  if (!left && !right) {
    return null;
  }
  return { opacity: own.opacity, from: left ? 0 : swipePosition, to: right ? 1 : swipePosition };
}

/** The mosaic that the swipe names on the side of a place on the map, 0–1 of its width from the left; null without one. */
export function mosaicInFront({ swipe, swipePosition }: LayerStates, share: number): string | null {
  return swipe === null ? null : (share < swipePosition ? swipe.left : swipe.right).mosaicId;
}

/** Whether a layer of the mosaic is one of the two compared. */
export function namesMosaic(swipe: Swipe | null, mosaicId: string): boolean {
  return swipe !== null && (swipe.left.mosaicId === mosaicId || swipe.right.mosaicId === mosaicId);
}
