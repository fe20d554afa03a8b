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
