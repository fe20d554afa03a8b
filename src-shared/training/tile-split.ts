import type { PixelWindow } from "../geo/pixel-window.ts";
import type { SplitMosaic } from "./ground-overlap.ts";
import type { GridTile } from "./tile-grid.ts";

/** A tile of one mosaic. */
export interface MosaicTile extends GridTile {
  readonly mosaicId: string;
}

/** A tile to validate on; `counted` is the part of its window that no earlier validation tile has counted already. */
export interface ValidationTile extends MosaicTile {
  readonly counted: PixelWindow;
}

/** Which tiles to learn from and which to measure on, both in the mosaics' order, row by row. */
export interface TileSplit {
  readonly training: readonly MosaicTile[];
  readonly validation: readonly ValidationTile[];
  /** Tiles kept away from both, to measure on when all is decided. */
  readonly test: readonly MosaicTile[];
  /** Tiles left out because nothing in them is labelled. */
  readonly unlabelledTiles: number;
  /** Labelled tiles used for neither part: guard bands, or not on a list. */
  readonly unusedTiles: number;
  /** Sentences for the user. */
  readonly warnings: readonly string[];
}

/** What a split needs to know of the labels; without it (they are still being counted) every tile is taken for labelled. */
export interface LabelKnowledge {
  /** Pixels of each counted class in a window of a mosaic, by class; all zero where nothing is labelled. */
  classPixels(mosaicId: string, pixelWindow: PixelWindow): readonly number[];
  readonly classNames: readonly string[];
}

/** What each way of splitting is given. */
export interface SplitInput {
  readonly mosaics: readonly SplitMosaic[];
  /** All labelled tiles. */
  readonly tiles: readonly MosaicTile[];
  readonly tilePixels: number;
  readonly labels: LabelKnowledge | null;
  readonly seed: number;
}

/** What each way of splitting answers; a tile in neither list is unused. */
export interface SplitParts {
  readonly training: readonly MosaicTile[];
  readonly validation: readonly MosaicTile[];
  /** Absent where the way of splitting knows no test. */
  readonly test?: readonly MosaicTile[];
  readonly warnings: readonly string[];
}

/** A split that can't be made with this data: the message says why and what to do. */
export class SplitError extends Error {
  readonly code = "invalid-input";
}

/** Pixels of each class over many tiles. */
export function classTotals(tiles: readonly MosaicTile[], labels: LabelKnowledge): number[] {
  const totals = labels.classNames.map(() => 0);
  for (const tile of tiles) {
    for (const [index, pixels] of labels.classPixels(tile.mosaicId, tile.pixelWindow).entries()) {
      totals[index] = (totals[index] ?? 0) + pixels;
    }
  }
  return totals;
}
