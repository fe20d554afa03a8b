import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { SampleArray } from "../../raster/index.ts";

/**
 * Fills, in place, the part of an input tile that lies outside its mosaic with the mirror image of what lies inside, so that the network meets no
 * black rim. `samples` are `inputPixels² · bands`, pixel-interleaved.
 */
export function mirrorEdges(
  samples: SampleArray,
  bands: number,
  inputPixels: number,
  pixelWindow: PixelWindow,
  mosaic: PixelSize,
): void {
  const scale = pixelWindow.width / inputPixels;
  const columns = mirrored(pixelWindow.x, mosaic.width, scale, inputPixels);
  const rows = mirrored(pixelWindow.y, mosaic.height, scale, inputPixels);
  for (let row = 0; row < inputPixels; row++) {
    const fromRow = rows[row] as number;
    for (let column = 0; column < inputPixels; column++) {
      const fromColumn = columns[column] as number;
      if (fromRow !== row || fromColumn !== column) {
        const from = (fromRow * inputPixels + fromColumn) * bands;
        samples.copyWithin((row * inputPixels + column) * bands, from, from + bands);
      }
    }
  }
}

/** For each input pixel along one axis, itself where it shows any of the mosaic, else the one that it mirrors. */
function mirrored(start: number, length: number, scale: number, inputPixels: number): Int32Array {
  const first = Math.max(0, Math.floor(-start / scale));
  const last = Math.min(inputPixels - 1, Math.ceil((length - start) / scale) - 1);
  const inside = last - first + 1;
  const sources = new Int32Array(inputPixels);
  for (let index = 0; index < inputPixels; index++) {
    const turn = (((index - first) % (2 * inside)) + 2 * inside) % (2 * inside);
    sources[index] = first + (turn < inside ? turn : 2 * inside - 1 - turn);
  }
  return sources;
}
