import type { PixelWindow } from "../geo/pixel-window.ts";
import type { PixelPoint } from "./label-edit.ts";

/**
 * The point nearest to `point` on a border between pixels of different ids, in mosaic pixels; null when none is within `reach`. A corner of the
 * border within half the reach is preferred to a nearer point along an edge, so that polygons share their corners. `ids` is the window, row-major.
 */
export function nearestLabelEdge(
  ids: Uint8Array,
  window: PixelWindow,
  point: PixelPoint,
  reach: number,
): PixelPoint | null {
  const [x, y] = [point[0] - window.x, point[1] - window.y];
  const left = Math.max(0, Math.floor(x - reach));
  const right = Math.min(window.width, Math.ceil(x + reach));
  const top = Math.max(0, Math.floor(y - reach));
  const bottom = Math.min(window.height, Math.ceil(y + reach));
  const idAt = (column: number, row: number): number => ids[row * window.width + column] as number;
  /** Whether the side above (between row − 1 and row), or left of, a pixel is a border; the window's rim is none. */
  const isAbove = (column: number, row: number): boolean =>
    column >= 0 &&
    column < window.width &&
    row > 0 &&
    row < window.height &&
    idAt(column, row) !== idAt(column, row - 1);
  const isLeft = (column: number, row: number): boolean =>
    row >= 0 &&
    row < window.height &&
    column > 0 &&
    column < window.width &&
    idAt(column, row) !== idAt(column - 1, row);

  let nearest: PixelPoint | null = null;
  let distance = reach;
  let corner: PixelPoint | null = null;
  let cornerDistance = reach / 2;
  const consider = (px: number, py: number): void => {
    const away = Math.hypot(px - x, py - y);
    if (away <= distance) {
      distance = away;
      nearest = [px + window.x, py + window.y];
    }
  };
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const goesRight = isAbove(column, row);
      const goesDown = isLeft(column, row);
      if (goesRight) {
        consider(Math.min(column + 1, Math.max(column, x)), row);
      }
      if (goesDown) {
        consider(column, Math.min(row + 1, Math.max(row, y)));
      }
      const goesAcross = goesRight || isAbove(column - 1, row);
      const goesAlong = goesDown || isLeft(column, row - 1);
      const away = Math.hypot(column - x, row - y);
      if (goesAcross && goesAlong && away <= cornerDistance) {
        cornerDistance = away;
        corner = [column + window.x, row + window.y];
      }
    }
  }
  return corner ?? nearest;
}
