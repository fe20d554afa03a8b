import { pushLength } from "./runs.ts";

/**
 * The runs (`encodeRuns`) of a bitmap each of whose pixels stands for `step`×`step` pixels, cropped to `width`×`height`; `mask` is row-major,
 * ⌈width / step⌉ wide. The enlarged bitmap itself, which may be of hundreds of megapixels, is never made.
 */
export function encodeScaledRuns(
  mask: Uint8Array,
  step: number,
  { width, height }: { readonly width: number; readonly height: number },
): Uint8Array<ArrayBuffer> {
  const columns = Math.ceil(width / step);
  const bytes: number[] = [];
  let value = 0;
  let length = 0;
  for (let row = 0; row < height; row++) {
    const line = Math.floor(row / step) * columns;
    for (let column = 0; column < columns; column++) {
      const inside = mask[line + column] === 1 ? 1 : 0;
      const covered = Math.min(step, width - column * step);
      if (inside === value) {
        length += covered;
      } else {
        pushLength(bytes, length);
        value = inside;
        length = covered;
      }
    }
  }
  pushLength(bytes, length);
  return Uint8Array.from(bytes);
}
