import { gridOf, REVIEW_UNIT_PIXELS } from "#shared/labels/review-cells.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import type { Raster } from "../../raster/index.ts";

/** Side of the blocks that have imagery or have none, in mosaic pixels. */
const BLOCK_PIXELS = 8;
const BLOCKS_A_UNIT = REVIEW_UNIT_PIXELS / BLOCK_PIXELS;

/** Where a mosaic has imagery: asked of pixels of one unit at a time. */
export interface ImageryUnits {
  /** Whether each block of a unit has imagery, `BLOCKS_A_UNIT²`, row-major; null where all of it has. */
  blocksOf(unitColumn: number, unitRow: number): Uint8Array | null;
}

const everywhere: ImageryUnits = { blocksOf: () => null };

/**
 * Finds where a raster has data, by the pixel in the middle of each block of 8×8; without reading anything where its file can't say that some is missing.
 * Of units that are wholly data nothing is kept, of the others a byte a block.
 */
export async function findImagery(
  raster: Raster,
  options: { readonly signal?: AbortSignal | undefined; readonly pause?: () => Promise<void> } = {},
): Promise<ImageryUnits> {
  const { width, height, nodata, alphaBand, hasMaskBand } = raster.description;
  if (nodata === null && alphaBand === null && !hasMaskBand) {
    return everywhere;
  }
  const units = gridOf(raster.description, REVIEW_UNIT_PIXELS);
  const partly = new Map<number, Uint8Array>();
  const blockColumns = units.columns * BLOCKS_A_UNIT;
  // A block that the edge cuts through its middle is as the last whole one.
  const lastColumn = lastBlock(width);
  const lastRow = lastBlock(height);
  for (let unitRow = 0; unitRow < units.rows; unitRow += 1) {
    await options.pause?.();
    options.signal?.throwIfAborted();
    const { valid } = await raster.readWindow(
      {
        pixelWindow: {
          x: 0,
          y: unitRow * REVIEW_UNIT_PIXELS,
          width: blockColumns * BLOCK_PIXELS,
          height: REVIEW_UNIT_PIXELS,
        },
        outputSize: { width: blockColumns, height: BLOCKS_A_UNIT },
        bands: [0],
        resampling: "nearest",
      },
      { signal: options.signal },
    );
    if (valid === null) {
      continue;
    }
    for (let unitColumn = 0; unitColumn < units.columns; unitColumn += 1) {
      const blocks = new Uint8Array(BLOCKS_A_UNIT ** 2);
      for (let row = 0; row < BLOCKS_A_UNIT; row += 1) {
        const seenRow = Math.min(row, Math.max(0, lastRow - unitRow * BLOCKS_A_UNIT));
        for (let column = 0; column < BLOCKS_A_UNIT; column += 1) {
          const seenColumn = Math.min(unitColumn * BLOCKS_A_UNIT + column, lastColumn);
          blocks[row * BLOCKS_A_UNIT + column] = valid[seenRow * blockColumns + seenColumn] ?? 0;
        }
      }
      if (blocks.includes(0)) {
        partly.set(unitRow * units.columns + unitColumn, blocks);
      }
    }
  }
  return { blocksOf: (column, row) => partly.get(row * units.columns + column) ?? null };
}

/** The last block along an axis whose middle is inside. */
function lastBlock(length: number): number {
  return Math.max(0, Math.floor((length - 1 - BLOCK_PIXELS / 2) / BLOCK_PIXELS));
}

/** Counts, in a window of one unit's labels, pixels with imagery and those of them that carry a class (not 255). Null where nothing is labelled at all. */
export function countUnit(
  labels: Uint8Array | null,
  area: {
    /** Where the unit's first pixel is in `labels`, and how far its rows are apart. */
    readonly start: number;
    readonly stride: number;
    readonly width: number;
    readonly height: number;
  },
  blocks: Uint8Array | null,
): { readonly imagery: number; readonly labelled: number } {
  const { start, stride, width, height } = area;
  let imagery = 0;
  let labelled = 0;
  if (labels === null && blocks === null) {
    return { imagery: width * height, labelled };
  }
  for (let row = 0; row < height; row += 1) {
    const line = start + row * stride;
    if (blocks === null) {
      imagery += width;
      for (let pixel = line; pixel < line + width; pixel += 1) {
        labelled += labels === null || labels[pixel] === UNLABELLED_ID ? 0 : 1;
      }
      continue;
    }
    const blockLine = Math.floor(row / BLOCK_PIXELS) * BLOCKS_A_UNIT;
    for (let column = 0; column < width; column += 1) {
      if (blocks[blockLine + Math.floor(column / BLOCK_PIXELS)] === 1) {
        imagery += 1;
        labelled += labels === null || labels[line + column] === UNLABELLED_ID ? 0 : 1;
      }
    }
  }
  return { imagery, labelled };
}
