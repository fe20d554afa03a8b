import type { PixelSize } from "#shared/geo/pixel-window.ts";
import { overlapGroups, type SplitMosaic } from "#shared/training/ground-overlap.ts";
import type { SplitSettings, TrainingSettings } from "#shared/training/training-settings.ts";
import { defaultSettings } from "./presets.ts";

/** Fewer tiles than this make an epoch too short to learn from. */
const ENOUGH_TILES = 48;
/** What the network sees of a tile, at most: more is slow on a laptop. */
const LARGEST_INPUT_PIXELS = 256;
const TILE_SIDES = [512, 256, 128, 64];
const HELD_OUT_SHARE = 0.25;
/** Tiles a guard band may cost a split by blocks only where there are many. */
const TILES_FOR_GUARD = 150;

/** A recipe for this data on this device: tiles as large as leaves enough of them, seen at 256 px at most. */
export function suggestSettings(mosaics: readonly SplitMosaic[], device: "cpu" | "gpu"): TrainingSettings {
  const tilePixels = TILE_SIDES.find((side) => tileCount(mosaics, side) >= ENOUGH_TILES) ?? 64;
  const tiles = tileCount(mosaics, tilePixels);
  const inputPixels = tilePixels > LARGEST_INPUT_PIXELS ? LARGEST_INPUT_PIXELS : null;
  const isFast = device === "gpu";
  return {
    ...defaultSettings,
    // Small classes matter to whoever draws masks, and cross-entropy alone learns them last.
    loss: "crossentropy+dice",
    learningRate: 2e-3,
    width: isFast ? 32 : 16,
    tilePixels,
    inputPixels,
    batch: isFast ? 16 : Math.max(2, Math.min(8, Math.floor(tiles / 8))),
    // About the same number of steps for small and large sets.
    epochs: Math.round(clamp((isFast ? 20_000 : 2_500) / tiles, 10, 60)),
    split: suggestSplit(mosaics, tilePixels),
  };
}

/** By mosaic where there are two on different ground, else by blocks with a guard band if there are tiles to spare. */
export function suggestSplit(mosaics: readonly SplitMosaic[], tilePixels: number): SplitSettings {
  if (overlapGroups(mosaics).length > 1) {
    return { kind: "mosaic", share: HELD_OUT_SHARE };
  }
  return suggestBlocks(mosaics, tilePixels, HELD_OUT_SHARE);
}

/** Blocks large enough that their guard bands don't eat up the training part: a band around a block of 3×3 tiles costs 16 more. */
export function suggestBlocks(
  mosaics: readonly PixelSize[],
  tilePixels: number,
  share: number,
): Extract<SplitSettings, { kind: "blocks" }> {
  const tiles = tileCount(mosaics, tilePixels);
  if (tiles >= TILES_FOR_GUARD) {
    return { kind: "blocks", share, blockTiles: 3, guardTiles: 1 };
  }
  return { kind: "blocks", share, blockTiles: tiles >= 32 ? 2 : 1, guardTiles: 0 };
}

function tileCount(mosaics: readonly PixelSize[], side: number): number {
  return mosaics.reduce(
    (sum, { width, height }) => sum + Math.ceil(width / side) * Math.ceil(height / side),
    0,
  );
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
