import { describe, expect, test } from "vitest";
import { layerKinds, type LayerKind, type Swipe, type SwipeSide } from "#shared/project/display-state.ts";
import { drawnLook, mosaicInFront, type LayerStates } from "./drawn-look.ts";

const asTheOthers = { visible: true, opacity: 1 };
const allAsTheOthers = {
  imagery: asTheOthers,
  labels: asTheOthers,
  prediction: asTheOthers,
  other: asTheOthers,
  confidence: asTheOthers,
  uncertainty: asTheOthers,
  errors: asTheOthers,
  disagreement: asTheOthers,
  unlabelled: asTheOthers,
};
const states: LayerStates = {
  kinds: {
    imagery: { visible: true, opacity: 1 },
    labels: { visible: true, opacity: 0.6 },
    prediction: { visible: false, opacity: 0.6 },
    other: { visible: false, opacity: 1 },
    confidence: { visible: false, opacity: 1 },
    uncertainty: { visible: false, opacity: 1 },
    errors: { visible: false, opacity: 1 },
    disagreement: { visible: false, opacity: 1 },
    unlabelled: { visible: false, opacity: 1 },
  },
  mosaics: new Map([
    ["faint", { ...allAsTheOthers, labels: { visible: true, opacity: 0.5 } }],
    ["bare", { ...allAsTheOthers, labels: { visible: false, opacity: 1 } }],
  ]),
  hiddenMosaicIds: new Set(["hidden"]),
  overlaysHeld: false,
  swipe: null,
  swipePosition: 0.25,
};

function side(text: string): SwipeSide {
  const [kind = "", mosaicId = null] = text.split(" of ");
  return { kind: kind as LayerKind, mosaicId };
}

function swiped(left: string, right: string): LayerStates {
  const swipe: Swipe = { left: side(left), right: side(right) };
  return { ...states, swipe };
}

/** For imagery, labels and prediction: L, R, both sides, or – for neither. */
function sidesOf(shown: LayerStates, mosaicId: string): string {
  return layerKinds
    .filter((kind) => kind === "imagery" || kind === "labels" || kind === "prediction")
    .map((kind) => {
      const look = drawnLook(shown, kind, mosaicId);
      if (look === null) {
        return "–";
      }
      expect([0, 0.25]).toContain(look.from);
      expect([0.25, 1]).toContain(look.to);
      return `${look.from === 0 ? "L" : ""}${look.to === 1 ? "R" : ""}`;
    })
    .join(" ");
}

describe("a layer of a mosaic", () => {
  test("is drawn where the eyes of kind, mosaic and layer are open", () => {
    expect(sidesOf(states, "any")).toBe("LR LR –");
    expect(sidesOf(states, "bare")).toBe("LR – –");
    expect(sidesOf(states, "hidden")).toBe("– – –");
  });

  test("has a share of its kind's opacity", () => {
    expect(drawnLook(states, "labels", "faint")?.opacity).toBe(0.5);
    expect(drawnLook(states, "labels", "any")?.opacity).toBe(1);
  });

  test("leaves the map while overlays are held off, unless it is imagery", () => {
    expect(sidesOf({ ...states, overlaysHeld: true }, "any")).toBe("LR – –");
    expect(sidesOf({ ...swiped("labels", "prediction"), overlaysHeld: true }, "any")).toBe("LR – –");
  });
});

describe("a swipe", () => {
  test("of two kinds shows each on its side of every mosaic, though its kind be hidden", () => {
    expect(sidesOf(swiped("labels", "prediction"), "any")).toBe("LR L R");
    expect(sidesOf(swiped("imagery", "labels"), "any")).toBe("LR R –");
    expect(sidesOf(swiped("labels", "prediction"), "bare")).toBe("LR – R");
    expect(sidesOf(swiped("labels", "prediction"), "hidden")).toBe("– – –");
  });

  test("of two layers of one mosaic shows only that mosaic's overlays", () => {
    const shown = swiped("imagery of a", "prediction of a");
    expect(sidesOf(shown, "a")).toBe("LR – R");
    expect(sidesOf(shown, "b")).toBe("LR – –");
  });

  test("of two mosaics shows each, with its imagery, on its own side alone", () => {
    const shown = swiped("imagery of a", "labels of b");
    expect(sidesOf(shown, "a")).toBe("L – –");
    expect(sidesOf(shown, "b")).toBe("R R –");
    expect(sidesOf(shown, "around")).toBe("LR – –");
    expect([mosaicInFront(shown, 0.2), mosaicInFront(shown, 0.3)]).toEqual(["a", "b"]);
  });

  test("of a mosaic with all shows that one on both sides where it is in both", () => {
    const shown = swiped("labels of a", "prediction");
    expect(sidesOf(shown, "a")).toBe("LR L R");
    expect(sidesOf(shown, "b")).toBe("LR – R");
  });

  test("shows what it names even where it is hidden", () => {
    expect(sidesOf(swiped("labels of hidden", "labels of bare"), "hidden")).toBe("L L –");
    expect(sidesOf(swiped("labels of hidden", "labels of bare"), "bare")).toBe("R R –");
  });
});
