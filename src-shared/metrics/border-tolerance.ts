import { UNLABELLED_ID } from "../project/land-class.ts";

/** A window of class ids, row-major, 255 unlabelled. */
export interface IdWindow {
  readonly ids: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * The same ids with every pixel unlabelled that has a pixel of another class within `tolerancePixels` (a square of 2n + 1): how a label drawn a pixel
 * or two beside the true border is kept from counting as an error. Unlabelled pixels are no class and make no border.
 *
 * Give the window `tolerancePixels` more on each side than what is to be counted, so that borders outside are seen.
 */
export function withoutBorders({ ids, width, height }: IdWindow, tolerancePixels: number): Uint8Array {
  if (tolerancePixels === 0) {
    return ids.slice();
  }
  // One class in the square: its lowest and highest id are the same. Both filters go along rows, then along columns.
  const lowest = new Uint8Array(ids);
  const highest = ids.map((id) => (id === UNLABELLED_ID ? 0 : id));
  const span = Math.max(width, height);
  const low = new Uint8Array(span);
  const high = new Uint8Array(span);
  for (let y = 0; y < height; y++) {
    spread(lowest, highest, y * width, 1, width, tolerancePixels, low, high);
  }
  for (let x = 0; x < width; x++) {
    spread(lowest, highest, x, width, height, tolerancePixels, low, high);
  }
  return ids.map((id, index) => (lowest[index]! < highest[index]! ? UNLABELLED_ID : id));
}

/** Replaces each value of one line by the lowest (highest) within `reach` of it. */
function spread(
  lowest: Uint8Array,
  highest: Uint8Array,
  start: number,
  stride: number,
  length: number,
  reach: number,
  low: Uint8Array,
  high: Uint8Array,
): void {
  for (let index = 0; index < length; index++) {
    let least = 255;
    let most = 0;
    const end = Math.min(length - 1, index + reach);
    for (let near = Math.max(0, index - reach); near <= end; near++) {
      const at = start + near * stride;
      if (lowest[at]! < least) {
        least = lowest[at]!;
      }
      if (highest[at]! > most) {
        most = highest[at]!;
      }
    }
    low[index] = least;
    high[index] = most;
  }
  for (let index = 0; index < length; index++) {
    lowest[start + index * stride] = low[index]!;
    highest[start + index * stride] = high[index]!;
  }
}
