import { describe, expect, it } from "vitest";
import { assignParts } from "./assign-parts.ts";
import { splitOfDraft } from "./draft-split.ts";
import type { SplitMosaic } from "./ground-overlap.ts";
import { partMask } from "./part-mask.ts";
import type { GroundSplit, SplitArea } from "./saved-split.ts";
import { SplitGround } from "./split-by-areas.ts";
import { nearestTraining, splitLeaks, type PartTile } from "./split-leaks.ts";
import { containsPoint, touchesWindow } from "./split-shapes.ts";
import { splitTiles } from "./split-tiles.ts";
import { tileGrid } from "./tile-grid.ts";

/** Half a metre a pixel; the second lies over the first's right half. */
const mosaics: SplitMosaic[] = [
  { id: "a", name: "west", width: 1000, height: 800, groundExtent: [0, 0, 500, 400], pixelMeters: 0.5 },
  { id: "b", name: "east", width: 1000, height: 800, groundExtent: [250, 0, 750, 400], pixelMeters: 0.5 },
];
const [first] = mosaics;

function window(mosaicId: string, part: SplitArea["part"], x: number, y: number, side: number): SplitArea {
  return { mosaicId, part, shape: { kind: "window", pixelWindow: { x, y, width: side, height: side } } };
}

describe("ground divided by areas", () => {
  const ground: GroundSplit = {
    areas: [
      window("a", "validation", 0, 0, 200),
      {
        mosaicId: "a",
        part: "test",
        shape: {
          kind: "polygon",
          ring: [
            [400, 400],
            [600, 400],
            [500, 600],
          ],
        },
      },
    ],
    rest: "training",
    guardMeters: 40,
  };

  it("never trains on a pixel within the guard band of what is held back", () => {
    const split = splitTiles([first!], 100, { kind: "saved", splitId: "x", name: "mine" }, 1, null, ground);
    expect(split.validation.map(({ column, row }) => [column, row])).toEqual([
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ]);
    expect(split.test.length).toBeGreaterThan(0);
    // 40 m are 80 pixels: counted pixel by pixel, against the areas themselves.
    let heldNear = 0;
    for (const { pixelWindow } of split.training) {
      for (let y = pixelWindow.y - 79; y < pixelWindow.y + pixelWindow.height + 79; y += 7) {
        for (let x = pixelWindow.x - 79; x < pixelWindow.x + pixelWindow.width + 79; x += 7) {
          heldNear += ground.areas.some(({ shape }) => containsPoint(shape, x + 0.5, y + 0.5)) ? 1 : 0;
        }
      }
    }
    expect(heldNear).toBe(0);
    const test = ground.areas[1]!.shape;
    expect(split.validation.some(({ pixelWindow }) => touchesWindow(test, pixelWindow))).toBe(false);
  });

  it("keeps other mosaics away from the same ground", () => {
    const held: GroundSplit = {
      areas: [window("a", "validation", 800, 0, 200)],
      rest: "training",
      guardMeters: 0,
    };
    const tiles = splitTiles(mosaics, 100, { kind: "saved", splitId: "x", name: "mine" }, 1, null, held);
    // Pixels 800–1000 of `a` are 400–500 m, which are pixels 300–500 of `b`.
    const overlapping = tiles.training.filter(
      ({ mosaicId, pixelWindow: { x, y } }) => mosaicId === "b" && x >= 300 && x < 500 && y < 200,
    );
    expect(overlapping).toEqual([]);
    expect(tiles.training.some(({ mosaicId }) => mosaicId === "b")).toBe(true);
  });

  it("holds back what no area names where the rest is held back", () => {
    const inverse: GroundSplit = {
      areas: [window("a", "training", 0, 0, 400)],
      rest: "validation",
      guardMeters: 0,
    };
    const split = splitTiles([first!], 100, { kind: "saved", splitId: "x", name: "mine" }, 1, null, inverse);
    expect(split.training.length).toBe(16);
    expect(split.validation.length).toBe(80 - 16);
  });

  it("says so when the split is gone", () => {
    expect(() => splitTiles([first!], 100, { kind: "saved", splitId: "x", name: "mine" }, 1, null)).toThrow(
      "“mine” isn't in this project any more",
    );
  });

  it("masks the same pixels as looking each up", () => {
    const looked = new SplitGround([first!], ground);
    const pixelWindow = { x: 350, y: 380, width: 290, height: 240 };
    for (const part of ["training", "validation", "test", "unused"] as const) {
      const mask = partMask(ground, "a", part)(pixelWindow);
      let different = 0;
      for (let pixel = 0; pixel < mask.length; pixel++) {
        const x = pixelWindow.x + (pixel % pixelWindow.width) + 0.5;
        const y = pixelWindow.y + Math.floor(pixel / pixelWindow.width) + 0.5;
        different += (looked.partAt("a", x, y) === part ? 1 : 0) === mask[pixel] ? 0 : 1;
      }
      expect([part, different]).toEqual([part, 0]);
    }
  });
});

describe("leaks and distances", () => {
  const tile = (mosaicId: string, x: number, y: number, part: PartTile["part"]): PartTile => ({
    mosaicId,
    part,
    pixelWindow: { x, y, width: 100, height: 100 },
  });

  it("are counted by touching and by ground, and measured in metres", () => {
    const tiles = [
      tile("a", 0, 0, "training"),
      tile("a", 100, 0, "validation"),
      tile("a", 300, 300, "validation"),
      // 300 m east in `a`'s ground is pixel 100 of `b`.
      tile("b", 100, 0, "training"),
      tile("a", 600, 0, "validation"),
    ];
    const [training] = splitLeaks(mosaics, tiles);
    expect(training).toEqual({ first: "training", second: "validation", touching: 1, overlapping: 1 });
    expect(nearestTraining(mosaics, tiles)).toEqual({
      least: 0,
      // From (300, 300) to the corner (100, 100) of the only training tile there.
      median: Math.hypot(200, 200) * 0.5,
      unit: "m",
    });
  });

  // 100 pixels divide blocks of 200; tiles of 128 reach out of them.
  it.each([100, 128])("are none with a guard band (tiles of %i pixels)", (tilePixels) => {
    const draft = {
      kind: "blocks",
      validation: 0.25,
      test: 0.1,
      stratified: false,
      blockMeters: 100,
      guardMeters: 20,
    } as const;
    const ground = splitOfDraft(draft, { mosaics: [first!], tilePixels, labels: null, seed: 3 });
    const looked = new SplitGround([first!], ground);
    const grid = tileGrid(first!, tilePixels).tiles.map(({ pixelWindow }) => ({
      mosaicId: "a",
      pixelWindow,
    }));
    const parts = looked.partsOfTiles(grid);
    const tiles = grid.map((tile, index) => ({ ...tile, part: parts[index]! }));
    expect(splitLeaks([first!], tiles).filter(({ first: one }) => one === "training")).toEqual([
      { first: "training", second: "validation", touching: 0, overlapping: 0 },
      { first: "training", second: "test", touching: 0, overlapping: 0 },
    ]);
    expect(nearestTraining([first!], tiles)!.least).toBeGreaterThanOrEqual(20);
  });
});

describe("assignParts", () => {
  it("shares a rare class out, where drawing would leave it in one part", () => {
    const cells = Array.from({ length: 40 }, (_, index) => ({
      classPixels: [100, index < 4 ? 50 : 0],
      pixels: 150,
    }));
    for (let seed = 0; seed < 20; seed++) {
      const parts = assignParts(cells, { validation: 0.25, test: 0.25 }, { stratified: true, seed });
      const rare = new Set(parts.slice(0, 4));
      expect([...rare].sort()).toEqual(["test", "training", "validation"]);
      const share = parts.filter((part) => part === "validation").length / parts.length;
      expect(share).toBeCloseTo(0.25, 1);
    }
  });

  it("gives each part a piece, and comes as near to the shares as large pieces allow", () => {
    for (let seed = 0; seed < 5; seed++) {
      const two = [80, 90].map((pixels) => ({ classPixels: [pixels, 9], pixels }));
      const halves = assignParts(two, { validation: 0.2, test: 0 }, { stratified: true, seed });
      expect(halves.toSorted()).toEqual(["training", "validation"]);
      // Eight equal blocks; one class is nearly all in two of them.
      const blocks = [40, 45, 2, 2, 1, 1, 1, 1].map((rare) => ({
        classPixels: [1000 - rare, rare],
        pixels: 1000,
      }));
      const parts = assignParts(blocks, { validation: 0.25, test: 0.125 }, { stratified: true, seed });
      const held = (part: string) => parts.filter((each) => each === part).length;
      expect([held("training"), held("validation"), held("test")]).toEqual([5, 2, 1]);
    }
  });

  it("is the same for the same seed, and leaves something to train on", () => {
    const cells = Array.from({ length: 10 }, () => ({ classPixels: [10], pixels: 10 }));
    const choose = (seed: number) =>
      assignParts(cells, { validation: 0.9, test: 0.05 }, { stratified: false, seed });
    expect(choose(4)).toEqual(choose(4));
    expect(choose(4)).toContain("training");
  });
});

describe("lists", () => {
  it("become areas of their tiles, and what isn't there is refused by name", () => {
    const input = { mosaics: [first!], tilePixels: 100, labels: null, seed: 0 };
    const draft = { kind: "list", training: ["west_0.tif"], validation: ["west_11"], test: [] } as const;
    const lists = { ...draft, training: [...draft.training], validation: [...draft.validation], test: [] };
    expect(splitOfDraft(lists, input).areas).toEqual([
      window("a", "training", 0, 0, 100),
      window("a", "validation", 100, 100, 100),
    ]);
    expect(() => splitOfDraft({ ...lists, test: ["north_3"] }, input)).toThrow("“north_3”");
  });
});
