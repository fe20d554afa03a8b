import type { SplitMosaic } from "./ground-overlap.ts";
import { overlapGroups } from "./ground-overlap.ts";
import type { GroundSplit } from "./saved-split.ts";
import { seededRandom } from "./seeded-random.ts";
import { splitByAreas } from "./split-by-areas.ts";
import { splitByBlocks } from "./split-by-blocks.ts";
import { isListedWhole, splitByList } from "./split-by-list.ts";
import { splitByMosaic } from "./split-by-mosaic.ts";
import { listedTile, tileGrid } from "./tile-grid.ts";
import {
  classTotals,
  SplitError,
  type LabelKnowledge,
  type MosaicTile,
  type SplitInput,
  type SplitParts,
  type TileSplit,
  type ValidationTile,
} from "./tile-split.ts";
import type { SplitSettings } from "./training-settings.ts";

/**
 * Divides the tiles of all mosaics into those to learn from and those to measure on; the same for the same input and seed.
 * No pixel is ever in both parts. `saved` is what settings of that kind name. Throws `SplitError` where one part would be empty.
 */
export function splitTiles(
  mosaics: readonly SplitMosaic[],
  tilePixels: number,
  settings: SplitSettings,
  seed: number,
  labels: LabelKnowledge | null,
  saved: GroundSplit | null = null,
): TileSplit {
  const warnings: string[] = [];
  const all = mosaics.flatMap((mosaic) => mosaicTiles(mosaic, tilePixels, settings, warnings));
  const tiles = labels === null ? all : all.filter((tile) => isLabelled(labels, tile));
  if (tiles.length === 0) {
    throw new SplitError(
      "No tile has a labelled pixel: add masks, or untick “ignore” for a class that occurs.",
    );
  }
  const parts = chosenSplit({ mosaics, tiles, tilePixels, labels, seed }, settings, saved);
  if (parts.training.length === 0 || parts.validation.length === 0) {
    const empty = parts.training.length === 0 ? "training" : "validation";
    throw new SplitError(
      `The split leaves no tile for ${empty} (${tiles.length} labelled ${tiles.length === 1 ? "tile" : "tiles"} of ` +
        `${tilePixels} px): label in more places, or choose a smaller tile, another share or another way to split.`,
    );
  }
  return {
    training: parts.training,
    validation: withCountedWindows(parts.validation, tilePixels),
    unlabelledTiles: all.length - tiles.length,
    test: parts.test ?? [],
    unusedTiles: tiles.length - parts.training.length - parts.validation.length - (parts.test ?? []).length,
    warnings: [...warnings, ...parts.warnings, ...(labels === null ? [] : missingClasses(parts, labels))],
  };
}

function chosenSplit(input: SplitInput, settings: SplitSettings, saved: GroundSplit | null): SplitParts {
  switch (settings.kind) {
    case "mosaic":
      return splitByMosaic(input, settings.share);
    case "blocks":
      return splitByBlocks(input, settings);
    case "random":
      return splitAtRandom(input, settings.share);
    case "list":
      return splitByList(input, settings);
    case "saved": {
      if (saved === null) {
        throw new SplitError(
          `The split “${settings.name}” isn't in this project any more: choose another way to split.`,
        );
      }
      return splitByAreas(input, saved);
    }
  }
}

/** All tiles that mosaics are cut into, before any is given to a part. */
export function gridTiles(
  mosaics: readonly SplitMosaic[],
  tilePixels: number,
  settings: SplitSettings,
): MosaicTile[] {
  return mosaics.flatMap((mosaic) => mosaicTiles(mosaic, tilePixels, settings, []));
}

/** Tiles of a list are cells counted its way; a mosaic that is listed whole, and every other split, covers every pixel. */
function mosaicTiles(
  mosaic: SplitMosaic,
  tilePixels: number,
  settings: SplitSettings,
  warnings: string[],
): MosaicTile[] {
  if (settings.kind === "list" && !isListedWhole(mosaic, settings)) {
    const cells = Math.ceil(mosaic.width / tilePixels) * Math.ceil(mosaic.height / tilePixels);
    return Array.from({ length: cells }, (_, index) => listedTile(mosaic, tilePixels, index))
      .filter((tile) => tile !== null)
      .map((tile) => ({ ...tile, mosaicId: mosaic.id }));
  }
  const grid = tileGrid(mosaic, tilePixels);
  if (grid.padded) {
    warnings.push(
      `${mosaic.name} (${mosaic.width}×${mosaic.height} px) is smaller than a tile of ${tilePixels} px: ` +
        "the rest of the tile is empty and counts for nothing.",
    );
  }
  return grid.tiles.map((tile) => ({ ...tile, mosaicId: mosaic.id }));
}

/**
 * Draws single tiles. The last column and row overlap their neighbours (they were moved inward), so those stay on one side;
 * all others may lie beside a tile of the other part, which the warning says.
 */
function splitAtRandom({ mosaics, tiles, tilePixels, seed }: SplitInput, share: number): SplitParts {
  const clusters = new Map<string, MosaicTile[]>();
  const sizes = new Map(mosaics.map((mosaic) => [mosaic.id, mosaic]));
  for (const tile of tiles) {
    const mosaic = sizes.get(tile.mosaicId);
    const key = [
      tile.mosaicId,
      clusterIndex(tile.column, mosaic?.width ?? 0, tilePixels),
      clusterIndex(tile.row, mosaic?.height ?? 0, tilePixels),
    ].join("/");
    clusters.set(key, [...(clusters.get(key) ?? []), tile]);
  }
  const wanted = Math.max(1, Math.round(tiles.length * share));
  const validation = new Set<MosaicTile>();
  for (const cluster of seededRandom(seed, "split", "random").shuffled([...clusters.values()])) {
    if (validation.size >= wanted || (validation.size > 0 && validation.size + cluster.length > wanted + 1)) {
      continue;
    }
    // The last cluster is for training, however large the share.
    if (validation.size + cluster.length < tiles.length) {
      cluster.forEach((tile) => validation.add(tile));
    }
  }
  const warnings = [
    "Random tiles put neighbours into both parts, so the validation looks better than new ground will: prefer a split by mosaic or by blocks.",
  ];
  const overlapping = overlapGroups(mosaics).filter((group) => group.length > 1);
  for (const group of overlapping) {
    warnings.push(`${names(group)} overlap on the ground: the same place may be in both parts.`);
  }
  return {
    training: tiles.filter((tile) => !validation.has(tile)),
    validation: inOrder(tiles, validation),
    warnings,
  };
}

/** The last two tiles of a row or column belong together where the last one was moved inward. */
function clusterIndex(index: number, length: number, tilePixels: number): number {
  const count = Math.ceil(length / tilePixels);
  const lastIsMoved = length % tilePixels !== 0;
  return lastIsMoved && index === count - 1 ? Math.max(0, index - 1) : index;
}

function inOrder(tiles: readonly MosaicTile[], chosen: ReadonlySet<MosaicTile>): MosaicTile[] {
  return tiles.filter((tile) => chosen.has(tile));
}

function isLabelled(labels: LabelKnowledge, tile: MosaicTile): boolean {
  return labels.classPixels(tile.mosaicId, tile.pixelWindow).some((pixels) => pixels > 0);
}

/** Cuts what a neighbour to the left or above has counted, so that no pixel is measured twice. */
function withCountedWindows(validation: readonly MosaicTile[], tilePixels: number): ValidationTile[] {
  const chosen = new Set(validation.map(tileKey));
  return validation.map((tile) => {
    const { mosaicId, column, row, pixelWindow } = tile;
    const leftIsCounted = chosen.has(tileKey({ mosaicId, column: column - 1, row }));
    const aboveIsCounted = chosen.has(tileKey({ mosaicId, column, row: row - 1 }));
    const x = leftIsCounted ? column * tilePixels : pixelWindow.x;
    const y = aboveIsCounted ? row * tilePixels : pixelWindow.y;
    const counted = {
      x,
      y,
      width: pixelWindow.x + pixelWindow.width - x,
      height: pixelWindow.y + pixelWindow.height - y,
    };
    return { ...tile, counted };
  });
}

function tileKey({ mosaicId, column, row }: Pick<MosaicTile, "mosaicId" | "column" | "row">): string {
  return `${column}/${row}/${mosaicId}`;
}

function missingClasses(parts: SplitParts, labels: LabelKnowledge): string[] {
  const training = classTotals(parts.training, labels);
  const validation = classTotals(parts.validation, labels);
  const warnings: string[] = [];
  const lacking = (here: readonly number[], there: readonly number[]): string[] =>
    labels.classNames.filter((_, index) => here[index] === 0 && (there[index] ?? 0) > 0);
  const onlyValidated = lacking(training, validation);
  if (onlyValidated.length > 0) {
    warnings.push(`No training tile has ${onlyValidated.join(", ")}: the network can't learn it.`);
  }
  const onlyTrained = lacking(validation, training);
  if (onlyTrained.length > 0) {
    warnings.push(
      `No validation tile has ${onlyTrained.join(", ")}: its IoU can't be measured. Label it in more places, or divide the ground on the map.`,
    );
  }
  return warnings;
}

function names(mosaics: readonly SplitMosaic[]): string {
  return mosaics.map(({ name }) => name).join(" and ");
}
