import { inflateSync } from "node:zlib";
import Lerc from "lerc";
import type { BlockFormat } from "../tiff/layout.ts";
import { allocateSamples, type SampleArray } from "../typed-pixels.ts";
import { decodeZstd } from "./zstd.ts";

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
  const limit = width * rows * stride * 8 + 65536;
  const kind = layout.lercParameters?.[1] ?? wrapping.none;
  let bytes = encoded;
  if (kind === wrapping.deflate) {
    bytes = inflateSync(encoded, { maxOutputLength: limit });
  } else if (kind === wrapping.zstd) {
    bytes = await decodeZstd(encoded, limit);
  } else if (kind !== wrapping.none) {
    throw new Error(`unsupported: LERC wrapped in compression ${kind}`);
  }
  const exact =
    bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
  checkDeclaredSize(exact, width, rows);
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
  if (decoded.mask !== null && layout.sampleFormat === 3) {
    for (let pixel = 0; pixel < pixelCount; pixel += 1) {
      if (decoded.mask[pixel] === 0) {
        samples.fill(NaN, pixel * stride, (pixel + 1) * stride);
      }
    }
  }
  return samples;
}

/** A stream that declares another size than its block would make the decoder take memory first and fail later. */
function checkDeclaredSize(bytes: Uint8Array, width: number, rows: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (Buffer.from(bytes.subarray(0, 6)).toString("latin1") !== "Lerc2 " || bytes.length < 26) {
    return;
  }
  const version = view.getInt32(6, true);
  const at = version >= 3 ? 14 : 10;
  const declaredRows = view.getUint32(at, true);
  const declaredWidth = view.getUint32(at + 4, true);
  if (declaredRows !== rows || declaredWidth !== width) {
    throw new Error(
      `expected a LERC block of ${width} × ${rows} pixels, found ${declaredWidth} × ${declaredRows}`,
    );
  }
}
