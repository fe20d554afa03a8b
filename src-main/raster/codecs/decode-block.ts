import { inflateSync } from "node:zlib";
import { isYCbCr, strideOf, type BlockFormat } from "../tiff/layout.ts";
import { compression } from "../tiff/tags.ts";
import type { SampleArray } from "../typed-pixels.ts";
import { decodeLzw } from "./lzw.ts";
import { decodePackBits } from "./packbits.ts";
import { undoFloatingPointPredictor, undoHorizontalDifferencing } from "./predictor.ts";
import { samplesFromBytes, swapBytes, withReversedBits } from "./samples.ts";
import { upsampleYCbCr } from "./ycbcr.ts";

/**
 * Decodes one block, or whole rows of one, into samples, pixel-interleaved, in this machine's byte order.
 *
 * Everything but the start of a wasm decoder is synchronous: this is what decoding threads run.
 *
 * @param encoded is only read; the result is memory of its own
 * @throws Error whose message says what is wrong with the block
 */
export async function decodeBlock(
  layout: BlockFormat,
  encoded: Uint8Array<ArrayBuffer>,
  rows: number,
): Promise<SampleArray> {
  const { blockWidth: width } = layout;
  const stride = strideOf(layout);
  if (layout.compression === compression.lerc) {
    // Loaded when needed: a thread starts in half the time without.
    const { decodeLerc } = await import("./lerc.ts");
    return decodeLerc(layout, encoded, width, rows, stride);
  }
  const subsampled = isYCbCr(layout);
  const byteLength = subsampled
    ? subsampledBytes(layout, width, rows)
    : Math.ceil((width * stride * layout.bitsPerSample) / 8) * rows;
  const bytes = await decompress(layout, encoded, byteLength);
  if (subsampled) {
    return upsampleYCbCr(bytes, width, rows, layout.yCbCrSubsampling);
  }
  if (layout.predictor === 3) {
    const restored = undoFloatingPointPredictor(bytes, width, stride, layout.bitsPerSample / 8);
    return samplesFromBytes(restored, layout, width, rows, stride, true);
  }
  if (layout.predictor === 2) {
    undoDifferencing(bytes, layout, width, stride);
    return samplesFromBytes(bytes, layout, width, rows, stride, true);
  }
  return samplesFromBytes(bytes, layout, width, rows, stride);
}

function subsampledBytes(layout: BlockFormat, width: number, rows: number): number {
  const [across, down] = layout.yCbCrSubsampling;
  return Math.ceil(width / across) * Math.ceil(rows / down) * (across * down + 2);
}

/** Differences are taken between whole numbers of the sample's width, also for floats; leaves little-endian bytes. */
function undoDifferencing(
  bytes: Uint8Array<ArrayBuffer>,
  layout: BlockFormat,
  width: number,
  stride: number,
): void {
  const sampleBytes = layout.bitsPerSample / 8;
  if (!layout.littleEndian) {
    swapBytes(bytes, sampleBytes);
  }
  switch (sampleBytes) {
    case 1:
      undoHorizontalDifferencing(bytes, width, stride);
      break;
    case 2:
      undoHorizontalDifferencing(
        new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1),
        width,
        stride,
      );
      break;
    case 4:
      undoHorizontalDifferencing(
        new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2),
        width,
        stride,
      );
      break;
    default: {
      const samples = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length >> 3);
      const rowLength = width * stride;
      for (let index = 0; index < samples.length; index += 1) {
        if (index % rowLength >= stride) {
          samples[index] = (samples[index] as bigint) + (samples[index - stride] as bigint);
        }
      }
    }
  }
}

/** The most bytes that one compressed byte can stand for, so that a bomb is refused before memory is taken. */
function largestExpansion(code: number): number {
  switch (code) {
    case compression.lzw:
      return 2800;
    case compression.packBits:
      return 64;
    case compression.adobeDeflate:
    case compression.deflate:
      return 1040;
    default:
      return Infinity;
  }
}

/** Refuses a block that declares more than its compressed bytes can hold. */
export function checkExpansion(layout: BlockFormat, compressedBytes: number, byteLength: number): void {
  if (byteLength > compressedBytes * largestExpansion(layout.compression) + 64) {
    throw new Error(
      `${compressedBytes} compressed bytes can't hold the ${byteLength} bytes that the block's size asks for`,
    );
  }
}

async function decompress(
  layout: BlockFormat,
  encoded: Uint8Array<ArrayBuffer>,
  byteLength: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const input =
    layout.fillOrder === 2 && layout.compression !== compression.none ? withReversedBits(encoded) : encoded;
  checkExpansion(layout, input.length, byteLength);
  switch (layout.compression) {
    case compression.none: {
      if (encoded.length < byteLength) {
        throw new Error(`expected ${byteLength} bytes, found ${encoded.length}`);
      }
      const exact = encoded.slice(0, byteLength);
      return layout.fillOrder === 2 ? withReversedBits(exact) : exact;
    }
    case compression.lzw: {
      const output = new Uint8Array(byteLength);
      expectFull(decodeLzw(input, output), byteLength);
      return output;
    }
    case compression.packBits: {
      const output = new Uint8Array(byteLength);
      expectFull(decodePackBits(input, output), byteLength);
      return output;
    }
    case compression.adobeDeflate:
    case compression.deflate:
      return inflateExactly(input, byteLength);
    case compression.zstd: {
      const { decodeZstd } = await import("./zstd.ts");
      const output = await decodeZstd(input, byteLength);
      expectFull(output.length, byteLength);
      return output;
    }
    default:
      throw new Error(`unsupported: compression ${layout.compression}`);
  }
}

function inflateExactly(input: Uint8Array, byteLength: number): Uint8Array<ArrayBuffer> {
  // A chunk one byte larger than the block: the answer comes in one piece and needs no joining.
  const inflated = inflateSync(input, {
    chunkSize: Math.max(64, byteLength + 1),
    maxOutputLength: byteLength + 65536,
  });
  expectFull(inflated.length, byteLength);
  return new Uint8Array(inflated.buffer, inflated.byteOffset, byteLength);
}

function expectFull(found: number, expected: number): void {
  if (found < expected) {
    throw new Error(`expected ${expected} bytes after decompression, found ${found}`);
  }
}
