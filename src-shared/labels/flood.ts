import { findValue, findValueBefore } from "./find-value.ts";

/**
 * Spreads from pixels to their neighbours left, right, above and below as long as they are members. Sets to 1 in `mask` (row-major, `width` wide)
 * what it reaches and was not 1 yet; seeds that are no members are left out. `members` and `mask` hold 0 and 1. Returns how many pixels were set.
 *
 * Spans of a row are filled at once (Smith, "Tint Fill", SIGGRAPH 1979), so that the stack holds spans and not pixels.
 */
export function floodFill(
  mask: Uint8Array,
  width: number,
  members: Uint8Array,
  seeds: readonly number[],
): number {
  const stack = [...seeds];
  let filled = 0;
  for (let seed = stack.pop(); seed !== undefined; seed = stack.pop()) {
    if (members[seed] !== 1 || mask[seed] === 1) {
      continue;
    }
    const line = seed - (seed % width);
    const lineEnd = line + width;
    const left = Math.max(findValueBefore(members, 0, seed, line), findValueBefore(mask, 1, seed, line)) + 1;
    const right = Math.min(findValue(members, 0, seed, lineEnd), findValue(mask, 1, seed, lineEnd));
    mask.fill(1, left, right);
    filled += right - left;
    for (const offset of [-width, width]) {
      const start = left + offset;
      const end = right + offset;
      if (start < 0 || end > members.length) {
        continue;
      }
      // The first pixel of each span of the neighbouring row stands for all of it.
      let pixel = findValue(mask, 0, start, end);
      while (pixel < end) {
        if (members[pixel] === 1) {
          stack.push(pixel);
          pixel = Math.min(findValue(members, 0, pixel, end), findValue(mask, 1, pixel, end));
        } else {
          pixel = findValue(members, 1, pixel, end);
        }
        pixel = findValue(mask, 0, pixel, end);
      }
    }
  }
  return filled;
}
