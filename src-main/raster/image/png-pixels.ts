import { pipeline } from "node:stream/promises";
import { createInflate } from "node:zlib";
import type { ByteSource } from "../byte-source.ts";
import { pngChannels, type PngHeader } from "./png.ts";

const readBytes = 256 * 2 ** 10;
/** Pixels are handed on in pieces of about this size. */
const pieceBytes = 2 ** 20;
/** Deflate can't hold more than this in each compressed byte. */
const mostInflation = 1040;

/** Adam7: first column and row, and steps, of the seven passes of an interlaced image. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/**
 * Decodes the pixels of a PNG as they are stored, a few rows at a time: palette entries stay ids, small depths are widened to bytes without scaling,
 * 16-bit samples stay big-endian. The rows of an interlaced image come all at once, since its last pass has every second of them.
 *
 * @throws Error that says what is wrong with the data
 */
export async function* pngPixels(
  source: ByteSource,
  header: PngHeader,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const { width, height } = header;
  const passes = passesOf(header);
  const filteredBytes = passes.reduce((sum, pass) => sum + (pass.rowBytes + 1) * pass.height, 0);
  if (filteredBytes > source.size * mostInflation + 64) {
    throw new Error(`a file of ${source.size} bytes can't hold ${width} × ${height} pixels`);
  }
  const inflated = new InflatedBytes(compressedPieces(source), filteredBytes);
  try {
    yield* header.interlaced
      ? interlacedPixels(inflated, header, passes)
      : rowPixels(inflated, header, passes);
  } finally {
    inflated.close();
  }
}

interface Pass {
  readonly firstX: number;
  readonly firstY: number;
  readonly stepX: number;
  readonly stepY: number;
  readonly width: number;
  readonly height: number;
  /** Of one filtered row, without the byte that names the filter. */
  readonly rowBytes: number;
}

function passesOf(header: PngHeader): Pass[] {
  const channels = pngChannels(header.colorType);
  return (header.interlaced ? adam7 : ([[0, 0, 1, 1]] as const))
    .map(([firstX, firstY, stepX, stepY]) => {
      const width = Math.ceil((header.width - firstX) / stepX);
      const height = Math.ceil((header.height - firstY) / stepY);
      const rowBytes = Math.ceil((width * channels * header.bitDepth) / 8);
      return { firstX, firstY, stepX, stepY, width, height, rowBytes };
    })
    .filter((pass) => pass.width > 0 && pass.height > 0);
}

async function* rowPixels(
  inflated: InflatedBytes,
  header: PngHeader,
  passes: readonly Pass[],
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const rowBytes = header.width * pixelBytesOf(header);
  const mostRows = Math.max(1, Math.floor(pieceBytes / rowBytes));
  for (const pass of passes) {
    const lines = new FilteredLines(inflated, header, pass);
    for (let row = 0; row < pass.height; row += mostRows) {
      const rows = Math.min(mostRows, pass.height - row);
      const piece = new Uint8Array(rows * rowBytes);
      for (let index = 0; index < rows; index += 1) {
        spread(await lines.next(), piece, index * header.width, pass, header);
      }
      yield piece;
    }
  }
}

async function* interlacedPixels(
  inflated: InflatedBytes,
  header: PngHeader,
  passes: readonly Pass[],
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const pixels = new Uint8Array(header.width * header.height * pixelBytesOf(header));
  for (const pass of passes) {
    const lines = new FilteredLines(inflated, header, pass);
    for (let row = 0; row < pass.height; row += 1) {
      const firstPixel = (pass.firstY + row * pass.stepY) * header.width + pass.firstX;
      spread(await lines.next(), pixels, firstPixel, pass, header);
    }
  }
  yield pixels;
}

function pixelBytesOf({ colorType, bitDepth }: PngHeader): number {
  return pngChannels(colorType) * (bitDepth === 16 ? 2 : 1);
}

/** The rows of one pass, their filters undone. */
class FilteredLines {
  readonly #inflated: InflatedBytes;
  readonly #distance: number;
  /** Byte 0 names the filter. */
  #line: Uint8Array;
  #above: Uint8Array;

  constructor(inflated: InflatedBytes, { colorType, bitDepth }: PngHeader, { rowBytes }: Pass) {
    this.#inflated = inflated;
    this.#distance = Math.max(1, (pngChannels(colorType) * bitDepth) >> 3);
    this.#line = new Uint8Array(rowBytes + 1);
    this.#above = new Uint8Array(rowBytes + 1);
  }

  /** Valid until the next one is asked for. */
  async next(): Promise<Uint8Array> {
    [this.#line, this.#above] = [this.#above, this.#line];
    await this.#inflated.fill(this.#line);
    const line = this.#line.subarray(1);
    undoFilter(this.#line[0] ?? 0, line, this.#above.subarray(1), this.#distance);
    return line;
  }
}

/** The decompressed bytes of a PNG, taken in order; no more of them are held than one piece. */
class InflatedBytes {
  readonly #inflate = createInflate({ chunkSize: readBytes });
  readonly #pieces: AsyncIterator<Buffer>;
  readonly #expected: number;
  #piece: Uint8Array = new Uint8Array(0);
  #taken = 0;

  constructor(compressed: AsyncIterable<Uint8Array>, expected: number) {
    this.#expected = expected;
    this.#pieces = this.#inflate[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    // What fails on the way ends the pieces with the same error.
    pipeline(compressed, this.#inflate).catch(() => undefined);
  }

  async fill(target: Uint8Array): Promise<void> {
    for (let filled = 0; filled < target.length;) {
      if (this.#piece.length === 0) {
        const next = await this.#pieces.next();
        if (next.done === true) {
          throw new Error(
            `expected ${this.#expected} bytes of pixels after decompression, found ${this.#taken + filled}`,
          );
        }
        this.#piece = next.value;
      }
      const part = this.#piece.subarray(0, target.length - filled);
      target.set(part, filled);
      this.#piece = this.#piece.subarray(part.length);
      filled += part.length;
    }
    this.#taken += target.length;
  }

  close(): void {
    this.#inflate.destroy();
  }
}

/** The compressed data of a PNG: what its IDAT chunks hold. */
async function* compressedPieces(source: ByteSource): AsyncGenerator<Uint8Array, void> {
  let at = 8;
  while (at + 12 <= source.size) {
    const head = Buffer.from(await source.read(at, 8));
    const length = head.readUInt32BE(0);
    const type = head.toString("latin1", 4, 8);
    if (at + 12 + length > source.size) {
      throw new Error(`the file is cut short: its ${type} chunk declares ${length} bytes`);
    }
    if (type === "IEND") {
      return;
    }
    if (type === "IDAT") {
      for (let from = 0; from < length; from += readBytes) {
        yield await source.read(at + 8 + from, Math.min(readBytes, length - from));
      }
    }
    at += 12 + length;
  }
  throw new Error("the file is cut short: it has no end chunk");
}

/** Puts the samples of one row of a pass where its pixels are. */
function spread(
  line: Uint8Array,
  output: Uint8Array,
  firstPixel: number,
  { stepX, width }: Pass,
  header: PngHeader,
): void {
  const { bitDepth } = header;
  const pixelBytes = pixelBytesOf(header);
  if (bitDepth >= 8 && stepX === 1) {
    output.set(line, firstPixel * pixelBytes);
    return;
  }
  for (let pixel = 0; pixel < width; pixel += 1) {
    const target = (firstPixel + pixel * stepX) * pixelBytes;
    if (bitDepth >= 8) {
      for (let byte = 0; byte < pixelBytes; byte += 1) {
        output[target + byte] = line[pixel * pixelBytes + byte] as number;
      }
    } else {
      // Below 8 bits there is one channel only.
      const bit = pixel * bitDepth;
      output[target] = ((line[bit >> 3] as number) >> (8 - bitDepth - (bit & 7))) & ((1 << bitDepth) - 1);
    }
  }
}

/** Undoes one row's filter in place (PNG specification, section 9). */
function undoFilter(filter: number, line: Uint8Array, above: Uint8Array, distance: number): void {
  const { length } = line;
  switch (filter) {
    case 0:
      return;
    case 1:
      for (let index = distance; index < length; index += 1) {
        line[index] = (line[index] as number) + (line[index - distance] as number);
      }
      return;
    case 2:
      for (let index = 0; index < length; index += 1) {
        line[index] = (line[index] as number) + (above[index] as number);
      }
      return;
    case 3:
      for (let index = 0; index < length; index += 1) {
        const left = index < distance ? 0 : (line[index - distance] as number);
        line[index] = (line[index] as number) + ((left + (above[index] as number)) >> 1);
      }
      return;
    case 4:
      for (let index = 0; index < length; index += 1) {
        const left = index < distance ? 0 : (line[index - distance] as number);
        const up = above[index] as number;
        const corner = index < distance ? 0 : (above[index - distance] as number);
        const estimate = left + up - corner;
        const toLeft = Math.abs(estimate - left);
        const toUp = Math.abs(estimate - up);
        const toCorner = Math.abs(estimate - corner);
        line[index] =
          (line[index] as number) +
          (toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner);
      }
      return;
    default:
      throw new Error(`row filter ${filter} does not exist`);
  }
}
