import { expect, test } from "vitest";
import { layerKinds, type LayerKind, type Swipe } from "#shared/project/display-state.ts";
import { showLabelsOnTop, type CoveringLayers } from "./labels-on-top.ts";
import { layAside, SetAside } from "./set-aside.ts";

/** Layers as the page has them, without Svelte. */
class PlainLayers implements CoveringLayers {
  readonly #eyes = new Map<LayerKind, SetAside<boolean>>();
  #swipe = new SetAside<Swipe | null>(null);

  constructor(...visible: LayerKind[]) {
    for (const kind of layerKinds) {
      this.#eyes.set(kind, new SetAside(visible.includes(kind)));
    }
  }

  #eye(kind: LayerKind): SetAside<boolean> {
    return this.#eyes.get(kind) ?? new SetAside(false);
  }

  setting(kind: LayerKind): ReturnType<CoveringLayers["setting"]> {
    return {
      title: kind,
      visible: this.#eye(kind).chosen && !this.#eye(kind).isAside,
      show: () => {
        this.#eyes.set(kind, new SetAside(true));
      },
      layAside: () => layAside({ get: () => this.#eye(kind), set: (eye) => this.#eyes.set(kind, eye) }),
    };
  }

  get swipe(): Swipe | null {
    return this.#swipe.isAside ? null : this.#swipe.chosen;
  }

  set swipe(swipe: Swipe | null) {
    this.#swipe = new SetAside(swipe);
  }

  laySwipeAside(): () => void {
    return layAside({ get: () => this.#swipe, set: (swipe) => (this.#swipe = swipe) });
  }

  get shown(): LayerKind[] {
    return layerKinds.filter((kind) => this.setting(kind).visible).sort();
  }

  /** What is kept on the disk. */
  get chosen(): LayerKind[] {
    return layerKinds.filter((kind) => this.#eye(kind).chosen).sort();
  }
}

const swipe = {
  left: { kind: "labels", mosaicId: null },
  right: { kind: "prediction", mosaicId: null },
} as const;

test("takes off what covers the labels, and brings back just that", () => {
  const layers = new PlainLayers("imagery", "prediction", "errors");
  const { titles, bringBack } = showLabelsOnTop(layers);
  expect([...titles].sort()).toEqual(["errors", "prediction"]);
  expect(layers.shown).toEqual(["imagery", "labels"]);
  bringBack();
  expect(layers.shown).toEqual(["errors", "imagery", "labels", "prediction"]);
});

test("a page that ends meanwhile leaves no layer off: what is kept doesn't know of it", () => {
  const layers = new PlainLayers("imagery", "labels", "prediction", "errors");
  showLabelsOnTop(layers);
  expect(layers.shown).toEqual(["imagery", "labels"]);
  expect(layers.chosen).toEqual(["errors", "imagery", "labels", "prediction"]);
});

test("what was laid aside twice comes back with the last, not before", () => {
  const layers = new PlainLayers("prediction", "errors");
  const first = layers.setting("prediction").layAside();
  const { bringBack } = showLabelsOnTop(layers);
  expect(layers.shown).toEqual(["labels"]);
  bringBack();
  expect(layers.shown).toEqual(["errors", "labels"]);
  first();
  expect(layers.shown).toEqual(["errors", "labels", "prediction"]);
});

test("a swipe goes and comes back, unless another was begun", () => {
  const layers = new PlainLayers("labels");
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
