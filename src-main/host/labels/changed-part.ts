import type { PixelWindow } from "#shared/geo/pixel-window.ts";

/** The smallest window around what changed between two states of a part; null where nothing did. */
export function changedPart(part: PixelWindow, before: Uint8Array, after: Uint8Array): PixelWindow | null {
  let left = part.width;
  let right = -1;
  let top = -1;
  let bottom = -1;
  for (let row = 0; row < part.height; row++) {
    const line = row * part.width;
    for (let column = 0; column < part.width; column++) {
      if (before[line + column] !== after[line + column]) {
        left = Math.min(left, column);
        right = Math.max(right, column);
        top = top < 0 ? row : top;
        bottom = row;
      }
    }
  }
  return right < 0
    ? null
    : { x: part.x + left, y: part.y + top, width: right - left + 1, height: bottom - top + 1 };
}

/** The ids of a smaller window within a larger one. */
export function cutIds(ids: Uint8Array, whole: PixelWindow, part: PixelWindow): Uint8Array {
  const result = new Uint8Array(part.width * part.height);
  for (let row = 0; row < part.height; row++) {
    const from = (part.y + row - whole.y) * whole.width + part.x - whole.x;
    result.set(ids.subarray(from, from + part.width), row * part.width);
  }
  return result;
}
