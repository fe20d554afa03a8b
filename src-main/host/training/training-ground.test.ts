import { expect, it } from "vitest";
import { gridTiles, splitTiles } from "#shared/training/split-tiles.ts";
import type { SplitSettings } from "#shared/training/training-settings.ts";
import { groundOfTiles, isSameGround, tilesOfGround } from "./training-ground.ts";

const mosaics = [
  // Their last columns and rows are moved inward over their neighbours; the last mosaic is smaller than a tile.
  { id: "north", name: "north", width: 700, height: 530 },
  { id: "south", name: "south", width: 512, height: 1000 },
  { id: "hut", name: "hut", width: 100, height: 90 },
].map((mosaic) => ({ ...mosaic, groundExtent: null, pixelMeters: null }));
const TILE = 128;

it.each<SplitSettings>([
  { kind: "mosaic", share: 0.34 },
  { kind: "random", share: 0.3 },
  { kind: "blocks", share: 0.3, blockTiles: 2, guardTiles: 1 },
])("finds a run's tiles again from its ground: %j", (settings) => {
  const split = splitTiles(mosaics, TILE, settings, 5, null);
  const grid = gridTiles(mosaics, TILE, settings);
  const found = tilesOfGround(groundOfTiles(split), grid);
  expect(found).not.toBeNull();
  expect(found).toMatchObject({ training: split.training, validation: split.validation, test: split.test });
  expect(found !== null && isSameGround(found, split)).toBe(true);
  expect(found !== null && isSameGround(found, { ...split, training: split.training.slice(1) })).toBe(false);
  // A mosaic that is gone takes its tiles along.
  const fewer = gridTiles(
    mosaics.filter(({ id }) => id !== "south"),
    TILE,
    settings,
  );
  expect(tilesOfGround(groundOfTiles(split), fewer)).toBeNull();
});
