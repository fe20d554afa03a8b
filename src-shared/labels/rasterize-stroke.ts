import type { PixelWindow } from "../geo/pixel-window.ts";
import type { BrushTip, PixelPoint } from "./label-edit.ts";

/**
 * Sets to 1 the pixels of `mask` (a window, row-major) whose centre is touched by a tip moved along a path.
 *
 * Each row of what a tip covers between two points is one run, whose ends are computed in the mosaic's coordinates: the result is the same
 * pixel by pixel however the mosaic is cut into windows.
 */
export function rasterizeStroke(
  mask: Uint8Array,
  window: PixelWindow,
  points: readonly PixelPoint[],
  radius: number,
  tip: BrushTip,
): void {
  const [first] = points;
  if (first === undefined) {
    return;
  }
  if (points.length === 1) {
    rasterizeSegment(mask, window, first, first, radius, tip);
  }
  for (let index = 1; index < points.length; index++) {
    const from = points[index - 1] as PixelPoint;
    rasterizeSegment(mask, window, from, points[index] as PixelPoint, radius, tip);
  }
}

function rasterizeSegment(
  mask: Uint8Array,
  window: PixelWindow,
  from: PixelPoint,
  to: PixelPoint,
  radius: number,
  tip: BrushTip,
): void {
  if (
    Math.max(from[0], to[0]) + radius < window.x ||
    Math.min(from[0], to[0]) - radius > window.x + window.width
  ) {
    return;
  }
  const top = Math.max(window.y, Math.ceil(Math.min(from[1], to[1]) - radius - 0.5));
  const bottom = Math.min(window.y + window.height - 1, Math.floor(Math.max(from[1], to[1]) + radius - 0.5));
  const span = tip === "round" ? roundSpan : squareSpan;
  for (let row = top; row <= bottom; row++) {
    const covered = span(row + 0.5, from, to, radius);
    if (covered === null) {
      continue;
    }
    const start = Math.max(window.x, Math.ceil(covered[0] - 0.5));
    const end = Math.min(window.x + window.width, Math.floor(covered[1] - 0.5) + 1);
    if (end > start) {
      const line = (row - window.y) * window.width - window.x;
      mask.fill(1, line + start, line + end);
    }
  }
}

type Span = readonly [from: number, to: number];

/** Where a horizontal line crosses a disc moved along a segment: from the discs at the ends and the rectangle between them. */
function roundSpan(y: number, from: PixelPoint, to: PixelPoint, radius: number): Span | null {
  let low = Infinity;
  let high = -Infinity;
  for (const [centerX, centerY] of [from, to]) {
    const square = radius * radius - (y - centerY) * (y - centerY);
    if (square >= 0) {
      const half = Math.sqrt(square);
      low = Math.min(low, centerX - half);
      high = Math.max(high, centerX + half);
    }
  }
  const dx = to[0] - from[0];
  const dy = to[1] - from[1];
  const length = Math.hypot(dx, dy);
  if (length > 0) {
    const acrossX = (-dy / length) * radius;
    const acrossY = (dx / length) * radius;
    const corners: readonly PixelPoint[] = [
      [from[0] + acrossX, from[1] + acrossY],
      [to[0] + acrossX, to[1] + acrossY],
      [to[0] - acrossX, to[1] - acrossY],
      [from[0] - acrossX, from[1] - acrossY],
    ];
    for (let index = 0; index < 4; index++) {
      const [x1, y1] = corners[index] as PixelPoint;
      const [x2, y2] = corners[(index + 1) % 4] as PixelPoint;
      if (y1 !== y2 && y >= Math.min(y1, y2) && y <= Math.max(y1, y2)) {
        const x = x1 + ((y - y1) * (x2 - x1)) / (y2 - y1);
        low = Math.min(low, x);
        high = Math.max(high, x);
      }
    }
  }
  return low <= high ? [low, high] : null;
}

/** Where a horizontal line crosses an upright square moved along a segment: as far as the square's middle is near enough to the line. */
function squareSpan(y: number, from: PixelPoint, to: PixelPoint, radius: number): Span | null {
  const dy = to[1] - from[1];
  let first = 0;
  let last = 1;
  if (dy === 0) {
    if (Math.abs(y - from[1]) > radius) {
      return null;
    }
  } else {
    const one = (y - radius - from[1]) / dy;
    const other = (y + radius - from[1]) / dy;
    first = Math.max(first, Math.min(one, other));
    last = Math.min(last, Math.max(one, other));
    if (first > last) {
      return null;
    }
  }
  const x1 = from[0] + first * (to[0] - from[0]);
  const x2 = from[0] + last * (to[0] - from[0]);
  return [Math.min(x1, x2) - radius, Math.max(x1, x2) + radius];
}
