import type { PixelWindow } from "../geo/pixel-window.ts";
import type { PixelPoint } from "./label-edit.ts";

/**
 * Sets to 1 the pixels of `mask` (a window, row-major) whose centre lies in the rings by the even-odd rule.
 *
 * A row is crossed at its pixels' centres; of two crossings, pixels from the rounded first up to before the rounded second are inside: the rule of
 * GDAL's `GDALRasterize` without ALL_TOUCHED, so that burning the same polygon with rasterio gives the same pixels.
 */
export function rasterizePolygon(
  mask: Uint8Array,
  window: PixelWindow,
  rings: readonly (readonly PixelPoint[])[],
): void {
  fillLevelEdges(mask, window, rings);
  const edges = edgesByTop(rings, window);
  let active: Edge[] = [];
  let next = 0;
  const crossings: number[] = [];
  for (let row = 0; row < window.height; row++) {
    const y = window.y + row + 0.5;
    while (next < edges.length && (edges[next] as Edge).top <= y) {
      active.push(edges[next] as Edge);
      next += 1;
    }
    active = active.filter(({ bottom }) => y < bottom);
    crossings.length = 0;
    for (const { top, bottom, topX, bottomX } of active) {
      crossings.push(((y - top) * (bottomX - topX)) / (bottom - top) + topX);
    }
    crossings.sort((first, second) => first - second);
    const line = row * window.width - window.x;
    for (let index = 0; index + 1 < crossings.length; index += 2) {
      const start = Math.max(window.x, Math.floor((crossings[index] as number) + 0.5));
      const end = Math.min(window.x + window.width, Math.floor((crossings[index + 1] as number) + 0.5));
      if (end > start) {
        mask.fill(1, line + start, line + end);
      }
    }
  }
}

/**
 * GDAL also fills what lies on an edge that runs leftward exactly through the centres of a row: with its half-open rows, the lower side of a ring
 * that ends there would be lost.
 */
function fillLevelEdges(
  mask: Uint8Array,
  window: PixelWindow,
  rings: readonly (readonly PixelPoint[])[],
): void {
  for (const ring of rings) {
    for (let index = 0; index < ring.length; index++) {
      const [x1, y1] = ring[index] as PixelPoint;
      const [x2, y2] = ring[(index + 1) % ring.length] as PixelPoint;
      const row = y1 - 0.5 - window.y;
      if (y1 !== y2 || x1 <= x2 || !Number.isInteger(row) || row < 0 || row >= window.height) {
        continue;
      }
      const start = Math.max(window.x, Math.floor(x2 + 0.5));
      const end = Math.min(window.x + window.width, Math.floor(x1 + 0.5));
      if (end > start) {
        const line = row * window.width - window.x;
        mask.fill(1, line + start, line + end);
      }
    }
  }
}

/** An edge that isn't level, from its upper to its lower end. */
interface Edge {
  readonly top: number;
  readonly bottom: number;
  readonly topX: number;
  readonly bottomX: number;
}

/** Edges that reach into the window's rows, the highest first. */
function edgesByTop(rings: readonly (readonly PixelPoint[])[], window: PixelWindow): Edge[] {
  const edges: Edge[] = [];
  for (const ring of rings) {
    for (let index = 0; index < ring.length; index++) {
      const [x1, y1] = ring[index] as PixelPoint;
      const [x2, y2] = ring[(index + 1) % ring.length] as PixelPoint;
      if (y1 !== y2 && Math.max(y1, y2) > window.y && Math.min(y1, y2) < window.y + window.height) {
        edges.push(
          y1 < y2
            ? { top: y1, bottom: y2, topX: x1, bottomX: x2 }
            : { top: y2, bottom: y1, topX: x2, bottomX: x1 },
        );
      }
    }
  }
  return edges.sort((first, second) => first.top - second.top);
}
