import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";

/** Side of what is blended and written at once: a chunk of the class grid, a tile of the GeoTIFF. */
export const CHUNK_PIXELS = 512;

/** A part of the output, with the input tiles that contribute to it. */
export interface PredictionChunk {
  readonly column: number;
  readonly row: number;
  readonly pixelWindow: PixelWindow;
  /** Indices into the grid's tiles. */
  readonly tileIndices: readonly number[];
}

/** Where the network looks, and what is written: tiles overlap and reach over the edges, chunks do neither. */
export interface PredictionGrid {
  readonly tiles: readonly PixelWindow[];
  readonly chunks: readonly PredictionChunk[];
  readonly chunkColumns: number;
  readonly chunkRows: number;
}

/** How input tiles are laid. */
export interface PredictionTiling {
  readonly tilePixels: number;
  readonly inputPixels: number;
  /** Share of a tile that neighbours have in common, 0–0.75. */
  readonly overlap: number;
}

/**
 * Lays tiles over a mosaic so that half the overlap reaches over each edge too: what lies there is mirrored, and no pixel of the mosaic depends on a
 * tile's rim alone. Starts are whole input pixels apart, so that all tiles see the ground in the same phase.
 */
export function predictionGrid(
  mosaic: PixelSize,
  { tilePixels, inputPixels, overlap }: PredictionTiling,
): PredictionGrid {
  const unit = tilePixels % inputPixels === 0 ? tilePixels / inputPixels : 1;
  const step = Math.max(unit, Math.round((tilePixels * (1 - overlap)) / unit) * unit);
  const margin = Math.floor((tilePixels - step) / 2 / unit) * unit;
  const xs = starts(mosaic.width, tilePixels, step, margin);
  const ys = starts(mosaic.height, tilePixels, step, margin);
  const tiles = ys.flatMap((y) => xs.map((x) => ({ x, y, width: tilePixels, height: tilePixels })));

  const chunkColumns = Math.ceil(mosaic.width / CHUNK_PIXELS);
  const chunkRows = Math.ceil(mosaic.height / CHUNK_PIXELS);
  const chunks: PredictionChunk[] = [];
  for (let row = 0; row < chunkRows; row++) {
    for (let column = 0; column < chunkColumns; column++) {
      const x = column * CHUNK_PIXELS;
      const y = row * CHUNK_PIXELS;
      const width = Math.min(CHUNK_PIXELS, mosaic.width - x);
      const height = Math.min(CHUNK_PIXELS, mosaic.height - y);
      const columns = touching(xs, tilePixels, x, width);
      const tileIndices = touching(ys, tilePixels, y, height).flatMap((tileRow) =>
        columns.map((tileColumn) => tileRow * xs.length + tileColumn),
      );
      chunks.push({ column, row, pixelWindow: { x, y, width, height }, tileIndices });
    }
  }
  return { tiles, chunks, chunkColumns, chunkRows };
}

function starts(length: number, tilePixels: number, step: number, margin: number): number[] {
  const count = Math.max(1, Math.ceil((length - (tilePixels - 2 * margin)) / step) + 1);
  return Array.from({ length: count }, (_, index) => index * step - margin);
}

function touching(
  tileStarts: readonly number[],
  tilePixels: number,
  start: number,
  length: number,
): number[] {
  return tileStarts.flatMap((tileStart, index) =>
    tileStart < start + length && tileStart + tilePixels > start ? [index] : [],
  );
}
