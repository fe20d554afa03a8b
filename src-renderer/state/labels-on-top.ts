import { layerKinds, type LayerKind, type Swipe } from "#shared/project/display-state.ts";

/** The layers of the map, as far as it matters here. */
export interface CoveringLayers {
  setting(kind: LayerKind): { readonly title: string; visible: boolean };
  swipe: Swipe | null;
}

/** What was taken off the map so that the labels are seen. */
export interface LaidAside {
  /** As the panel of layers calls them: "Prediction". */
  readonly titles: readonly string[];
  /** Shows it again. */
  readonly bringBack: () => void;
}

/** Shows labels and imagery without anything over them, swipe included. */
export function showLabelsOnTop(layers: CoveringLayers): LaidAside {
  const stays: readonly LayerKind[] = ["imagery", "labels"];
  const hidden = layerKinds
    .filter((kind) => !stays.includes(kind) && layers.setting(kind).visible)
    .map((kind) => layers.setting(kind));
  const { swipe } = layers;
  for (const setting of hidden) {
    setting.visible = false;
  }
  layers.swipe = null;
  layers.setting("labels").visible = true;
  return {
    titles: [...hidden.map(({ title }) => title), ...(swipe === null ? [] : ["Swipe"])],
    bringBack: () => {
      for (const setting of hidden) {
        setting.visible = true;
      }
      layers.swipe ??= swipe;
    },
  };
}
