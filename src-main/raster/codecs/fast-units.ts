import type { PackedBytes, WasmDecoders } from "../threads/wasm-decoders.ts";
import { isCmyk, isYCbCr, strideOf, type BlockFormat } from "../tiff/layout.ts";
import { compression } from "../tiff/tags.ts";
import { samplesOver, unfilledSamples, type SampleArray } from "../typed-pixels.ts";
import { checkExpansion, decodeBlock } from "./decode-block.ts";
import { bytesOf, type EncodedBatch } from "./encoded-batch.ts";
import { isOldStyleLzw } from "./lzw.ts";
import { hasWholeType } from "./samples.ts";

/** Larger units go to zlib: wasm memory grows and never shrinks. */
const mostUnitBytes = 8 * 2 ** 20;

/** How our own decoders would take blocks of this format, null when they can't. */
export function packedBytesOf(format: BlockFormat): PackedBytes | null {
  const stride = strideOf(format);
  const isDeflate =
    format.compression === compression.deflate || format.compression === compression.adobeDeflate;
  const wholeBytes = format.bitsPerSample === 8 || (format.littleEndian && format.predictor === 1);
  if (
    !(isDeflate || format.compression === compression.lzw) ||
    !hasWholeType(format) ||
    !wholeBytes ||
    format.fillOrder !== 1 ||
    format.predictor === 3 ||
    isYCbCr(format) ||
    isCmyk(format)
  ) {
    return null;
  }
  const isDifferenced = format.predictor === 2;
  if (isDifferenced && stride !== 1 && stride !== 3 && stride !== 4) {
    return null;
  }
  return {
    codec: isDeflate ? "deflate" : "lzw",
    differencedBands: isDifferenced ? (stride as 1 | 3 | 4) : null,
    rowBytes: (format.blockWidth * stride * format.bitsPerSample) / 8,
  };
}

/**
 * Decodes units with our own decoders, all into one piece of memory.
 *
 * @returns null when one of the units is too large for them
 */
export async function decodeUnitsFast(
  format: BlockFormat,
  batch: EncodedBatch,
  packed: PackedBytes,
  decoders: WasmDecoders,
): Promise<SampleArray[] | null> {
  const sizes = batch.units.map((unit) => unit.rows * packed.rowBytes);
  if (sizes.some((bytes) => bytes > mostUnitBytes)) {
    return null;
  }
  for (const unit of batch.units) {
    for (const piece of unit.pieces) {
      if (piece.length > 0) {
        checkExpansion(format, piece.length, piece.rows * packed.rowBytes);
      }
    }
  }
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
  const slab = unfilledSamples("uint8", total) as Uint8Array<ArrayBuffer>;
  const decoded: SampleArray[] = [];
  let at = 0;
  for (const unit of batch.units) {
    const start = at;
    for (const piece of unit.pieces) {
      const target = slab.subarray(at, at + piece.rows * packed.rowBytes);
      at += target.length;
      if (piece.length === 0) {
        samplesOver(format.dtype, target).fill(batch.fill);
        continue;
      }
      const encoded = bytesOf(batch, piece);
      const isOldLzw = packed.codec === "lzw" && isOldStyleLzw(encoded);
      if (isOldLzw || !decoders.decode(encoded, target, packed)) {
        // Rare: the old bit order, or more data than the block has place for.
        const samples = await decodeBlock(format, encoded, piece.rows);
        target.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
      }
    }
    decoded.push(samplesOver(format.dtype, slab.subarray(start, at)));
  }
  return decoded;
}
