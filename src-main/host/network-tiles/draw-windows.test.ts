import { describe, expect, it } from "vitest";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import { splitTiles } from "#shared/training/split-tiles.ts";
import type { LabelKnowledge } from "#shared/training/tile-split.ts";
import type { Sampling, SplitSettings } from "#shared/training/training-settings.ts";
import { WindowSource } from "./draw-windows.ts";

const TILE = 64;
const mosaics = ["a", "b"].map((id) => ({ id, name: id, width: 700, height: 530, groundExtent: null }));

/** A rare class in one corner of the first mosaic, a common one everywhere. */
const RARE: PixelWindow = { x: 10, y: 20, width: 40, height: 30 };
function shared(first: PixelWindow, second: PixelWindow): number {
  const across = Math.min(first.x + first.width, second.x + second.width) - Math.max(first.x, second.x);
  const down = Math.min(first.y + first.height, second.y + second.height) - Math.max(first.y, second.y);
  return across > 0 && down > 0 ? across * down : 0;
}
const labels: LabelKnowledge = {
  classNames: ["common", "rare", "nowhere"],
  classPixels: (mosaicId, window) => {
    const rare = mosaicId === "a" ? shared(window, RARE) : 0;
    return [window.width * window.height - rare, rare, 0];
  },
};

const splits: SplitSettings[] = [
  { kind: "blocks", share: 0.25, blockTiles: 2, guardTiles: 1 },
  { kind: "random", share: 0.3 },
];

describe.each(["grid", "random", "balanced"] satisfies Sampling[])("windows on the %s", (sampling) => {
  it.each(splits)("never touch a pixel that isn't training ground ($kind)", (split) => {
    const { training, validation } = splitTiles(mosaics, TILE, split, 5, labels);
    // Painted pixel by pixel, which the code under test doesn't do.
    const ground = new Map(mosaics.map(({ id, width, height }) => [id, new Uint8Array(width * height)]));
    const paint = (mosaicId: string, { x, y, width, height }: PixelWindow, value: number): void => {
      for (let row = y; row < y + height; row++) {
        ground.get(mosaicId)?.fill(value, row * 700 + x, row * 700 + x + width);
      }
    };
    training.forEach(({ mosaicId, pixelWindow }) => {
      paint(mosaicId, pixelWindow, 1);
    });
    validation.forEach(({ mosaicId, pixelWindow }) => {
      paint(mosaicId, pixelWindow, 0);
    });
    const source = new WindowSource(training, { sampling, scale: 0.5, labels });
    let others = 0;
    const sides = new Set<number>();
    for (let epoch = 1; epoch <= 2; epoch++) {
      const drawn = source.draw(7, epoch);
      expect(drawn).toHaveLength(training.length);
      for (const { tileIndex, pixelWindow } of drawn) {
        const tile = training[tileIndex];
        const window = pixelWindow ?? tile?.pixelWindow ?? RARE;
        others += pixelWindow === null ? 0 : 1;
        sides.add(window.width);
        for (let row = window.y; row < window.y + window.height; row++) {
          const line = ground
            .get(tile?.mosaicId ?? "")
            ?.subarray(row * 700 + window.x, row * 700 + window.x + window.width);
          expect(line?.every((value) => value === 1)).toBe(true);
        }
      }
    }
    expect(others).toBeGreaterThan(training.length / 4);
    expect(Math.min(...sides)).toBeGreaterThanOrEqual(Math.floor(TILE / 1.5));
    expect(Math.max(...sides)).toBeLessThanOrEqual(Math.ceil(TILE * 1.5));
    expect(Math.min(...sides)).toBeLessThan(TILE);
    // On the grid a larger window needs all of its tile's neighbours, which a random split hardly leaves.
    expect(sampling === "grid" || Math.max(...sides) > TILE).toBe(true);
  });

  it("are the same for the same seed and epoch, and others for others", () => {
    const { training } = splitTiles(mosaics, TILE, { kind: "random", share: 0.3 }, 5, labels);
    const draw = (seed: number, epoch: number): unknown =>
      new WindowSource(training, { sampling, scale: 0.2, labels }).draw(seed, epoch);
    expect(draw(1, 2)).toEqual(draw(1, 2));
    expect(draw(1, 2)).not.toEqual(draw(1, 3));
    expect(draw(1, 2)).not.toEqual(draw(2, 2));
  });
});

it("balanced windows show each class that occurs equally often", () => {
  const training = [1, 2, 3, 4, 5]
    .map((seed) => splitTiles(mosaics, TILE, { kind: "random", share: 0.1 }, seed, labels).training)
    .find((tiles) =>
      tiles.some(({ mosaicId, pixelWindow }) => mosaicId === "a" && shared(pixelWindow, RARE) > 0),
    );
  if (training === undefined) {
    throw new Error("no split trains on the rare class");
  }
  const shareOf = (sampling: Sampling): number => {
    const source = new WindowSource(training, { sampling, scale: 0, labels });
    const drawn = [1, 2, 3, 4].flatMap((epoch) => source.draw(3, epoch));
    const withRare = drawn.filter(({ tileIndex, pixelWindow }) => {
      const tile = training[tileIndex];
      return tile?.mosaicId === "a" && shared(pixelWindow ?? tile.pixelWindow, RARE) > 0;
    });
    return withRare.length / drawn.length;
  };
  expect(shareOf("random")).toBeLessThan(0.1);
  expect(shareOf("balanced")).toBeGreaterThan(0.4);
  expect(shareOf("balanced")).toBeLessThan(0.65);
});
