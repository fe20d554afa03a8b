import type { PackedBytes, WasmDecoders } from "../threads/wasm-decoders.ts";
import { isCmyk, isYCbCr, strideOf, type BlockFormat } from "../tiff/layout.ts";
import { compression } from "../tiff/tags.ts";
import { dtypeBytes, samplesIn } from "../typed-pixels.ts";
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

/** Whether our own decoders take units of this size. */
export function areSmallEnough(packed: PackedBytes, batch: EncodedBatch): boolean {
  return batch.units.every((unit) => unit.rows * packed.rowBytes <= mostUnitBytes);
}

/** Where decoded units go. */
export interface UnitPlaces {
  readonly memory: SharedArrayBuffer;
  /** The first byte of each unit. */
  readonly places: readonly number[];
}

/** Decodes units with our own decoders, each to its place. */
export async function decodeUnitsFast(
  format: BlockFormat,
  batch: EncodedBatch,
  packed: PackedBytes,
  decoders: WasmDecoders,
  { memory, places }: UnitPlaces,
): Promise<void> {
  for (const [index, { pieces }] of batch.units.entries()) {
    let at = places[index] as number;
    for (const piece of pieces) {
      const place = new Uint8Array(memory, at, piece.rows * packed.rowBytes);
      at += place.length;
      if (piece.length === 0) {
        const { dtype } = format;
        samplesIn(dtype, memory, place.byteOffset, place.length / dtypeBytes(dtype)).fill(batch.fill);
        continue;
      }
      checkExpansion(format, piece.length, place.length);
      const encoded = bytesOf(batch, piece);
      const isOldLzw = packed.codec === "lzw" && isOldStyleLzw(encoded);
      if (isOldLzw || !decoders.decode(encoded, place, packed)) {
        // Rare: the old bit order, or more data than the block has place for.
        const samples = await decodeBlock(format, encoded, piece.rows);
        place.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
      }
    }
  }
}
