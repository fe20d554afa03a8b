import { describe, expect, it } from "vitest";
import type { PixelWindow } from "../geo/pixel-window.ts";
import { overlapGroups, type SplitMosaic } from "./ground-overlap.ts";
import { seededRandom } from "./seeded-random.ts";
import { splitTiles } from "./split-tiles.ts";
import { listedTile, tileGrid } from "./tile-grid.ts";
import type { LabelKnowledge, MosaicTile, TileSplit } from "./tile-split.ts";

function mosaic(name: string, width: number, height: number, left?: number): SplitMosaic {
  return {
    id: `id-${name}`,
    name,
    width,
    height,
    groundExtent: left === undefined ? null : [left, 0, left + width, height],
  };
}

const everywhere: LabelKnowledge = {
  classNames: ["field"],
  classPixels: (_, { width, height }) => [width * height],
};

function shares(first: PixelWindow, second: PixelWindow): boolean {
  return (
    first.x < second.x + second.width &&
    second.x < first.x + first.width &&
    first.y < second.y + second.height &&
    second.y < first.y + first.height
  );
}

/** Pairs of a training and a validation tile that have a pixel in common. */
function leaks(split: TileSplit): number {
  return split.training.filter((tile) =>
    split.validation.some(
      (held) => held.mosaicId === tile.mosaicId && shares(held.pixelWindow, tile.pixelWindow),
    ),
  ).length;
}

describe("blocks", () => {
  it("are drawn until each class is in both parts, where that can be, and as the seed has them where it can't", () => {
    const image = mosaic("a", 16 * 32, 16 * 32);
    /** Two rare classes: one in two blocks far from one another, one in a single block. */
    const sparse = (rare: readonly number[]): LabelKnowledge => ({
      classNames: ["field", "pond"],
      classPixels: (_, { x, y }) => [1000, rare.includes((y / 32) * 16 + x / 32) ? 5 : 0],
    });
    const settings = { kind: "blocks", share: 0.2, blockTiles: 2, guardTiles: 0 } as const;
    const missing = (labels: LabelKnowledge, seed: number): boolean =>
      splitTiles([image], 32, settings, seed, labels).warnings.some((warning) => warning.includes("pond"));
    for (let seed = 1; seed <= 40; seed += 1) {
      expect(missing(sparse([0, 16 * 15 + 15]), seed)).toBe(false);
      expect(missing(sparse([17]), seed)).toBe(true);
      const everywhereSplit = splitTiles([image], 32, settings, seed, everywhere);
      const oneClass = splitTiles([image], 32, settings, seed, sparse([17]));
      expect(oneClass.validation).toEqual(everywhereSplit.validation);
    }
  });
});

describe("tileGrid", () => {
  it("covers every pixel of a mosaic that no tile divides", () => {
    const size = { width: 70, height: 45 };
    const covered = new Set<number>();
    const grid = tileGrid(size, 32);
    for (const { pixelWindow } of grid.tiles) {
      for (let y = pixelWindow.y; y < pixelWindow.y + 32; y++) {
        for (let x = pixelWindow.x; x < pixelWindow.x + 32; x++) {
          covered.add(y * size.width + x);
        }
      }
    }
    expect(covered.size).toBe(70 * 45);
    expect(grid.tiles).toHaveLength(3 * 2);
    expect(grid.tiles.at(-1)?.pixelWindow).toEqual({ x: 38, y: 13, width: 32, height: 32 });
    expect(grid.padded).toBe(false);
  });

  it("reaches over the edge only of a mosaic smaller than a tile", () => {
    const grid = tileGrid({ width: 20, height: 90 }, 32);
    expect(grid.tiles.map((tile) => tile.pixelWindow.x)).toEqual([0, 0, 0]);
    expect(grid.padded).toBe(true);
  });
});

/** What LandCover.ai's split.py (and the seed's notebook) writes: its loop, word for word. */
function splitPy(width: number, height: number, target: number): Map<number, [x: number, y: number]> {
  const written = new Map<number, [number, number]>();
  let k = 0;
  for (let y = 0; y < height; y += target) {
    for (let x = 0; x < width; x += target) {
      if (Math.min(y + target, height) - y === target && Math.min(x + target, width) - x === target) {
        written.set(k, [x, y]);
      }
      k += 1;
    }
  }
  return written;
}

describe("listedTile", () => {
  it.each([
    [70, 45, 16],
    [64, 64, 16],
    [10, 90, 16],
  ])("numbers the tiles of %i×%i as split.py does", (width, height, target) => {
    const written = splitPy(width, height, target);
    for (let index = 0; index < 60; index++) {
      const tile = listedTile({ width, height }, target, index);
      expect(tile === null ? undefined : [tile.pixelWindow.x, tile.pixelWindow.y]).toEqual(
        written.get(index),
      );
    }
  });
});

describe("split by mosaic", () => {
  const mosaics = [
    mosaic("3", 300, 100, 0),
    mosaic("4", 100, 100, 1000),
    mosaic("5", 300, 100, 2000),
    mosaic("7", 100, 100, 1050),
  ];

  it("groups what overlaps on the ground, through others too", () => {
    const chain = [
      mosaic("a", 10, 10, 0),
      mosaic("b", 10, 10, 15),
      mosaic("c", 10, 10, 8),
      mosaic("d", 10, 10, 25),
    ];
    expect(overlapGroups(chain).map((group) => group.map(({ name }) => name).toSorted())).toEqual([
      ["a", "b", "c"],
      ["d"],
    ]);
  });

  it("keeps overlapping mosaics on one side, whatever the seed", () => {
    for (let seed = 0; seed < 30; seed++) {
      const split = splitTiles(mosaics, 50, { kind: "mosaic", share: 0.25 }, seed, everywhere);
      const held = new Set(split.validation.map((tile) => tile.mosaicId));
      expect(held).toEqual(new Set(["id-4", "id-7"]));
      expect(split.training.every((tile) => !held.has(tile.mosaicId))).toBe(true);
    }
  });

  it("rather misses the share than a class", () => {
    const water = (id: string): number => (id === "id-3" || id === "id-5" ? 1 : 0);
    const labels: LabelKnowledge = {
      classNames: ["field", "water"],
      classPixels: (id) => [1, water(id)],
    };
    const split = splitTiles(mosaics, 50, { kind: "mosaic", share: 0.25 }, 1, labels);
    const held = [...new Set(split.validation.map((tile) => tile.mosaicId))];
    expect(held.filter((id) => water(id) === 1)).toHaveLength(1);
    expect(split.warnings.filter((warning) => warning.includes("water"))).toEqual([]);
  });

  it("holds with more mosaics than there are subsets to try", () => {
    const many = Array.from({ length: 41 }, (_, index) => mosaic(`m${index}`, 100, 100, index * 200));
    const split = splitTiles(many, 50, { kind: "mosaic", share: 0.3 }, 5, everywhere);
    expect(split.validation.length / (41 * 4)).toBeCloseTo(0.3, 1);
  });

  it("says what to do with a single mosaic", () => {
    expect(() =>
      splitTiles([mosaic("a", 99, 99)], 33, { kind: "mosaic", share: 0.3 }, 1, everywhere),
    ).toThrow("split by blocks instead");
  });
});

describe("split by blocks", () => {
  const settings = { kind: "blocks", share: 0.2, blockTiles: 2, guardTiles: 1 } as const;

  it("keeps the guard distance, in pixels, also to the tiles moved inward", () => {
    const split = splitTiles([mosaic("a", 1010, 777)], 64, settings, 3, everywhere);
    expect(split.validation.length).toBeGreaterThan(0);
    for (const tile of split.training) {
      for (const held of split.validation) {
        const across = Math.abs(tile.pixelWindow.x - held.pixelWindow.x) - 64;
        const down = Math.abs(tile.pixelWindow.y - held.pixelWindow.y) - 64;
        expect(Math.max(across, down)).toBeGreaterThanOrEqual(64);
      }
    }
    expect(split.unusedTiles).toBeGreaterThan(0);
  });

  it("comes near the share", () => {
    for (let seed = 0; seed < 10; seed++) {
      const split = splitTiles(
        [mosaic("a", 2048, 2048)],
        64,
        { ...settings, guardTiles: 0 },
        seed,
        everywhere,
      );
      expect(split.validation.length / 1024).toBeCloseTo(0.2, 1);
      expect(leaks(split)).toBe(0);
    }
  });

  it("leaves out the same ground in another mosaic", () => {
    const twins = [mosaic("a", 640, 640, 0), mosaic("b", 640, 640, 0)];
    const split = splitTiles(twins, 64, { ...settings, guardTiles: 0 }, 4, everywhere);
    const places = (tiles: readonly MosaicTile[]): Set<string> =>
      new Set(tiles.map(({ column, row }) => `${column},${row}`));
    const held = places(split.validation);
    expect([...places(split.training)].filter((place) => held.has(place))).toEqual([]);
  });
});

describe("random split", () => {
  it("puts no pixel in both parts, and warns of neighbours", () => {
    for (let seed = 0; seed < 20; seed++) {
      const split = splitTiles([mosaic("a", 333, 290)], 64, { kind: "random", share: 0.3 }, seed, everywhere);
      expect(leaks(split)).toBe(0);
      expect(split.training.length + split.validation.length).toBe(6 * 5);
      expect(split.validation.length).toBeGreaterThanOrEqual(8);
      expect(split.warnings.join()).toContain("neighbours");
    }
  });

  it("is the same for the same seed and another for another", () => {
    const draw = (seed: number): TileSplit =>
      splitTiles([mosaic("a", 640, 640)], 64, { kind: "random", share: 0.3 }, seed, everywhere);
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it("counts each validation pixel once", () => {
    const size = { width: 150, height: 100 };
    const split = splitTiles([mosaic("a", 150, 100)], 64, { kind: "random", share: 0.9 }, 1, everywhere);
    const counted = new Uint8Array(size.width * size.height);
    for (const { counted: part } of split.validation) {
      for (let y = part.y; y < part.y + part.height; y++) {
        for (let x = part.x; x < part.x + part.width; x++) {
          counted[y * size.width + x] = (counted[y * size.width + x] ?? 0) + 1;
        }
      }
    }
    expect(Math.max(...counted)).toBe(1);
  });
});

describe("split by lists", () => {
  const listed = mosaic("N-33-96", 70, 45);
  const lists = {
    kind: "list",
    training: ["N-33-96_0", "N-33-96_1.jpg"],
    validation: ["N-33-96_6"],
  } as const;

  it("takes the named tiles and no other", () => {
    const split = splitTiles(
      [listed],
      16,
      { ...lists, training: [...lists.training], validation: [...lists.validation] },
      1,
      everywhere,
    );
    expect(split.training.map(({ pixelWindow }) => [pixelWindow.x, pixelWindow.y])).toEqual([
      [0, 0],
      [16, 0],
    ]);
    // 5 cells a row, the last cut: index 6 is column 1 of row 1.
    expect(split.validation.map(({ pixelWindow }) => [pixelWindow.x, pixelWindow.y])).toEqual([[16, 16]]);
  });

  it("takes whole mosaics by their names, to the last pixel", () => {
    const mosaics = [listed, mosaic("dubai-4", 70, 45), mosaic("dubai-7", 40, 40)];
    const split = splitTiles(
      mosaics,
      16,
      { kind: "list", training: ["N-33-96_0"], validation: ["dubai-4", "dubai-7"] },
      1,
      everywhere,
    );
    expect(split.training).toHaveLength(1);
    expect(split.validation).toHaveLength(5 * 3 + 3 * 3);
  });

  it("refuses names of other mosaics, and tiles in both lists", () => {
    expect(() =>
      splitTiles(
        [listed],
        16,
        { kind: "list", training: ["M-1_0"], validation: ["N-33-96_1"] },
        1,
        everywhere,
      ),
    ).toThrow("the first “M-1_0”");
    expect(() =>
      splitTiles(
        [listed],
        16,
        { kind: "list", training: ["N-33-96_0"], validation: ["N-33-96_0"] },
        1,
        everywhere,
      ),
    ).toThrow("in both lists");
  });
});

describe("labels", () => {
  it("leaves out tiles without a labelled pixel", () => {
    const leftHalf: LabelKnowledge = {
      classNames: ["field"],
      classPixels: (_, { x }) => [x < 320 ? 1 : 0],
    };
    const split = splitTiles([mosaic("a", 640, 640)], 64, { kind: "random", share: 0.3 }, 1, leftHalf);
    expect(split.unlabelledTiles).toBe(50);
    expect(split.training.length + split.validation.length).toBe(50);
  });

  it("says so when there are none at all", () => {
    const nowhere: LabelKnowledge = { classNames: ["field"], classPixels: () => [0] };
    expect(() => splitTiles([mosaic("a", 64, 64)], 32, { kind: "random", share: 0.5 }, 1, nowhere)).toThrow(
      "No tile has a labelled pixel",
    );
  });
});

describe("seededRandom", () => {
  it("is uniform enough, and apart for each purpose", () => {
    const random = seededRandom(1, "test");
    const counts = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 100_000; draw++) {
      const bin = random.integer(10);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    // Chi-squared with 9 degrees of freedom stays below 27.9 in 99.9 % of draws.
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(27.9);
    expect(seededRandom(1, "a").next()).not.toBe(seededRandom(1, "b").next());
    expect(seededRandom(5, "a").shuffled([1, 2, 3, 4, 5])).toEqual(
      seededRandom(5, "a").shuffled([1, 2, 3, 4, 5]),
    );
  });
});
