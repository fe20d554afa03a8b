import { windowIntersection, type PixelWindow } from "../geo/pixel-window.ts";
import type { LabelShape, PixelPoint } from "./label-edit.ts";
import { rasterizePolygon } from "./rasterize-polygon.ts";
import { rasterizeStroke } from "./rasterize-stroke.ts";
import { visitRuns } from "./runs.ts";

/** The smallest window of whole pixels around a shape; it may reach over the mosaic's edge. Null for a shape without pixels. */
export function shapeWindow(shape: LabelShape): PixelWindow | null {
  switch (shape.kind) {
    case "bitmap":
      return shape.pixelWindow;
    case "stroke":
      return windowAround([shape.points], shape.radius);
    case "polygon":
      return windowAround(shape.rings, 0);
  }
}

/** 1 for each pixel of a window that a shape has, else 0; the same pixels however a mosaic is cut into windows. Throws a RangeError on runs that don't fit their window. */
export function rasterizeShape(shape: LabelShape, window: PixelWindow): Uint8Array<ArrayBuffer> {
  const mask = new Uint8Array(window.width * window.height);
  switch (shape.kind) {
    case "stroke":
      rasterizeStroke(mask, window, shape.points, shape.radius, shape.tip);
      break;
    case "polygon":
      rasterizePolygon(mask, window, shape.rings);
      break;
    case "bitmap":
      copyRuns(mask, window, shape.pixelWindow, shape.runs);
      break;
  }
  return mask;
}

function windowAround(lines: readonly (readonly PixelPoint[])[], margin: number): PixelWindow | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const line of lines) {
    for (const [x, y] of line) {
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  const x = Math.floor(left - margin);
  const y = Math.floor(top - margin);
  const width = Math.ceil(right + margin) - x;
  const height = Math.ceil(bottom + margin) - y;
  return width > 0 && height > 0 && Number.isFinite(width) && Number.isFinite(height)
    ? { x, y, width, height }
    : null;
}

function copyRuns(mask: Uint8Array, window: PixelWindow, source: PixelWindow, runs: Uint8Array): void {
  const shared = windowIntersection(window, source);
  visitRuns(runs, source.width * source.height, (start, end) => {
    if (shared === null) {
      return;
    }
    const firstRow = Math.max(shared.y, source.y + Math.floor(start / source.width));
    const lastRow = Math.min(shared.y + shared.height - 1, source.y + Math.floor((end - 1) / source.width));
    for (let y = firstRow; y <= lastRow; y++) {
      const lineStart = (y - source.y) * source.width;
      const left = Math.max(shared.x, source.x + Math.max(start, lineStart) - lineStart);
      const right = Math.min(
        shared.x + shared.width,
        source.x + Math.min(end, lineStart + source.width) - lineStart,
      );
      if (right > left) {
        const line = (y - window.y) * window.width - window.x;
        mask.fill(1, line + left, line + right);
      }
    }
  });
}
