import { layerKinds, type LayerKind, type Swipe } from "#shared/project/display-state.ts";

/** The layers of the map, as far as it matters here. */
export interface CoveringLayers {
  setting(kind: LayerKind): {
    readonly title: string;
    readonly visible: boolean;
    show(): void;
    layAside(): () => void;
  };
  readonly swipe: Swipe | null;
  laySwipeAside(): () => void;
}

/** What was taken off the map so that the labels are seen. */
export interface LaidAside {
  /** As the panel of layers calls them: "Prediction". */
  readonly titles: readonly string[];
  /** Shows it again. */
  readonly bringBack: () => void;
}

/** Shows labels and imagery without anything over them, swipe included. What is chosen for the project stays as it is. */
export function showLabelsOnTop(layers: CoveringLayers): LaidAside {
  const stays: readonly LayerKind[] = ["imagery", "labels"];
  const hidden = layerKinds
    .filter((kind) => !stays.includes(kind) && layers.setting(kind).visible)
    .map((kind) => layers.setting(kind));
  const { swipe } = layers;
  const back = [
    ...hidden.map((setting) => setting.layAside()),
    ...(swipe === null ? [] : [layers.laySwipeAside()]),
  ];
  layers.setting("labels").show();
  return {
    titles: [...hidden.map(({ title }) => title), ...(swipe === null ? [] : ["Swipe"])],
    bringBack: () => {
      for (const bring of back) {
        bring();
      }
    },
  };
}
