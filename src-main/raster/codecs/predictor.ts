import type { SampleArray } from "../typed-pixels.ts";

/**
 * Undoes horizontal differencing in place (TIFF 6.0, section 14): every sample is stored as its difference
 * from the same band's sample to the left.
 *
 * @param samples whole rows of `width` pixels with `stride` bands each, in this machine's byte order
 */
export function undoHorizontalDifferencing(samples: SampleArray, width: number, stride: number): void {
  const rowLength = width * stride;
  for (let row = 0; row + rowLength <= samples.length; row += rowLength) {
    const end = row + rowLength;
    if (stride === 1) {
      let sum = samples[row] as number;
      for (let index = row + 1; index < end; index += 1) {
        samples[index] = (samples[index] as number) + sum;
        sum = samples[index] as number;
      }
    } else if (
      stride === 3 &&
      samples instanceof Uint8Array &&
      (rowLength | samples.byteOffset) % 4 === 0 &&
      rowLength % 12 === 0
    ) {
      undoRgbRow(new Uint32Array(samples.buffer, samples.byteOffset + row, rowLength / 4));
    } else if (stride === 3 && samples instanceof Uint8Array) {
      let red = samples[row] as number;
      let green = samples[row + 1] as number;
      let blue = samples[row + 2] as number;
      for (let index = row + 3; index < end; index += 3) {
        samples[index] = red = (red + (samples[index] as number)) & 255;
        samples[index + 1] = green = (green + (samples[index + 1] as number)) & 255;
        samples[index + 2] = blue = (blue + (samples[index + 2] as number)) & 255;
      }
    } else {
      for (let index = row + stride; index < end; index += 1) {
        samples[index] = (samples[index] as number) + (samples[index - stride] as number);
      }
    }
  }
}

/** A row of 8-bit RGB, four pixels in three words at a time: one addition sums the three bands of a pixel, twice as fast as byte by byte. */
function undoRgbRow(words: Uint32Array): void {
  let sum = 0;
  for (let at = 0; at < words.length; at += 3) {
    const first = words[at] as number;
    const second = words[at + 1] as number;
    const third = words[at + 2] as number;
    const one = addBytes(sum, first & 0xffffff);
    const two = addBytes(one, (first >>> 24) | ((second & 0xffff) << 8));
    const three = addBytes(two, (second >>> 16) | ((third & 0xff) << 16));
    sum = addBytes(three, third >>> 8);
    words[at] = one | (two << 24);
    words[at + 1] = (two >>> 8) | (three << 16);
    words[at + 2] = (three >>> 16) | (sum << 8);
  }
}

/** Adds three bytes in one word each to itself, without carrying from one into the next. */
function addBytes(first: number, second: number): number {
  return ((first & 0x7f7f7f) + (second & 0x7f7f7f)) ^ ((first ^ second) & 0x808080);
}

/**
 * Undoes the floating-point predictor (TIFF Technical Note 3): bytes of a row are differenced and grouped by
 * significance, most significant first, whatever the file's byte order.
 *
 * @param bytes whole rows of `width` pixels with `stride` bands of `sampleBytes` each
 * @returns the same rows as little-endian samples
 */
export function undoFloatingPointPredictor(
  bytes: Uint8Array,
  width: number,
  stride: number,
  sampleBytes: number,
): Uint8Array {
  const rowSamples = width * stride;
  const rowBytes = rowSamples * sampleBytes;
  const restored = new Uint8Array(bytes.length);
  for (let row = 0; row + rowBytes <= bytes.length; row += rowBytes) {
    for (let index = row + stride; index < row + rowBytes; index += 1) {
      bytes[index] = (bytes[index] as number) + (bytes[index - stride] as number);
    }
    for (let sample = 0; sample < rowSamples; sample += 1) {
      for (let byte = 0; byte < sampleBytes; byte += 1) {
        restored[row + sample * sampleBytes + (sampleBytes - 1 - byte)] = bytes[
          row + byte * rowSamples + sample
        ] as number;
      }
    }
  }
  return restored;
}
