import type { BlockFormat } from "../tiff/layout.ts";
import { allocateSamples, samplesOver, type SampleArray } from "../typed-pixels.ts";

/** Whether this machine keeps the least significant byte first. */
export const hostIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Each byte with its bits in the opposite order, for FillOrder 2. */
const reversedBits = Uint8Array.from({ length: 256 }, (_, value) => {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit += 1) {
    reversed |= ((value >> bit) & 1) << (7 - bit);
  }
  return reversed;
});

/** A copy of the bytes with the bits of each in the opposite order. */
export function withReversedBits(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.map((value) => reversedBits[value] as number);
}

/** Swaps the bytes of every sample in place. */
export function swapBytes(bytes: Uint8Array, sampleBytes: number): void {
  if (sampleBytes === 1) {
    return;
  }
  const buffer = Buffer.from(
    bytes.buffer,
    bytes.byteOffset,
    bytes.byteLength - (bytes.byteLength % sampleBytes),
  );
  switch (sampleBytes) {
    case 2:
      buffer.swap16();
      break;
    case 4:
      buffer.swap32();
      break;
    case 8:
      buffer.swap64();
      break;
  }
}

/** Whether samples have a typed array of their own, so that bytes need at most be swapped: not bits, 24-bit samples and small floats. */
export function hasWholeType({ bitsPerSample, sampleFormat }: BlockFormat): boolean {
  return (
    bitsPerSample === 8 ||
    bitsPerSample === 32 ||
    bitsPerSample === 64 ||
    (bitsPerSample === 16 && sampleFormat !== 3)
  );
}

/**
 * Turns the decompressed bytes of rows into samples of the layout's dtype in this machine's byte order.
 *
 * Rows begin on a byte, as TIFF has it. The bytes may be changed and may become the result's memory.
 */
export function samplesFromBytes(
  bytes: Uint8Array,
  layout: BlockFormat,
  width: number,
  rows: number,
  stride: number,
  fileIsLittleEndian: boolean = layout.littleEndian,
): SampleArray {
  const { bitsPerSample, sampleFormat, dtype } = layout;
  if (hasWholeType(layout)) {
    if (fileIsLittleEndian !== hostIsLittleEndian) {
      swapBytes(bytes, bitsPerSample / 8);
    }
    return samplesOver(dtype, bytes);
  }
  const samples = allocateSamples(dtype, width * rows * stride);
  if (sampleFormat === 3) {
    readSmallFloats(bytes, samples, bitsPerSample, fileIsLittleEndian);
  } else if (bitsPerSample === 24) {
    // GDAL reads 24-bit samples in the file's byte order only where bands are together; files follow GDAL.
    const [low, high] = fileIsLittleEndian && layout.planes === 1 ? [0, 2] : [2, 0];
    for (let index = 0, at = 0; index < samples.length; index += 1, at += 3) {
      samples[index] = (bytes[at + low] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + high] ?? 0) << 16);
    }
  } else {
    unpackBits(bytes, samples, bitsPerSample, width * stride, rows);
  }
  return samples;
}

function unpackBits(
  bytes: Uint8Array,
  samples: SampleArray,
  bits: number,
  rowSamples: number,
  rows: number,
): void {
  const rowBytes = Math.ceil((rowSamples * bits) / 8);
  let target = 0;
  for (let row = 0; row < rows; row += 1) {
    let position = row * rowBytes;
    let pending = 0;
    let pendingBits = 0;
    for (let sample = 0; sample < rowSamples; sample += 1) {
      let value = 0;
      let missing = bits;
      while (missing > 0) {
        if (pendingBits === 0) {
          pending = bytes[position++] ?? 0;
          pendingBits = 8;
        }
        const taken = Math.min(missing, pendingBits);
        pendingBits -= taken;
        // Multiplied, not shifted: 32-bit samples must stay positive.
        value = value * 2 ** taken + ((pending >> pendingBits) & ((1 << taken) - 1));
        missing -= taken;
      }
      samples[target++] = value;
    }
  }
}

function readSmallFloats(bytes: Uint8Array, samples: SampleArray, bits: number, littleEndian: boolean): void {
  const width = bits / 8;
  const mantissaBits = bits === 16 ? 10 : 16;
  const bias = bits === 16 ? 15 : 63;
  const exponentMax = bias * 2 + 1;
  for (let index = 0; index < samples.length; index += 1) {
    let value = 0;
    for (let byte = 0; byte < width; byte += 1) {
      const at = index * width + (littleEndian ? width - 1 - byte : byte);
      value = value * 256 + (bytes[at] ?? 0);
    }
    const sign = Math.floor(value / 2 ** (bits - 1)) === 1 ? -1 : 1;
    const exponent = Math.floor(value / 2 ** mantissaBits) & exponentMax;
    const mantissa = value % 2 ** mantissaBits;
    if (exponent === exponentMax) {
      samples[index] = mantissa === 0 ? sign * Infinity : NaN;
    } else if (exponent === 0) {
      samples[index] = sign * mantissa * 2 ** (1 - bias - mantissaBits);
    } else {
      samples[index] = sign * (1 + mantissa / 2 ** mantissaBits) * 2 ** (exponent - bias);
    }
  }
}
