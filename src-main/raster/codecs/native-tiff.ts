import sharp from "sharp";
import { compression, photometric, tag } from "../tiff/tags.ts";
import type { BlockFormat } from "../tiff/layout.ts";

/*
 * libtiff, through sharp, decodes a run of compressed blocks copied unchanged behind a small TIFF header: a
 * tile of 256 × 256 pixels is a strip of 256 rows as far as a codec is concerned. One call costs 0.7 ms however
 * many blocks it holds, so blocks come in runs.
 */

/** Blocks of one image that are decoded in one call. */
interface NativeRun {
  readonly format: BlockFormat;
  readonly blocks: readonly Uint8Array[];
  /** Rows of each block; only the last may have fewer than the others. */
  readonly rows: readonly number[];
  /** Bands in a block: all of them, or one when each band has its own plane. */
  readonly stride: number;
}

/**
 * Decodes blocks of 8-bit samples (1, 3 or 4 bands in a block) or of single bits natively.
 *
 * @returns all rows of all blocks below each other, pixel-interleaved; bits come as 0 and 255
 */
export async function decodeNatively({
  format,
  blocks,
  rows,
  stride,
}: NativeRun): Promise<Uint8Array<ArrayBuffer>> {
  const height = rows.reduce((sum, count) => sum + count, 0);
  const tiff = wrapInTiff({ format, blocks, rows, stride }, height);
  const pipeline = sharp(tiff, {
    failOn: "error",
    limitInputPixels: format.blockWidth * height,
    unlimited: true,
    sequentialRead: true,
  });
  const { data, info } = await pipeline
    .toColourspace(stride === 1 ? "b-w" : "srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.width !== format.blockWidth || info.height !== height || info.channels !== stride) {
    throw new Error(
      `expected ${format.blockWidth} × ${height} pixels of ${stride} bands, the decoder gave ${info.width} × ${info.height} of ${info.channels}`,
    );
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

interface WrittenTag {
  readonly number: number;
  readonly type: 3 | 4 | 7;
  readonly values: readonly number[] | Uint8Array;
}

function wrapInTiff({ format, blocks, rows, stride }: NativeRun, height: number): Buffer {
  const isColour =
    format.photometric === photometric.yCbCr && format.compression === compression.jpeg && stride === 3;
  const dataLength = blocks.reduce((sum, block) => sum + block.length + (block.length & 1), 0);
  const tags: WrittenTag[] = [
    { number: tag.imageWidth, type: 4, values: [format.blockWidth] },
    { number: tag.imageLength, type: 4, values: [height] },
    { number: tag.bitsPerSample, type: 3, values: new Array<number>(stride).fill(format.bitsPerSample) },
    { number: tag.compression, type: 3, values: [format.compression] },
    {
      number: tag.photometric,
      type: 3,
      values: [isColour ? photometric.yCbCr : stride >= 3 ? photometric.rgb : photometric.minIsBlack],
    },
    { number: tag.fillOrder, type: 3, values: [format.fillOrder] },
    { number: tag.stripOffsets, type: 4, values: [] },
    { number: tag.samplesPerPixel, type: 3, values: [stride] },
    { number: tag.rowsPerStrip, type: 4, values: [rows[0] ?? height] },
    { number: tag.stripByteCounts, type: 4, values: blocks.map((block) => block.length) },
    { number: tag.planarConfiguration, type: 3, values: [1] },
  ];
  if (format.compression === compression.ccittFax3) {
    tags.push({ number: tag.t4Options, type: 4, values: [format.t4Options] });
  }
  if (format.predictor !== 1) {
    tags.push({ number: tag.predictor, type: 3, values: [format.predictor] });
  }
  if (stride === 4) {
    tags.push({ number: tag.extraSamples, type: 3, values: [2] });
  }
  if (format.jpegTables !== null && format.compression === compression.jpeg) {
    tags.push({ number: tag.jpegTables, type: 7, values: format.jpegTables });
  }
  if (isColour) {
    tags.push({ number: tag.yCbCrSubsampling, type: 3, values: [...format.yCbCrSubsampling] });
  }
  const headerLength =
    8 +
    2 +
    tags.length * 12 +
    4 +
    tags.reduce((sum, written) => sum + outOfLineBytes(written, blocks.length), 0);
  const buffer = Buffer.alloc(headerLength + dataLength);
  const offsets: number[] = [];
  let at = headerLength;
  for (const block of blocks) {
    buffer.set(block, at);
    offsets.push(at);
    at += block.length + (block.length & 1);
  }
  writeDirectory(
    buffer,
    tags.map((written) => (written.number === tag.stripOffsets ? { ...written, values: offsets } : written)),
  );
  return buffer;
}

const typeBytes = { 3: 2, 4: 4, 7: 1 } as const;

function outOfLineBytes(written: WrittenTag, blockCount: number): number {
  const count = written.number === tag.stripOffsets ? blockCount : written.values.length;
  const bytes = count * typeBytes[written.type];
  return bytes > 4 ? bytes + (bytes & 1) : 0;
}

function writeDirectory(buffer: Buffer, tags: readonly WrittenTag[]): void {
  buffer.write("II", 0, "latin1");
  buffer.writeUInt16LE(42, 2);
  buffer.writeUInt32LE(8, 4);
  buffer.writeUInt16LE(tags.length, 8);
  let valueAt = 8 + 2 + tags.length * 12 + 4;
  tags.forEach((written, index) => {
    const at = 10 + index * 12;
    const width = typeBytes[written.type];
    const bytes = written.values.length * width;
    buffer.writeUInt16LE(written.number, at);
    buffer.writeUInt16LE(written.type, at + 2);
    buffer.writeUInt32LE(written.values.length, at + 4);
    let target = at + 8;
    if (bytes > 4) {
      buffer.writeUInt32LE(valueAt, at + 8);
      target = valueAt;
      valueAt += bytes + (bytes & 1);
    }
    written.values.forEach((value, position) => {
      buffer.writeUIntLE(value, target + position * width, width);
    });
  });
}
