/**
 * Turns subsampled YCbCr data units (TIFF 6.0, section 21) into RGB, by the integer tables of libtiff's
 * tif_color.c with the default coefficients, so that the outcome is the same as GDAL's to the last bit.
 *
 * @param bytes data units row by row: `across · down` luma samples, then Cb, then Cr
 */
export function upsampleYCbCr(
  bytes: Uint8Array,
  width: number,
  rows: number,
  [across, down]: readonly [number, number],
): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array(width * rows * 3);
  const unitBytes = across * down + 2;
  const unitsAcross = Math.ceil(width / across);
  for (let unitRow = 0; unitRow * down < rows; unitRow += 1) {
    for (let unit = 0; unit < unitsAcross; unit += 1) {
      const at = (unitRow * unitsAcross + unit) * unitBytes;
      const cb = bytes[at + across * down] ?? 128;
      const cr = bytes[at + across * down + 1] ?? 128;
      for (let inner = 0; inner < across * down; inner += 1) {
        const x = unit * across + (inner % across);
        const y = unitRow * down + Math.floor(inner / across);
        if (x < width && y < rows) {
          writeRgb(rgb, (y * width + x) * 3, bytes[at + inner] ?? 0, cb, cr);
        }
      }
    }
  }
  return rgb;
}

const half = 1 << 15;
const fix = (value: number): number => Math.trunc(value * 65536 + 0.5);
// Rec. 601 luma: red 0.299, green 0.587, blue 0.114.
const crToRed = fix(2 - 2 * 0.299);
const crToGreen = -fix((0.299 * (2 - 2 * 0.299)) / 0.587);
const cbToBlue = fix(2 - 2 * 0.114);
const cbToGreen = -fix((0.114 * (2 - 2 * 0.114)) / 0.587);

function writeRgb(rgb: Uint8Array, at: number, luma: number, cb: number, cr: number): void {
  const blueness = cb - 128;
  const redness = cr - 128;
  rgb[at] = clamp(luma + ((crToRed * redness + half) >> 16));
  rgb[at + 1] = clamp(luma + ((cbToGreen * blueness + half + crToGreen * redness) >> 16));
  rgb[at + 2] = clamp(luma + ((cbToBlue * blueness + half) >> 16));
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
