import type { RasterDtype } from "#shared/geo/raster-description.ts";
import type { ByteSource } from "../byte-source.ts";
import { RasterError } from "../raster-error.ts";
import type { TiffDirectory } from "./directory.ts";
import { dtypeBytes } from "../typed-pixels.ts";
import { compression, compressionName, photometric, photometricName, tag } from "./tags.ts";

/** How the pixels of one directory lie in the file, checked against each other and against the file's size. */
export interface TiffLayout {
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  readonly dtype: RasterDtype;
  readonly bitsPerSample: number;
  /** 1 unsigned, 2 signed, 3 floating point. */
  readonly sampleFormat: 1 | 2 | 3;
  readonly littleEndian: boolean;
  readonly tiled: boolean;
  /** Size of a tile, or of a strip: the image's width and its rows. */
  readonly blockWidth: number;
  readonly blockHeight: number;
  readonly blocksAcross: number;
  readonly blocksDown: number;
  /** 1 when all bands of a pixel are together, else one plane a band. */
  readonly planes: number;
  readonly compression: number;
  readonly predictor: 1 | 2 | 3;
  readonly fillOrder: 1 | 2;
  readonly photometric: number;
  readonly extraSamples: readonly number[];
  /** Start and length in bytes of each block, plane by plane, row by row; zero length for a sparse block. */
  readonly blockOffsets: Float64Array;
  readonly blockLengths: Float64Array;
  /** Codec parameters that stand outside the blocks. */
  readonly jpegTables: Uint8Array | null;
  readonly lercParameters: Float64Array | null;
  readonly yCbCrSubsampling: readonly [number, number];
  readonly t4Options: number;
}

/** What it takes to decode a block of an image, without where the blocks are: small enough to go to another thread each time. */
export type BlockFormat = Omit<
  TiffLayout,
  "width" | "height" | "blocksAcross" | "blocksDown" | "blockOffsets" | "blockLengths"
>;

/** The part of a layout that decoding needs. */
export function blockFormatOf(layout: TiffLayout): BlockFormat {
  return {
    bands: layout.bands,
    dtype: layout.dtype,
    bitsPerSample: layout.bitsPerSample,
    sampleFormat: layout.sampleFormat,
    littleEndian: layout.littleEndian,
    tiled: layout.tiled,
    blockWidth: layout.blockWidth,
    blockHeight: layout.blockHeight,
    planes: layout.planes,
    compression: layout.compression,
    predictor: layout.predictor,
    fillOrder: layout.fillOrder,
    photometric: layout.photometric,
    extraSamples: layout.extraSamples,
    jpegTables: layout.jpegTables,
    lercParameters: layout.lercParameters,
    yCbCrSubsampling: layout.yCbCrSubsampling,
    t4Options: layout.t4Options,
  };
}

/** Bands that lie together in a block: all of them, or one when each has a plane of its own. */
export function strideOf(format: BlockFormat): number {
  return format.planes === 1 ? format.bands : 1;
}

/**
 * The largest block that is decoded in one piece, in bytes of its samples; what is larger could be made to exhaust memory. Decoding takes the
 * compressed bytes and one or two copies besides: three where a library has its own memory.
 */
const maxBlockBytes = 64 * 2 ** 20;
const maxLibraryBlockBytes = 40 * 2 ** 20;
/** Blocks of an image; their places take 16 bytes each. A square of 362,000 pixels a side in tiles of 256 has as many. */
const maxBlocks = 2 * 2 ** 20;
/** Tables of quantization and Huffman codes take a few hundred bytes. */
const maxJpegTableBytes = 2 ** 20;
const maxBands = 4096;
const maxSide = 2 ** 30;

/** Reads and checks the layout of one directory. */
export async function readTiffLayout(source: ByteSource, directory: TiffDirectory): Promise<TiffLayout> {
  const damaged = (explanation: string): RasterError =>
    new RasterError("damaged", source.filePath, explanation);
  const unsupported = (explanation: string): RasterError =>
    new RasterError("unsupported", source.filePath, `unsupported: ${explanation}`);

  const width = await directory.number(tag.imageWidth, 0);
  const height = await directory.number(tag.imageLength, 0);
  if (!isSide(width) || !isSide(height)) {
    throw damaged(`expected a width and height of 1 to ${maxSide} pixels, found ${width} × ${height}`);
  }
  const bands = await directory.number(tag.samplesPerPixel, 1);
  if (!Number.isInteger(bands) || bands < 1 || bands > maxBands) {
    throw damaged(`expected 1 to ${maxBands} bands, found ${bands}`);
  }
  const bits = [...((await directory.numbers(tag.bitsPerSample, bands)) ?? [1])];
  const bitsPerSample = bits[0] ?? 1;
  if (bits.some((other) => other !== bitsPerSample)) {
    throw unsupported(`bands of different depths (${bits.join(", ")} bits)`);
  }
  const formats = [...((await directory.numbers(tag.sampleFormat, bands)) ?? [1])];
  const declaredFormat = formats[0] ?? 1;
  if (formats.some((other) => other !== declaredFormat)) {
    throw unsupported("bands of different sample formats");
  }
  if (declaredFormat === 5 || declaredFormat === 6) {
    throw unsupported("complex numbers");
  }
  const compressionCode = await directory.number(tag.compression, 1);
  checkCompression(compressionCode, unsupported);
  const planarConfiguration = await directory.number(tag.planarConfiguration, 1);
  const planes = planarConfiguration === 2 && bands > 1 ? bands : 1;
  const photometricCode = await directory.number(
    tag.photometric,
    bands >= 3 ? photometric.rgb : photometric.minIsBlack,
  );
  const isInk = photometricCode === photometric.cmyk && bitsPerSample === 8 && bands === 4 && planes === 1;
  // 4 means "untyped": everyone reads it as unsigned, and ink is never negative whatever the tag says.
  const sampleFormat = declaredFormat === 2 && !isInk ? 2 : declaredFormat === 3 ? 3 : 1;
  const dtype = dtypeOf(sampleFormat, bitsPerSample);
  if (dtype === null) {
    const kind = sampleFormat === 1 ? "unsigned" : sampleFormat === 2 ? "signed" : "floating-point";
    throw unsupported(`${kind} samples of ${bitsPerSample} bits`);
  }

  if (photometricCode === 8 || photometricCode === 9 || photometricCode === 10 || photometricCode >= 32844) {
    throw unsupported(`${photometricName(photometricCode)} colours`);
  }
  const predictor = await directory.number(tag.predictor, 1);
  // The predictor is a parameter of these codecs; libtiff ignores it beside others and so do we.
  const usesPredictor =
    compressionCode === compression.lzw ||
    compressionCode === compression.adobeDeflate ||
    compressionCode === compression.deflate ||
    compressionCode === compression.zstd;
  if (usesPredictor && predictor !== 1 && predictor !== 2 && predictor !== 3) {
    throw unsupported(`predictor ${predictor}`);
  }
  if (usesPredictor && predictor === 2 && ![8, 16, 32, 64].includes(bitsPerSample)) {
    throw unsupported(`horizontal differencing of ${bitsPerSample}-bit samples`);
  }
  if (usesPredictor && predictor === 3 && sampleFormat !== 3) {
    throw damaged("it declares the floating-point predictor for whole numbers");
  }

  const tiled = directory.has(tag.tileWidth) || directory.has(tag.tileOffsets);
  const blockWidth = tiled ? await directory.number(tag.tileWidth, 0) : width;
  const rowsPerStrip = await directory.number(tag.rowsPerStrip, height);
  const blockHeight = tiled
    ? await directory.number(tag.tileLength, 0)
    : Math.min(rowsPerStrip === 0 ? height : rowsPerStrip, height);
  if (!isSide(blockWidth) || !isSide(blockHeight)) {
    throw damaged(`expected blocks of at least one pixel, found ${blockWidth} × ${blockHeight}`);
  }
  const blocksAcross = Math.ceil(width / blockWidth);
  const blocksDown = Math.ceil(height / blockHeight);
  const blockCount = blocksAcross * blocksDown * planes;
  if (blockCount > maxBlocks) {
    throw unsupported(
      `${blockCount} blocks of ${blockWidth} × ${blockHeight} pixels, at most ${maxBlocks} are read`,
    );
  }
  const samplesPerBlockPixel = planes === 1 ? bands : 1;
  const decodedBytes = Math.ceil((blockWidth * samplesPerBlockPixel * bitsPerSample) / 8) * blockHeight;
  // Small samples are widened.
  const sampleBytes = blockWidth * blockHeight * samplesPerBlockPixel * dtypeBytes(dtype);
  // Uncompressed strips are read row by row, so only their rows have to fit.
  const onePiece = compressionCode === compression.none && !tiled ? sampleBytes / blockHeight : sampleBytes;
  const mostBytes = isDecodedByLibrary(compressionCode) ? maxLibraryBlockBytes : maxBlockBytes;
  if (onePiece > mostBytes) {
    throw unsupported(
      `blocks of ${blockWidth} × ${blockHeight} pixels: ${Math.round(onePiece / 2 ** 20)} MB in one piece, at most ${mostBytes / 2 ** 20} MB is read; in smaller tiles it would open`,
    );
  }

  const offsetTag = directory.has(tag.tileOffsets) ? tag.tileOffsets : tag.stripOffsets;
  const lengthTag = directory.has(tag.tileByteCounts) ? tag.tileByteCounts : tag.stripByteCounts;
  const blockOffsets = await directory.numbers(offsetTag, blockCount);
  if (blockOffsets === null) {
    throw damaged("it does not say where its pixels are: no strip or tile offsets");
  }
  const declaredLengths = await directory.numbers(lengthTag, blockCount);
  if (blockOffsets.length < blockCount || (declaredLengths !== null && declaredLengths.length < blockCount)) {
    throw damaged(
      `expected the offsets and lengths of ${blockCount} blocks, found ${blockOffsets.length} and ${declaredLengths?.length ?? 0}`,
    );
  }
  const blockLengths = declaredLengths ?? guessedLengths(source, blockOffsets, compressionCode, decodedBytes);

  const subsampling = await directory.numbers(tag.yCbCrSubsampling, 2);
  const fillOrder = (await directory.number(tag.fillOrder, 1)) === 2 ? 2 : 1;
  return {
    width,
    height,
    bands,
    dtype,
    bitsPerSample,
    sampleFormat,
    littleEndian: directory.header.littleEndian,
    tiled,
    blockWidth,
    blockHeight,
    blocksAcross,
    blocksDown,
    planes,
    compression: compressionCode,
    predictor: usesPredictor ? (predictor as 1 | 2 | 3) : 1,
    fillOrder,
    photometric: photometricCode,
    extraSamples: [...((await directory.numbers(tag.extraSamples, maxBands)) ?? [])],
    blockOffsets,
    blockLengths,
    jpegTables: await directory.bytes(tag.jpegTables, maxJpegTableBytes),
    lercParameters: await directory.numbers(tag.lercParameters, 8),
    yCbCrSubsampling: [subsampling?.[0] ?? 2, subsampling?.[1] ?? 2],
    t4Options: await directory.number(tag.t4Options, 0),
  };
}

/** Whether blocks hold colours that decoding turns into RGB, so that their bytes can't be taken as samples. */
export function convertsColours(layout: BlockFormat): boolean {
  return isYCbCr(layout) || isCmyk(layout);
}

/** Whether blocks hold 8-bit YCbCr, often with fewer colour than brightness samples. */
export function isYCbCr(layout: BlockFormat): boolean {
  return (
    layout.photometric === photometric.yCbCr &&
    layout.compression !== compression.jpeg &&
    layout.compression !== compression.webp &&
    layout.bands === 3 &&
    layout.planes === 1 &&
    layout.bitsPerSample === 8
  );
}

/** Whether blocks hold 8-bit CMYK, which is read as RGB and opacity, as GDAL does. */
export function isCmyk(layout: BlockFormat): boolean {
  return (
    layout.photometric === photometric.cmyk &&
    layout.bands === 4 &&
    layout.planes === 1 &&
    layout.bitsPerSample === 8
  );
}

/** Whether a codec's library keeps blocks in memory of its own. */
function isDecodedByLibrary(code: number): boolean {
  return code === compression.jpeg || code === compression.webp || code === compression.lerc;
}

function isSide(pixels: number): boolean {
  return Number.isInteger(pixels) && pixels >= 1 && pixels <= maxSide;
}

function dtypeOf(sampleFormat: 1 | 2 | 3, bits: number): RasterDtype | null {
  switch (sampleFormat) {
    case 1:
      return bits < 1 || bits > 32 ? null : bits <= 8 ? "uint8" : bits <= 16 ? "uint16" : "uint32";
    case 2:
      return bits === 8 ? "int8" : bits === 16 ? "int16" : bits === 32 ? "int32" : null;
    case 3:
      return bits === 16 || bits === 24 || bits === 32 ? "float32" : bits === 64 ? "float64" : null;
  }
}

function checkCompression(code: number, unsupported: (explanation: string) => RasterError): void {
  const readable: readonly number[] = [
    compression.none,
    compression.ccittRle,
    compression.ccittFax3,
    compression.ccittFax4,
    compression.lzw,
    compression.jpeg,
    compression.adobeDeflate,
    compression.packBits,
    compression.deflate,
    compression.lerc,
    compression.zstd,
    compression.webp,
  ];
  if (!readable.includes(code)) {
    throw unsupported(`${compressionName(code)} compression`);
  }
}

/** Old writers left the lengths out: uncompressed blocks have a known size, a compressed one ends where the next begins. */
function guessedLengths(
  source: ByteSource,
  blockOffsets: Float64Array,
  compressionCode: number,
  decodedBytes: number,
): Float64Array {
  const starts = [...blockOffsets, source.size].sort((first, second) => first - second);
  const nextStart = new Map<number, number>();
  for (let index = starts.length - 2; index >= 0; index -= 1) {
    const start = starts[index] ?? 0;
    const following = starts[index + 1] ?? source.size;
    nextStart.set(start, following === start ? (nextStart.get(start) ?? following) : following);
  }
  return blockOffsets.map((offset) => {
    const available = Math.max(0, (nextStart.get(offset) ?? source.size) - offset);
    return compressionCode === compression.none ? Math.min(decodedBytes, available) : available;
  });
}
