/** Fine enough for the darkest colours, where the compressed lightness is steepest. */
const STEPS = 16384;

/** Linear light of an sRGB byte (IEC 61966-2-1). */
const linear = Float32Array.from({ length: 256 }, (_, byte) => {
  const share = byte / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
});

/** CIE's compressed lightness of a share of the white's, 0–1. */
const compressed = Float32Array.from({ length: STEPS + 1 }, (_, step) => {
  const share = step / STEPS;
  return share > 216 / 24389 ? Math.cbrt(share) : ((24389 / 27) * share + 16) / 116;
});

/** CIE L*a*b* (D65) of RGBA bytes as L, a, b for each pixel, by tables: within half a unit. */
export function labOf(rgba: Uint8Array): Float32Array<ArrayBuffer> {
  const pixels = rgba.length / 4;
  const lab = new Float32Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const red = linear[rgba[pixel * 4] as number] as number;
    const green = linear[rgba[pixel * 4 + 1] as number] as number;
    const blue = linear[rgba[pixel * 4 + 2] as number] as number;
    const x = step(0.4124564 * red + 0.3575761 * green + 0.1804375 * blue, 0.95047);
    const y = step(0.2126729 * red + 0.7151522 * green + 0.072175 * blue, 1);
    const z = step(0.0193339 * red + 0.119192 * green + 0.9503041 * blue, 1.08883);
    lab[pixel * 3] = 116 * y - 16;
    lab[pixel * 3 + 1] = 500 * (x - y);
    lab[pixel * 3 + 2] = 200 * (y - z);
  }
  return lab;
}

function step(value: number, white: number): number {
  return compressed[Math.min(STEPS, Math.round((value / white) * STEPS))] as number;
}
