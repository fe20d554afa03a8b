import { inflate } from "node:zlib";
import { promisify } from "node:util";
import sharp from "sharp";
import { isCmyk, isYCbCr, type TiffLayout } from "../tiff/layout.ts";
import { compression } from "../tiff/tags.ts";
import { allocateSamples, type SampleArray } from "../typed-pixels.ts";
import { decodeLerc } from "./lerc.ts";
import { decodeLzw } from "./lzw.ts";
import { decodeNatively } from "./native-tiff.ts";
import { decodePackBits } from "./packbits.ts";
import { undoFloatingPointPredictor, undoHorizontalDifferencing } from "./predictor.ts";
import { samplesFromBytes, swapBytes, withReversedBits } from "./samples.ts";
import { upsampleYCbCr } from "./ycbcr.ts";
import { decodeZstd } from "./zstd.ts";

const inflateAsync = promisify(inflate);

/** One block as it lies in the file, and how many rows it holds. */
export interface EncodedBlock {
  /** Owned by the decoder from here on: it may decode in place. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly rows: number;
}

/**
 * Decodes blocks of one image into samples, pixel-interleaved, in this machine's byte order.
 *
 * @returns one array a block, `blockWidth · rows · stride` samples each, where stride is the band count of a block
 * @throws Error whose message says what is wrong with the block; the caller adds which file and block
 */
export async function decodeBlocks(
  layout: TiffLayout,
  blocks: readonly EncodedBlock[],
): Promise<SampleArray[]> {
  const stride = layout.planes === 1 ? layout.bands : 1;
  const decoded = goesNatively(layout, stride)
    ? await decodeRunNatively(layout, blocks, stride)
    : await Promise.all(blocks.map((block) => decodeBlock(layout, block, stride)));
  if (isCmyk(layout)) {
    decoded.forEach(inkToRgb);
  }
  return decoded;
}

/** Turns CMYK into RGB and full opacity in place, by libtiff's arithmetic (tif_getimage.c). */
function inkToRgb(samples: SampleArray): void {
  for (let at = 0; at < samples.length; at += 4) {
    const light = 255 - (samples[at + 3] as number);
    for (let ink = 0; ink < 3; ink += 1) {
      samples[at + ink] = Math.floor((light * (255 - (samples[at + ink] as number))) / 255);
    }
    samples[at + 3] = 255;
  }
}

/** Whether a run of blocks is decoded in one call, so that callers hand over long runs. */
export function goesNatively(layout: TiffLayout, stride: number): boolean {
  switch (layout.compression) {
    case compression.jpeg:
    case compression.ccittRle:
    case compression.ccittFax3:
    case compression.ccittFax4:
      return true;
    case compression.lzw:
      return (
        layout.dtype === "uint8" &&
        layout.bitsPerSample === 8 &&
        (stride === 1 || stride === 3 || stride === 4) &&
        !isYCbCr(layout)
      );
    default:
      return false;
  }
}

async function decodeRunNatively(
  layout: TiffLayout,
  blocks: readonly EncodedBlock[],
  stride: number,
): Promise<SampleArray[]> {
  if (
    layout.compression === compression.jpeg &&
    (layout.bitsPerSample !== 8 || ![1, 3, 4].includes(stride))
  ) {
    throw new Error(`unsupported: JPEG blocks of ${stride} bands of ${layout.bitsPerSample} bits`);
  }
  const bitmap = layout.bitsPerSample === 1;
  const decoded = new Array<SampleArray>(blocks.length);
  for (const run of runsOfEqualRows(blocks)) {
    const pixels = await decodeNatively({
      layout,
      blocks: run.map((index) => (blocks[index] as EncodedBlock).bytes),
      rows: run.map((index) => (blocks[index] as EncodedBlock).rows),
      stride,
    });
    let at = 0;
    for (const index of run) {
      const length = layout.blockWidth * (blocks[index] as EncodedBlock).rows * stride;
      const samples = pixels.slice(at, at + length);
      decoded[index] = bitmap ? samples.map((value) => value & 1) : samples;
      at += length;
    }
  }
  return decoded;
}

/** Splits blocks into runs in which only the last one may be shorter, as strips of one TIFF must be. */
function runsOfEqualRows(blocks: readonly EncodedBlock[]): number[][] {
  const runs: number[][] = [];
  let current: number[] = [];
  blocks.forEach((block, index) => {
    current.push(index);
    const first = blocks[current[0] as number] as EncodedBlock;
    const next = blocks[index + 1];
    if (next === undefined || block.rows < first.rows || next.rows > first.rows) {
      runs.push(current);
      current = [];
    }
  });
  return runs;
}

async function decodeBlock(layout: TiffLayout, block: EncodedBlock, stride: number): Promise<SampleArray> {
  const { blockWidth: width } = layout;
  const { rows } = block;
  if (layout.compression === compression.lerc) {
    return decodeLerc(layout, block.bytes, width, rows, stride);
  }
  if (layout.compression === compression.webp) {
    return decodeWebp(block.bytes, width, rows, stride);
  }
  const subsampled = isYCbCr(layout);
  const byteLength = subsampled
    ? subsampledBytes(layout, width, rows)
    : Math.ceil((width * stride * layout.bitsPerSample) / 8) * rows;
  const bytes = await decompress(layout, block.bytes, byteLength);
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

function subsampledBytes(layout: TiffLayout, width: number, rows: number): number {
  const [across, down] = layout.yCbCrSubsampling;
  return Math.ceil(width / across) * Math.ceil(rows / down) * (across * down + 2);
}

/** Differences are taken between whole numbers of the sample's width, also for floats; leaves little-endian bytes. */
function undoDifferencing(
  bytes: Uint8Array<ArrayBuffer>,
  layout: TiffLayout,
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

async function decompress(
  layout: TiffLayout,
  encoded: Uint8Array<ArrayBuffer>,
  byteLength: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const input =
    layout.fillOrder === 2 && layout.compression !== compression.none ? withReversedBits(encoded) : encoded;
  if (byteLength > input.length * largestExpansion(layout.compression) + 64) {
    throw new Error(
      `${input.length} compressed bytes can't hold the ${byteLength} bytes that the block's size asks for`,
    );
  }
  switch (layout.compression) {
    case compression.none: {
      if (encoded.length < byteLength) {
        throw new Error(`expected ${byteLength} bytes, found ${encoded.length}`);
      }
      const exact = encoded.length === byteLength ? encoded : encoded.subarray(0, byteLength);
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
      const output = await decodeZstd(input, byteLength);
      expectFull(output.length, byteLength);
      return output;
    }
    default:
      throw new Error(`unsupported: compression ${layout.compression}`);
  }
}

async function inflateExactly(input: Uint8Array, byteLength: number): Promise<Uint8Array<ArrayBuffer>> {
  // A chunk one byte larger than the block: the answer comes in one piece and needs no joining.
  const inflated = await inflateAsync(input, {
    chunkSize: Math.max(64, byteLength + 1),
    maxOutputLength: byteLength + 65536,
  });
  expectFull(inflated.length, byteLength);
  const exact = inflated.subarray(0, byteLength);
  return new Uint8Array(exact.buffer, exact.byteOffset, exact.byteLength);
}

function expectFull(found: number, expected: number): void {
  if (found < expected) {
    throw new Error(`expected ${expected} bytes after decompression, found ${found}`);
  }
}

async function decodeWebp(
  bytes: Uint8Array,
  width: number,
  rows: number,
  stride: number,
): Promise<SampleArray> {
  const { data, info } = await sharp(bytes, { failOn: "error", limitInputPixels: width * rows })
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.width !== width || info.height < rows) {
    throw new Error(
      `expected a WebP image of ${width} × ${rows} pixels, found ${info.width} × ${info.height}`,
    );
  }
  if (info.channels === stride) {
    return new Uint8Array(data.buffer, data.byteOffset, width * rows * stride);
  }
  // An opaque WebP image leaves its alpha channel out; one with alpha may stand in a block of three bands.
  if (stride !== 3 && stride !== 4) {
    throw new Error(`unsupported: WebP blocks of ${stride} bands`);
  }
  const samples = allocateSamples("uint8", width * rows * stride);
  for (let pixel = 0; pixel < width * rows; pixel += 1) {
    for (let band = 0; band < stride; band += 1) {
      samples[pixel * stride + band] =
        band < info.channels ? (data[pixel * info.channels + band] as number) : 255;
    }
  }
  return samples;
}
