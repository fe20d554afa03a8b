import { inflateSync } from "node:zlib";
import Lerc from "lerc";
import type { BlockFormat } from "../tiff/layout.ts";
import { allocateSamples, dtypeBytes, type SampleArray } from "../typed-pixels.ts";
import { decodeZstd } from "./zstd.ts";

// The package (3.0.0) reads a constant of uint32 by a method that DataView doesn't have: a slip for getUint32.
Object.defineProperty(DataView.prototype, "getUInt32", {
  ...Object.getOwnPropertyDescriptor(DataView.prototype, "getUint32"),
});

/** The second value of the LercParameters tag: what the LERC stream is wrapped in. */
const wrapping = { none: 0, deflate: 1, zstd: 2 } as const;

/** Decodes one LERC block; pixels that its own mask leaves out become 0, or NaN for floats, as in libtiff. */
export async function decodeLerc(
  layout: BlockFormat,
  encoded: Uint8Array,
  width: number,
  rows: number,
  stride: number,
): Promise<SampleArray> {
  const limit = width * rows * stride * 2 * dtypeBytes(layout.dtype) + 65536;
  const kind = layout.lercParameters?.[1] ?? wrapping.none;
  let bytes = encoded;
  if (kind === wrapping.deflate) {
    bytes = inflateSync(encoded, { maxOutputLength: limit });
  } else if (kind === wrapping.zstd) {
    bytes = await decodeZstd(encoded, limit);
  } else if (kind !== wrapping.none) {
    throw new Error(`unsupported: LERC wrapped in compression ${kind}`);
  }
  // A copy: the package takes all of an ArrayBuffer, of which these bytes may be a part. (`slice` of a Buffer copies nothing.)
  const exact =
    bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
  checkDeclaredSize(exact, width, rows, stride, dtypeBytes(layout.dtype));
  const decoded = Lerc.decode(exact.buffer as ArrayBuffer, { returnPixelInterleavedDims: true });
  if (decoded.width !== width || decoded.height !== rows) {
    throw new Error(
      `expected a LERC block of ${width} × ${rows} pixels, found ${decoded.width} × ${decoded.height}`,
    );
  }
  const pixelCount = width * rows;
  const samples = allocateSamples(layout.dtype, pixelCount * stride);
  const [first] = decoded.pixels;
  if (decoded.pixels.length === 1 && first !== undefined && first.length === pixelCount * stride) {
    samples.set(first);
  } else if (decoded.pixels.length === stride) {
    decoded.pixels.forEach((plane, band) => {
      for (let pixel = 0; pixel < pixelCount; pixel += 1) {
        samples[pixel * stride + band] = plane[pixel] ?? 0;
      }
    });
  } else {
    throw new Error(`expected a LERC block of ${stride} bands, found ${decoded.pixels.length}`);
  }
  const { mask } = decoded;
  if (mask && layout.sampleFormat === 3) {
    for (let pixel = 0; pixel < pixelCount; pixel += 1) {
      if (mask[pixel] === 0) {
        samples.fill(NaN, pixel * stride, (pixel + 1) * stride);
      }
    }
  }
  return samples;
}

/** Bytes of a sample by LERC's number of its type: char, byte, short, ushort, int, uint, float, double. */
const lercTypeBytes: readonly number[] = [1, 1, 2, 2, 4, 4, 4, 8];

/**
 * A stream that declares more pixels, bands or wider samples than its block would make the decoder take memory first and fail later: a plane
 * of one value takes 70 bytes whatever its size. Only LERC 2 stands in TIFFs.
 */
function checkDeclaredSize(
  bytes: Uint8Array,
  width: number,
  rows: number,
  stride: number,
  sampleBytes: number,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let bands = 0;
  for (let start = 0; start + 62 <= bytes.length || start === 0;) {
    if (
      start + 62 > bytes.length ||
      Buffer.from(bytes.subarray(start, start + 6)).toString("latin1") !== "Lerc2 "
    ) {
      if (bands === 0) {
        throw new Error("expected a LERC 2 stream");
      }
      return;
    }
    const version = view.getInt32(start + 6, true);
    const at = start + (version >= 3 ? 14 : 10);
    const declaredRows = view.getUint32(at, true);
    const declaredWidth = view.getUint32(at + 4, true);
    if (declaredRows !== rows || declaredWidth !== width) {
      throw new Error(
        `expected a LERC block of ${width} × ${rows} pixels, found ${declaredWidth} × ${declaredRows}`,
      );
    }
    // From version 4 on several values a pixel may stand in one stream.
    const depth = version >= 4 ? view.getUint32(at + 8, true) : 1;
    const afterDepth = at + (version >= 4 ? 12 : 8);
    const streamBytes = view.getUint32(afterDepth + 8, true);
    const typeBytes = lercTypeBytes[view.getUint32(afterDepth + 12, true)] ?? Infinity;
    bands += depth;
    if (bands > stride || typeBytes > sampleBytes) {
      throw new Error(
        `expected a LERC block of ${stride} bands of ${sampleBytes} bytes, found ${bands} of ${typeBytes}`,
      );
    }
    if (streamBytes < 62) {
      return;
    }
    start += streamBytes;
  }
}
