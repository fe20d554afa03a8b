import type { LandClass } from "#shared/project/land-class.ts";

/** RGB, row-major, as RGBA for a canvas. */
export function imagePixels(rgb: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray((rgb.length / 3) * 4);
  for (let from = 0, to = 0; from + 2 < rgb.length; from += 3, to += 4) {
    rgba[to] = rgb[from] ?? 0;
    rgba[to + 1] = rgb[from + 1] ?? 0;
    rgba[to + 2] = rgb[from + 2] ?? 0;
    rgba[to + 3] = 255;
  }
  return rgba;
}

/** Class ids in their classes' colours, RGBA; ids that aren't a class stay transparent. */
export function classPixels(ids: Uint8Array, classes: readonly LandClass[]): Uint8ClampedArray<ArrayBuffer> {
  const palette = new Uint32Array(256);
  const view = new DataView(palette.buffer);
  for (const { id, color } of classes) {
    const rgb = Number.parseInt(color.slice(1), 16);
    // Written byte by byte, so that it is RGBA in memory whatever the machine's byte order.
    view.setUint32(id * 4, ((rgb << 8) | 0xff) >>> 0, false);
  }
  const rgba = new Uint32Array(ids.length);
  for (let index = 0; index < ids.length; index++) {
    rgba[index] = palette[ids[index] ?? 255] ?? 0;
  }
  return new Uint8ClampedArray(rgba.buffer);
}
