import { expect, test } from "vitest";
import { initialDisplay, layerKinds, type LayerKind } from "#shared/project/display-state.ts";
import { showLabelsOnTop, type CoveringLayers } from "./labels-on-top.ts";

function layersShowing(...visible: LayerKind[]): CoveringLayers & { readonly shown: () => LayerKind[] } {
  const settings = new Map(
    layerKinds.map((kind) => [kind, { title: kind, visible: visible.includes(kind) }] as const),
  );
  return {
    setting: (kind) => settings.get(kind) ?? { title: kind, visible: false },
    swipe: initialDisplay.swipe,
    shown: () => layerKinds.filter((kind) => settings.get(kind)?.visible === true).sort(),
  };
}

test("takes off what covers the labels, and brings back just that", () => {
  const layers = layersShowing("imagery", "prediction", "errors");
  const { titles, bringBack } = showLabelsOnTop(layers);
  expect([...titles].sort()).toEqual(["errors", "prediction"]);
  expect(layers.shown()).toEqual(["imagery", "labels"]);
  bringBack();
  expect(layers.shown()).toEqual(["errors", "imagery", "labels", "prediction"]);
});

test("a swipe goes and comes back, unless another was begun", () => {
  const layers = layersShowing("labels");
  const swipe = {
    left: { kind: "labels", mosaicId: null },
    right: { kind: "prediction", mosaicId: null },
  } as const;
  layers.swipe = swipe;
  const first = showLabelsOnTop(layers);
  expect(layers.swipe).toBeNull();
  first.bringBack();
  expect(layers.swipe).toEqual(swipe);
  const second = showLabelsOnTop(layers);
  const other = { left: swipe.right, right: swipe.left };
  layers.swipe = other;
  second.bringBack();
  expect(layers.swipe).toEqual(other);
});
