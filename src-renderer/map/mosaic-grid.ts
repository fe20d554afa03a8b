import { boundingExtent, type Extent } from "ol/extent.js";
import TileGrid from "ol/tilegrid/TileGrid.js";
import {
  isNorthUp,
  mapToPixel,
  pixelSize,
  pixelToMap,
  type MapPosition,
  type PixelPosition,
} from "#shared/geo/affine.ts";
import { rasterExtent } from "#shared/geo/bounds.ts";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { MapProjection, Placement } from "#shared/project/mosaic.ts";
import { transformBetween } from "./projections.ts";
import {
  alignedTileRequest,
  halvings,
  TILE_SIZE,
  type TileCoordinate,
  type TileRequest,
} from "./tile-request.ts";
import { tileMesh, warpedTileRequest, type TileMesh } from "./warp.ts";

/** What a tile of a grid is made from: pixels as they are, pixels to be warped, or nothing at all. */
export type TilePlan =
  | { readonly kind: "copy"; readonly request: TileRequest }
  | { readonly kind: "warp"; readonly request: TileRequest; readonly mesh: TileMesh }
  | { readonly kind: "empty" };

/**
 * How a mosaic lies on the map and is cut into tiles.
 *
 * A north-up mosaic in the map's own projection is cut along its own pixels, so that nothing is resampled. Any other
 * (another CRS, rotated, sheared, pixels that aren't square) is cut along the map, and its tiles are warped when they
 * arrive. We warp them rather than OpenLayers because its reprojected tiles keep holes where a part was aborted, and
 * can't take in a part that has changed.
 */
export interface MosaicGrid {
  readonly tileGrid: TileGrid;
  /** The raster's bounds in the map's projection. */
  readonly mapExtent: Extent;
  /** The raster's outline in the map's projection, closed. */
  readonly outline: readonly MapPosition[];
  /** Map units of one native pixel. */
  readonly nativeResolution: number;
  toMap(pixel: PixelPosition): MapPosition;
  toPixel(position: MapPosition): PixelPosition;
  plan(tile: TileCoordinate): TilePlan;
}

const MESH_CELLS = 16;
const OUTLINE_STEPS = 16;

/** A pixel's sides may differ by this share before the mosaic has to be warped: a tenth of a pixel in 100,000. */
const SQUARE_TOLERANCE = 1e-6;

/**
 * The grid of a mosaic on a map; null where its coordinates can't be carried over to the map's.
 * `pixelRatio` is how many device pixels a screen pixel has, so that tiles stay sharp there.
 */
export function mosaicGrid(
  placement: Placement,
  size: PixelSize,
  view: MapProjection,
  pixelRatio: number,
): MosaicGrid | null {
  const toView = transformBetween(placement.projection, view);
  const fromView = transformBetween(view, placement.projection);
  if (toView === null || fromView === null) {
    return null;
  }
  const { geotransform } = placement;
  const toMap = (pixel: PixelPosition): MapPosition => toView(pixelToMap(geotransform, pixel));
  const toPixel = (position: MapPosition): PixelPosition => mapToPixel(geotransform, fromView(position));
  const outline = rasterOutline(size, toMap);
  if (outline.some(([x, y]) => !Number.isFinite(x) || !Number.isFinite(y))) {
    return null;
  }
  const [alongRow, alongColumn] = pixelSize(geotransform);
  const aligned =
    placement.projection.code === view.code &&
    isNorthUp(geotransform) &&
    geotransform[0] > 0 &&
    geotransform[4] < 0 &&
    Math.abs(alongRow - alongColumn) <= alongRow * SQUARE_TOLERANCE;
  const nativeResolution = aligned ? alongRow : resolutionAt(size, toMap);
  const mapExtent: Extent = aligned
    ? [...rasterExtent(geotransform, size)]
    : [
        Math.min(...outline.map(([x]) => x)),
        Math.min(...outline.map(([, y]) => y)),
        Math.max(...outline.map(([x]) => x)),
        Math.max(...outline.map(([, y]) => y)),
      ];
  const levels = halvings(size) + 1;
  const ratio = Math.max(1, Math.round(pixelRatio));
  const tileGrid = new TileGrid({
    extent: mapExtent,
    origin: [mapExtent[0] ?? 0, mapExtent[3] ?? 0],
    // A tile of 256 pixels is 256 / ratio screen pixels wide, so that one of its pixels is one of the device's.
    tileSize: TILE_SIZE / ratio,
    resolutions: Array.from(
      { length: levels },
      (_, level) => nativeResolution * 2 ** (levels - 1 - level) * ratio,
    ),
  });
  const plan = (tile: TileCoordinate): TilePlan => {
    if (aligned) {
      return { kind: "copy", request: alignedTileRequest(tile, levels) };
    }
    const [minX = 0, minY = 0, maxX = 0, maxY = 0] = tileGrid.getTileCoordExtent([
      tile.level,
      tile.column,
      tile.row,
    ]);
    const mesh = tileMesh(MESH_CELLS, (across, down) =>
      toPixel([minX + (maxX - minX) * across, maxY - (maxY - minY) * down]),
    );
    const request = warpedTileRequest(mesh, size, 2 ** (levels - 1 - tile.level));
    return request === null ? { kind: "empty" } : { kind: "warp", request, mesh };
  };
  return { tileGrid, mapExtent, outline, nativeResolution, toMap, toPixel, plan };
}

/** The bounds on the map of a window of the mosaic, with two pixels around it; sides that a projection bends are followed. */
export function mapExtentOf(grid: Pick<MosaicGrid, "toMap">, { x, y, width, height }: PixelWindow): Extent {
  const around = { x: x - 2, y: y - 2, width: width + 4, height: height + 4 };
  const ring = rasterOutline(around, ([column, row]) => grid.toMap([around.x + column, around.y + row]));
  return boundingExtent(ring.map(([mapX, mapY]) => [mapX, mapY]));
}

/** The raster's edge as a closed ring, with points between the corners because a projection bends it. */
function rasterOutline(size: PixelSize, toMap: (pixel: PixelPosition) => MapPosition): MapPosition[] {
  const corners: readonly PixelPosition[] = [
    [0, 0],
    [size.width, 0],
    [size.width, size.height],
    [0, size.height],
    [0, 0],
  ];
  const ring: MapPosition[] = [];
  for (const [index, from] of corners.slice(0, -1).entries()) {
    const to = corners[index + 1] ?? from;
    for (let step = 0; step < OUTLINE_STEPS; step += 1) {
      const share = step / OUTLINE_STEPS;
      ring.push(toMap([from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share]));
    }
  }
  return [...ring, toMap([0, 0])];
}

/** Map units of a pixel at the raster's centre: the side of a square of the same area. */
function resolutionAt(size: PixelSize, toMap: (pixel: PixelPosition) => MapPosition): number {
  const column = size.width / 2;
  const row = size.height / 2;
  const [x, y] = toMap([column, row]);
  const [rightX, rightY] = toMap([column + 1, row]);
  const [downX, downY] = toMap([column, row + 1]);
  return Math.sqrt(Math.abs((rightX - x) * (downY - y) - (downX - x) * (rightY - y)));
}
