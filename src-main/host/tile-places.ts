import { mapToPixel, pixelToMap, type Geotransform, type MapPosition } from "#shared/geo/affine.ts";
import type { PixelSize } from "#shared/geo/pixel-window.ts";

/** Side of a tile, in pixels of the grid, unless told otherwise. */
export const tileSide = 512;
/** Pixels between positions that are carried over exactly; those in between follow by straight lines. */
const meshStep = 32;

/** Carries a position from one coordinate system to another; null where it has no place there. */
export type Carry = (position: MapPosition) => MapPosition | null;

/** Where every pixel centre of one tile of a grid lies in another raster, and the part of the raster that this takes. */
export interface TilePlaces {
  readonly columns: Float64Array;
  readonly rows: Float64Array;
  readonly window: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
}

/** Null where the tile of the grid whose upper left pixel is `corner` lies beside the raster. `side` is a multiple of 32. */
export function tilePlaces(
  grid: Geotransform,
  { size, geotransform }: { readonly size: PixelSize; readonly geotransform: Geotransform },
  [left, top]: readonly [column: number, row: number],
  back: Carry,
  side: number = tileSide,
): TilePlaces | null {
  const nodes = side / meshStep + 1;
  const meshColumns = new Float64Array(nodes * nodes);
  const meshRows = new Float64Array(nodes * nodes);
  let [minColumn, minRow, maxColumn, maxRow] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let node = 0; node < nodes * nodes; node += 1) {
    const position = pixelToMap(grid, [
      left + (node % nodes) * meshStep,
      top + Math.floor(node / nodes) * meshStep,
    ]);
    const carried = back(position);
    const [column, row] = carried === null ? [NaN, NaN] : mapToPixel(geotransform, carried);
    meshColumns[node] = column;
    meshRows[node] = row;
    minColumn = Math.min(minColumn, column);
    maxColumn = Math.max(maxColumn, column);
    minRow = Math.min(minRow, row);
    maxRow = Math.max(maxRow, row);
  }
  const x = Math.max(0, Math.floor(minColumn) - 1);
  const y = Math.max(0, Math.floor(minRow) - 1);
  const width = Math.min(size.width, Math.ceil(maxColumn) + 1) - x;
  const height = Math.min(size.height, Math.ceil(maxRow) + 1) - y;
  if (!(width > 0 && height > 0)) {
    return null;
  }
  const columns = new Float64Array(side * side);
  const rows = new Float64Array(side * side);
  for (let pixelRow = 0; pixelRow < side; pixelRow += 1) {
    const meshRow = Math.floor(pixelRow / meshStep);
    const down = (pixelRow + 0.5) / meshStep - meshRow;
    for (let pixelColumn = 0; pixelColumn < side; pixelColumn += 1) {
      const meshColumn = Math.floor(pixelColumn / meshStep);
      const across = (pixelColumn + 0.5) / meshStep - meshColumn;
      const node = meshRow * nodes + meshColumn;
      const at = pixelRow * side + pixelColumn;
      columns[at] = between(meshColumns, node, nodes, across, down);
      rows[at] = between(meshRows, node, nodes, across, down);
    }
  }
  return { columns, rows, window: { x, y, width, height } };
}

function between(mesh: Float64Array, node: number, nodes: number, across: number, down: number): number {
  const above = (mesh[node] as number) * (1 - across) + (mesh[node + 1] as number) * across;
  const below = (mesh[node + nodes] as number) * (1 - across) + (mesh[node + nodes + 1] as number) * across;
  return above * (1 - down) + below * down;
}
