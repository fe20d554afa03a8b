import type { PixelSize, PixelWindow } from "../geo/pixel-window.ts";

/** One cell of a tile grid; windows are squares of `tilePixels`, in the mosaic's own pixels. */
export interface GridTile {
  readonly column: number;
  readonly row: number;
  readonly pixelWindow: PixelWindow;
}

/** The tiles that cover a mosaic, row by row. */
export interface TileGrid {
  readonly columns: number;
  readonly rows: number;
  readonly tilePixels: number;
  readonly tiles: readonly GridTile[];
  /** True where a tile is larger than the mosaic and reaches over its edge. */
  readonly padded: boolean;
}

/**
 * Covers every pixel of a mosaic with square tiles: the last column and row are moved inward to end at the edge, where the
 * seed's notebook drops them. Only where the mosaic is smaller than a tile does the tile reach over the edge.
 */
export function tileGrid(mosaic: PixelSize, tilePixels: number): TileGrid {
  const xs = tileStarts(mosaic.width, tilePixels);
  const ys = tileStarts(mosaic.height, tilePixels);
  const tiles = ys.flatMap((y, row) =>
    xs.map((x, column): GridTile => ({
      column,
      row,
      pixelWindow: { x, y, width: tilePixels, height: tilePixels },
    })),
  );
  return {
    columns: xs.length,
    rows: ys.length,
    tilePixels,
    tiles,
    padded: mosaic.width < tilePixels || mosaic.height < tilePixels,
  };
}

/**
 * The tile that LandCover.ai's lists call `<mosaic>_<index>`, or null where its split.py writes none. It counts row by row over
 * all cells that begin inside the mosaic, the cut ones at the right and lower edge too, but writes only whole ones.
 */
export function listedTile(mosaic: PixelSize, tilePixels: number, index: number): GridTile | null {
  const columns = Math.ceil(mosaic.width / tilePixels);
  const column = index % columns;
  const row = Math.floor(index / columns);
  const isWhole = (column + 1) * tilePixels <= mosaic.width && (row + 1) * tilePixels <= mosaic.height;
  if (!isWhole) {
    return null;
  }
  const pixelWindow = { x: column * tilePixels, y: row * tilePixels, width: tilePixels, height: tilePixels };
  return { column, row, pixelWindow };
}

function tileStarts(length: number, tilePixels: number): number[] {
  const count = Math.max(1, Math.ceil(length / tilePixels));
  return Array.from({ length: count }, (_, index) =>
    Math.max(0, Math.min(index * tilePixels, length - tilePixels)),
  );
}
