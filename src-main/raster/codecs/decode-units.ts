import type { WasmDecoders } from "../threads/wasm-decoders.ts";
import { isCmyk, strideOf, type BlockFormat } from "../tiff/layout.ts";
import { allocateSamples, dtypeBytes, fillPlaces, type SampleArray } from "../typed-pixels.ts";
import { decodeBlock } from "./decode-block.ts";
import { bytesOf, type EncodedBatch, type EncodedUnit } from "./encoded-batch.ts";
import { areSmallEnough, decodeUnitsFast, packedBytesOf, type UnitPlaces } from "./fast-units.ts";
import { inkToRgb } from "./ink.ts";

/** Bytes of each unit once it is decoded. */
export function decodedBytesOf(format: BlockFormat, batch: EncodedBatch): number[] {
  const rowBytes = format.blockWidth * strideOf(format) * dtypeBytes(format.dtype);
  return batch.units.map((unit) => unit.rows * rowBytes);
}

/**
 * Decodes units in this thread, each to its place.
 *
 * @throws Error whose message says what is wrong with the block; the caller adds which file and block
 */
export async function decodeUnitsInto(
  format: BlockFormat,
  batch: EncodedBatch,
  decoders: WasmDecoders | null,
  target: UnitPlaces,
): Promise<void> {
  const packed = packedBytesOf(format);
  if (decoders !== null && packed !== null && areSmallEnough(packed, batch)) {
    await decodeUnitsFast(format, batch, packed, decoders, target);
    return;
  }
  fillPlaces(
    target.memory,
    { starts: target.places, lengths: decodedBytesOf(format, batch) },
    await decodeUnitsHere(format, batch),
  );
}

/**
 * Decodes units in this thread, without waiting for anything but the start of a wasm decoder.
 *
 * @returns one array a unit: `blockWidth · rows · stride` samples, pixel-interleaved, in this machine's byte order
 * @throws Error whose message says what is wrong with the block; the caller adds which file and block
 */
export async function decodeUnitsHere(format: BlockFormat, batch: EncodedBatch): Promise<SampleArray[]> {
  const decoded: SampleArray[] = [];
  for (const unit of batch.units) {
    const pieces: SampleArray[] = [];
    for (const piece of unit.pieces) {
      if (piece.length > 0) {
        pieces.push(await decodeBlock(format, bytesOf(batch, piece), piece.rows));
      }
    }
    const samples = joinPieces(format, unit, batch.fill, pieces);
    if (isCmyk(format)) {
      inkToRgb(samples);
    }
    decoded.push(samples);
  }
  return decoded;
}

/** Puts a unit's decoded pieces below each other, sparse ones filled; `decoded` has only those that are stored. */
export function joinPieces(
  format: BlockFormat,
  unit: EncodedUnit,
  fill: number,
  decoded: readonly SampleArray[],
): SampleArray {
  const [only] = decoded;
  if (unit.pieces.length === 1 && only !== undefined) {
    return only;
  }
  const rowSamples = format.blockWidth * strideOf(format);
  const samples = allocateSamples(format.dtype, rowSamples * unit.rows);
  if (decoded.length === 0) {
    return samples.fill(fill);
  }
  let at = 0;
  let next = 0;
  for (const piece of unit.pieces) {
    const length = piece.rows * rowSamples;
    if (piece.length > 0) {
      samples.set(decoded[next++] as SampleArray, at);
    } else {
      samples.fill(fill, at, at + length);
    }
    at += length;
  }
  return samples;
}
