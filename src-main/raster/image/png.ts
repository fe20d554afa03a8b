import { inflate } from "node:zlib";
import { promisify } from "node:util";

const inflateAsync = promisify(inflate);

/** What the chunks of a PNG before its pixels say. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: 1 | 2 | 4 | 8 | 16;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly colorType: 0 | 2 | 3 | 4 | 6;
  readonly interlaced: boolean;
  /** Colour of each palette entry as "#rrggbb", or null. */
  readonly palette: Record<string, string> | null;
}

/** Samples of a pixel by colour type. */
export function pngChannels(colorType: PngHeader["colorType"]): number {
  return { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colorType];
}

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

function* chunksOf(file: Uint8Array): Generator<Chunk> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let at = 8;
  while (at + 12 <= file.length) {
    const length = view.getUint32(at);
    const type = Buffer.from(file.subarray(at + 4, at + 8)).toString("latin1");
    if (at + 12 + length > file.length) {
      throw new Error(`the file is cut short: its ${type} chunk declares ${length} bytes`);
    }
    yield { type, data: file.subarray(at + 8, at + 8 + length) };
    if (type === "IEND") {
      return;
    }
    at += 12 + length;
  }
  throw new Error("the file is cut short: it has no end chunk");
}

/** Reads size, kind and palette of a PNG from its first bytes (PNG specification, section 11). */
export function readPngHeader(start: Uint8Array): PngHeader {
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  if (start.length < 33 || view.getUint32(12) !== 0x49484452) {
    throw new Error("expected a PNG header");
  }
  const bitDepth = start[24] ?? 0;
  const colorType = start[25] ?? 0;
  if (![1, 2, 4, 8, 16].includes(bitDepth) || ![0, 2, 3, 4, 6].includes(colorType)) {
    throw new Error(`expected a PNG of known colours, found type ${colorType} of ${bitDepth} bits`);
  }
  return {
    width: view.getUint32(16),
    height: view.getUint32(20),
    bitDepth: bitDepth as PngHeader["bitDepth"],
    colorType: colorType as PngHeader["colorType"],
    interlaced: start[28] === 1,
    palette: colorType === 3 ? readPalette(start) : null,
  };
}

function readPalette(start: Uint8Array): Record<string, string> | null {
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  let at = 8;
  while (at + 12 <= start.length) {
    const length = view.getUint32(at);
    if (view.getUint32(at + 4) === 0x504c5445 && at + 8 + length <= start.length) {
      const table: Record<string, string> = {};
      for (let id = 0; id < length / 3; id += 1) {
        table[String(id)] =
          `#${Buffer.from(start.subarray(at + 8 + id * 3, at + 11 + id * 3)).toString("hex")}`;
      }
      return table;
    }
    at += 12 + length;
  }
  return null;
}

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
 * Decodes the pixels of a PNG as they are stored: palette entries stay ids, small depths are widened to bytes without
 * scaling, 16-bit samples stay big-endian.
 */
export async function decodePng(file: Uint8Array, header: PngHeader): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, bitDepth } = header;
  const channels = pngChannels(header.colorType);
  const passes = header.interlaced ? adam7 : ([[0, 0, 1, 1]] as const);
  const sizes = passes.map(([x, y, stepX, stepY]) => ({
    width: Math.max(0, Math.ceil((width - x) / stepX)),
    height: Math.max(0, Math.ceil((height - y) / stepY)),
  }));
  const rowBytesOf = (passWidth: number): number => Math.ceil((passWidth * channels * bitDepth) / 8);
  const byteLength = sizes.reduce(
    (sum, size) => sum + (size.width === 0 ? 0 : (rowBytesOf(size.width) + 1) * size.height),
    0,
  );
  const parts: Uint8Array[] = [];
  for (const chunk of chunksOf(file)) {
    if (chunk.type === "IDAT") {
      parts.push(chunk.data);
    }
  }
  const compressed = Buffer.concat(parts);
  if (byteLength > compressed.length * 1040 + 64) {
    throw new Error(`${compressed.length} compressed bytes can't hold ${width} × ${height} pixels`);
  }
  const filtered = await inflateAsync(compressed, {
    chunkSize: Math.max(64, byteLength + 1),
    maxOutputLength: byteLength + 65536,
  });
  if (filtered.length < byteLength) {
    throw new Error(`expected ${byteLength} bytes of pixels after decompression, found ${filtered.length}`);
  }
  const sampleBytes = bitDepth === 16 ? 2 : 1;
  const pixelBytes = channels * sampleBytes;
  const output = new Uint8Array(width * height * pixelBytes);
  let at = 0;
  for (const [index, size] of sizes.entries()) {
    if (size.width === 0 || size.height === 0) {
      continue;
    }
    const [firstX, firstY, stepX, stepY] = passes[index] ?? [0, 0, 1, 1];
    const rowBytes = rowBytesOf(size.width);
    let above = new Uint8Array(rowBytes);
    for (let row = 0; row < size.height; row += 1) {
      const filter = filtered[at] ?? 0;
      const line = filtered.subarray(at + 1, at + 1 + rowBytes) as Uint8Array<ArrayBuffer>;
      undoFilter(filter, line, above, Math.max(1, (channels * bitDepth) >> 3));
      above = line;
      at += 1 + rowBytes;
      const target = (firstY + row * stepY) * width;
      if (bitDepth >= 8 && stepX === 1) {
        output.set(line, target * pixelBytes);
      } else {
        spread(line, output, target + firstX, stepX, size.width, channels, bitDepth);
      }
    }
  }
  return output;
}

function spread(
  line: Uint8Array,
  output: Uint8Array,
  firstPixel: number,
  step: number,
  count: number,
  channels: number,
  bitDepth: number,
): void {
  const pixelBytes = bitDepth === 16 ? channels * 2 : channels;
  for (let pixel = 0; pixel < count; pixel += 1) {
    const target = (firstPixel + pixel * step) * pixelBytes;
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
