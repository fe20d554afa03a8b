import type { PixelPosition } from "#shared/geo/affine.ts";
import { windowIntersection, type PixelSize, type PixelWindow } from "#shared/geo/pixel-window.ts";
import type { TileRequest } from "./tile-request.ts";

/**
 * Where a tile's pixels lie in a mosaic: pixel positions at the nodes of a square mesh over the tile, row by row,
 * `(cells + 1)²` of them. Between nodes positions are interpolated, as map projections are smooth over 16 pixels.
 */
export interface TileMesh {
  readonly cells: number;
  readonly positions: readonly PixelPosition[];
}

/** Interleaved bytes, `bands` a pixel. */
export interface PixelBlock {
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  readonly data: Uint8Array;
}

/** Lays a mesh over a tile; `toPixel` takes fractions of the tile's width and height from its upper left corner. */
export function tileMesh(cells: number, toPixel: (across: number, down: number) => PixelPosition): TileMesh {
  const positions: PixelPosition[] = [];
  for (let row = 0; row <= cells; row += 1) {
    for (let column = 0; column <= cells; column += 1) {
      positions.push(toPixel(column / cells, row / cells));
    }
  }
  return { cells, positions };
}

/**
 * The pixels a warped tile needs, read `decimation` times smaller; null when the mesh lies beside the raster or has
 * no position there at all. The window starts and ends on multiples of `decimation`, so that neighbouring tiles see
 * the same decimated pixels.
 */
export function warpedTileRequest(mesh: TileMesh, raster: PixelSize, decimation: number): TileRequest | null {
  const finite = mesh.positions.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  if (finite.length === 0) {
    return null;
  }
  const columns = finite.map(([column]) => column);
  const rows = finite.map(([, row]) => row);
  const snapDown = (value: number): number => Math.floor(value / decimation - 1) * decimation;
  const snapUp = (value: number): number => Math.ceil(value / decimation + 1) * decimation;
  const x = snapDown(Math.min(...columns));
  const y = snapDown(Math.min(...rows));
  const wanted: PixelWindow = {
    x,
    y,
    width: snapUp(Math.max(...columns)) - x,
    height: snapUp(Math.max(...rows)) - y,
  };
  const reach = {
    x: 0,
    y: 0,
    width: Math.ceil(raster.width / decimation) * decimation,
    height: Math.ceil(raster.height / decimation) * decimation,
  };
  const pixelWindow = windowIntersection(wanted, reach);
  if (pixelWindow === null) {
    return null;
  }
  return {
    pixelWindow,
    size: { width: pixelWindow.width / decimation, height: pixelWindow.height / decimation },
  };
}

/** How a warped tile gets its pixels: class ids must be copied, colours may be mixed. */
export type Resampling = "nearest" | "bilinear";

/**
 * Draws a tile of `side`² pixels from a block of a mosaic that was read for it. What lies outside the block gets
 * `fill` in every band. Bilinear mixing needs four opaque neighbours (last band is alpha), so that edges stay sharp.
 */
export function warpTile(
  mesh: TileMesh,
  request: TileRequest,
  block: PixelBlock,
  options: { readonly side: number; readonly fill: number; readonly resampling: Resampling },
): Uint8Array<ArrayBuffer> {
  const { side, fill, resampling } = options;
  const { bands, width, height, data } = block;
  const tile = new Uint8Array(side * side * bands).fill(fill);
  const scaleX = width / request.pixelWindow.width;
  const scaleY = height / request.pixelWindow.height;
  const across = new Float64Array(
    mesh.positions.map(([column]) => (column - request.pixelWindow.x) * scaleX),
  );
  const down = new Float64Array(mesh.positions.map(([, row]) => (row - request.pixelWindow.y) * scaleY));
  const nodes = mesh.cells + 1;
  for (let row = 0; row < side; row += 1) {
    const meshRow = ((row + 0.5) / side) * mesh.cells;
    const upper = Math.min(mesh.cells - 1, Math.floor(meshRow));
    const downward = meshRow - upper;
    for (let column = 0; column < side; column += 1) {
      const meshColumn = ((column + 0.5) / side) * mesh.cells;
      const left = Math.min(mesh.cells - 1, Math.floor(meshColumn));
      const rightward = meshColumn - left;
      const node = upper * nodes + left;
      const x = interpolated(across, node, nodes, rightward, downward);
      const y = interpolated(down, node, nodes, rightward, downward);
      if (!(x >= 0 && y >= 0 && x < width && y < height)) {
        continue;
      }
      const target = (row * side + column) * bands;
      if (resampling === "bilinear" && mixPixel(tile, target, data, width, height, bands, x, y)) {
        continue;
      }
      const source = (Math.floor(y) * width + Math.floor(x)) * bands;
      for (let band = 0; band < bands; band += 1) {
        tile[target + band] = data[source + band] ?? fill;
      }
    }
  }
  return tile;
}

function interpolated(
  values: Float64Array,
  node: number,
  nodes: number,
  rightward: number,
  downward: number,
): number {
  const upperLeft = values[node] ?? Number.NaN;
  const upperRight = values[node + 1] ?? Number.NaN;
  const lowerLeft = values[node + nodes] ?? Number.NaN;
  const lowerRight = values[node + nodes + 1] ?? Number.NaN;
  const upper = upperLeft + (upperRight - upperLeft) * rightward;
  const lower = lowerLeft + (lowerRight - lowerLeft) * rightward;
  return upper + (lower - upper) * downward;
}

/** Mixes the four pixels around (x, y), given from the block's corner; false when one of them isn't opaque. */
function mixPixel(
  tile: Uint8Array,
  target: number,
  data: Uint8Array,
  width: number,
  height: number,
  bands: number,
  x: number,
  y: number,
): boolean {
  const left = Math.max(0, Math.floor(x - 0.5));
  const top = Math.max(0, Math.floor(y - 0.5));
  const right = Math.min(width - 1, left + 1);
  const bottom = Math.min(height - 1, top + 1);
  // Plain numbers and no lists: this runs for every pixel of a tile, on the thread that draws the map.
  const topLeft = (top * width + left) * bands;
  const topRight = (top * width + right) * bands;
  const bottomLeft = (bottom * width + left) * bands;
  const bottomRight = (bottom * width + right) * bands;
  const alpha = bands - 1;
  if (
    data[topLeft + alpha] !== 255 ||
    data[topRight + alpha] !== 255 ||
    data[bottomLeft + alpha] !== 255 ||
    data[bottomRight + alpha] !== 255
  ) {
    return false;
  }
  const rightward = Math.min(1, Math.max(0, x - 0.5 - left));
  const downward = Math.min(1, Math.max(0, y - 0.5 - top));
  for (let band = 0; band < bands; band += 1) {
    const upperLeft = data[topLeft + band] ?? 0;
    const upperRight = data[topRight + band] ?? 0;
    const lowerLeft = data[bottomLeft + band] ?? 0;
    const lowerRight = data[bottomRight + band] ?? 0;
    const upper = upperLeft + (upperRight - upperLeft) * rightward;
    const lower = lowerLeft + (lowerRight - lowerLeft) * rightward;
    tile[target + band] = Math.round(upper + (lower - upper) * downward);
  }
  return true;
}
