/** A colour of a picture, 0–255 each. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** The colour of a pixel of RGBA bytes; null where there is no data. */
export function colorAt(rgba: Uint8Array, pixel: number): Rgb | null {
  const at = pixel * 4;
  return rgba[at + 3] === 0 ? null : [rgba[at] ?? 0, rgba[at + 1] ?? 0, rgba[at + 2] ?? 0];
}

/**
 * 1 for each pixel of RGBA bytes whose colour differs from `color` by at most `tolerance` (0–255) in every channel, as image editors count it; 0 where
 * there is no data.
 */
export function colorMembers(
  rgba: Uint8Array,
  [red, green, blue]: Rgb,
  tolerance: number,
): Uint8Array<ArrayBuffer> {
  const members = new Uint8Array(rgba.length / 4);
  for (let pixel = 0, at = 0; pixel < members.length; pixel++, at += 4) {
    if (
      rgba[at + 3] !== 0 &&
      Math.abs((rgba[at] as number) - red) <= tolerance &&
      Math.abs((rgba[at + 1] as number) - green) <= tolerance &&
      Math.abs((rgba[at + 2] as number) - blue) <= tolerance
    ) {
      members[pixel] = 1;
    }
  }
  return members;
}
