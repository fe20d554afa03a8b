import { findValue } from "./find-value.ts";

/**
 * A bitmap (1 inside, 0 outside; row-major) as the lengths of its runs: outside first, then in turn, each as a base-128 varint with the
 * lowest seven bits first. A disc of 400 px takes 1.6 KB instead of 160.
 */
export function encodeRuns(mask: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  let position = 0;
  while (position < mask.length) {
    const start = position;
    position = findValue(mask, 1, position, mask.length);
    pushLength(bytes, position - start);
    if (position < mask.length) {
      const after = findValue(mask, 0, position, mask.length);
      pushLength(bytes, after - position);
      position = after;
    }
  }
  if (mask.length === 0) {
    pushLength(bytes, 0);
  }
  return Uint8Array.from(bytes);
}

/** Adds the length of a run as a base-128 varint. */
export function pushLength(bytes: number[], length: number): void {
  let rest = length;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

/**
 * Calls `visit` with each run of pixels inside, as positions of the whole bitmap [start, end). Throws a RangeError when the runs don't add up to
 * `pixelCount`, before anything beyond it is visited.
 */
export function visitRuns(
  runs: Uint8Array,
  pixelCount: number,
  visit: (start: number, end: number) => void,
): void {
  let position = 0;
  let isInside = false;
  let index = 0;
  while (index < runs.length) {
    let length = 0;
    let factor = 1;
    for (;;) {
      const byte = runs[index];
      index += 1;
      if (byte === undefined || factor > 2 ** 49) {
        throw new RangeError("A bitmap's runs end in the middle of a number.");
      }
      length += (byte & 127) * factor;
      factor *= 128;
      if (byte < 128) {
        break;
      }
    }
    const end = position + length;
    if (end > pixelCount) {
      throw new RangeError(`A bitmap's runs are longer than its ${pixelCount} pixels.`);
    }
    if (isInside && length > 0) {
      visit(position, end);
    }
    position = end;
    isInside = !isInside;
  }
  if (position !== pixelCount) {
    throw new RangeError(`A bitmap's runs cover ${position} of its ${pixelCount} pixels.`);
  }
}
