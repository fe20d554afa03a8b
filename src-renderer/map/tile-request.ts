import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";

/** The side of a tile's data in pixels. */
export const TILE_SIZE = 256;

/** A tile's place in a grid; level 0 is the coarsest. */
export interface TileCoordinate {
  readonly level: number;
  readonly column: number;
  readonly row: number;
}

/** Which pixels of a mosaic a tile is made from, and the size they are read at. */
export interface TileRequest {
  readonly pixelWindow: PixelWindow;
  readonly size: PixelSize;
}

/** A tile's name within one source. */
export function tileKey({ level, column, row }: TileCoordinate): string {
  return `${level}/${column}/${row}`;
}

/**
 * How many times a raster is halved until it fits in a quarter of a tile: from there on it is small enough on screen
 * to be drawn smaller without flickering.
 */
export function halvings(size: PixelSize): number {
  const longest = Math.max(size.width, size.height);
  return Math.max(0, Math.ceil(Math.log2(longest / (TILE_SIZE / 4))));
}

/**
 * The pixels of a tile whose grid is the mosaic's own: `TILE_SIZE` squares of native pixels at the finest level
 * (`levels - 1`), twice as many a side with each coarser one. The window may reach over the raster's edge.
 */
export function alignedTileRequest({ level, column, row }: TileCoordinate, levels: number): TileRequest {
  const side = TILE_SIZE * 2 ** (levels - 1 - level);
  return {
    pixelWindow: { x: column * side, y: row * side, width: side, height: side },
    size: { width: TILE_SIZE, height: TILE_SIZE },
  };
}
