import type { Extent } from "ol/extent.js";
import { intersects } from "ol/extent.js";
import type { MapPosition } from "#shared/geo/affine.ts";
import { windowIntersection, type PixelWindow } from "#shared/geo/pixel-window.ts";
import type { MapProjection, ReadyMosaic } from "#shared/project/mosaic.ts";
import { mosaicGrid, type MosaicGrid } from "./mosaic-grid.ts";

/** A mosaic that can be shown on the map, and how it lies there. */
export interface PlacedMosaic {
  readonly mosaic: ReadyMosaic;
  readonly grid: MosaicGrid;
}

/** A mosaic is drawn as an outline only while its longer side is shorter than this many screen pixels. */
const SMALLEST_DRAWN = 32;

/**
 * The mosaics that a map in one projection can show, in drawing order.
 *
 * Grids are kept as long as a mosaic's placement and size stay what they are: a snapshot of the project comes anew
 * with every change, and 500 outlines need not be projected each time.
 */
export class MosaicScene {
  readonly #projection: MapProjection;
  readonly #pixelRatio: number;
  readonly #placed = new Map<string, PlacedMosaic & { readonly key: string }>();
  #order: PlacedMosaic[] = [];

  constructor(projection: MapProjection, pixelRatio: number) {
    this.#projection = projection;
    this.#pixelRatio = pixelRatio;
  }

  /** Takes up a list of mosaics; returns the ids of those whose tiles are no longer right. */
  update(mosaics: readonly ReadyMosaic[]): string[] {
    const outdated: string[] = [];
    const order: PlacedMosaic[] = [];
    const present = new Set<string>();
    for (const mosaic of mosaics) {
      present.add(mosaic.id);
      const { width, height } = mosaic.image;
      const key = JSON.stringify([mosaic.placement, width, height]);
      const known = this.#placed.get(mosaic.id);
      if (known?.key === key) {
        const placed = { ...known, mosaic };
        this.#placed.set(mosaic.id, placed);
        order.push(placed);
        continue;
      }
      if (known !== undefined) {
        outdated.push(mosaic.id);
        this.#placed.delete(mosaic.id);
      }
      const grid = mosaicGrid(mosaic.placement, { width, height }, this.#projection, this.#pixelRatio);
      if (grid !== null) {
        const placed = { mosaic, grid, key };
        this.#placed.set(mosaic.id, placed);
        order.push(placed);
      }
    }
    for (const id of [...this.#placed.keys()]) {
      if (!present.has(id)) {
        this.#placed.delete(id);
        outdated.push(id);
      }
    }
    this.#order = order;
    return outdated;
  }

  /** All that can be shown, bottom first. */
  get mosaics(): readonly PlacedMosaic[] {
    return this.#order;
  }

  get(mosaicId: string): PlacedMosaic | null {
    return this.#placed.get(mosaicId) ?? null;
  }

  /** Mosaics that reach into an extent and are large enough on screen to be drawn. */
  inView(extent: Extent, resolution: number): PlacedMosaic[] {
    return this.#order.filter(
      ({ grid, mosaic }) => intersects(grid.mapExtent, extent) && isDrawn(grid, mosaic, resolution),
    );
  }

  /**
   * The topmost mosaic that has a pixel at a position, with that pixel; hidden ones are passed over, but one that is
   * `inFront` comes before all others.
   */
  at(
    position: MapPosition,
    isHidden: (mosaicId: string) => boolean,
    inFront: string | null = null,
  ): { placed: PlacedMosaic; column: number; row: number } | null {
    const front = inFront === null ? undefined : this.#placed.get(inFront);
    for (const placed of [...this.#order, ...(front === undefined ? [] : [front])].reverse()) {
      const [minX = 0, minY = 0, maxX = 0, maxY = 0] = placed.grid.mapExtent;
      const [x, y] = position;
      if (x < minX || y < minY || x > maxX || y > maxY || (placed !== front && isHidden(placed.mosaic.id))) {
        continue;
      }
      const [column, row] = placed.grid.toPixel(position).map(Math.floor);
      const { width, height } = placed.mosaic.image;
      if (
        column !== undefined &&
        row !== undefined &&
        column >= 0 &&
        row >= 0 &&
        column < width &&
        row < height
      ) {
        return { placed, column, row };
      }
    }
    return null;
  }
}

function isDrawn(grid: MosaicGrid, mosaic: ReadyMosaic, resolution: number): boolean {
  const longest = Math.max(mosaic.image.width, mosaic.image.height);
  return (longest * grid.nativeResolution) / resolution >= SMALLEST_DRAWN;
}

/** The pixels of a mosaic that a map extent shows, or null when it shows none. */
export function viewedWindow({ mosaic, grid }: PlacedMosaic, extent: Extent): PixelWindow | null {
  const [minX = 0, minY = 0, maxX = 0, maxY = 0] = extent;
  const steps = [0, 0.25, 0.5, 0.75, 1];
  const pixels = steps
    .flatMap((across) =>
      steps.map((down): MapPosition => [minX + (maxX - minX) * across, minY + (maxY - minY) * down]),
    )
    .map((position) => grid.toPixel(position))
    .filter(([column, row]) => Number.isFinite(column) && Number.isFinite(row));
  if (pixels.length === 0) {
    return null;
  }
  const columns = pixels.map(([column]) => column);
  const rows = pixels.map(([, row]) => row);
  const x = Math.floor(Math.min(...columns));
  const y = Math.floor(Math.min(...rows));
  const width = Math.ceil(Math.max(...columns)) - x;
  const height = Math.ceil(Math.max(...rows)) - y;
  if (width < 1 || height < 1) {
    return null;
  }
  const { width: rasterWidth, height: rasterHeight } = mosaic.image;
  return windowIntersection(
    { x, y, width, height },
    { x: 0, y: 0, width: rasterWidth, height: rasterHeight },
  );
}
