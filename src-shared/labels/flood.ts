/**
 * Spreads from pixels to their neighbours left, right, above and below as long as they are members. Sets to 1 in `mask` (row-major, `width` wide)
 * what it reaches and was not 1 yet; seeds that are no members are left out. Returns how many pixels were set.
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
    let left = seed;
    while (left > line && members[left - 1] === 1 && mask[left - 1] === 0) {
      left -= 1;
    }
    let right = seed + 1;
    while (right < line + width && members[right] === 1 && mask[right] === 0) {
      right += 1;
    }
    mask.fill(1, left, right);
    filled += right - left;
    for (const offset of [-width, width]) {
      const start = left + offset;
      const end = right + offset;
      if (start < 0 || end > members.length) {
        continue;
      }
      // The first pixel of each span of the neighbouring row stands for all of it.
      let inSpan = false;
      for (let pixel = start; pixel < end; pixel++) {
        const isOpen = members[pixel] === 1 && mask[pixel] === 0;
        if (isOpen && !inSpan) {
          stack.push(pixel);
        }
        inSpan = isOpen;
      }
    }
  }
  return filled;
}
