import type { RasterDtype } from "#shared/geo/raster-description.ts";

/** The arrays that samples live in, one for each dtype. */
export type SampleArray =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** Samples that are only read: decoded ones may lie in memory that threads share. */
export type ReadSamples =
  Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

const constructors = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** Bytes of one sample. */
export function dtypeBytes(dtype: RasterDtype): number {
  return constructors[dtype].BYTES_PER_ELEMENT;
}

/** A zeroed array of samples. */
export function allocateSamples(dtype: RasterDtype, length: number): SampleArray {
  return new constructors[dtype](length);
}

/** An array of samples with whatever stood in its memory: for those who write every one of them. */
export function unfilledSamples(dtype: RasterDtype, length: number): SampleArray {
  const { buffer } = Buffer.allocUnsafeSlow(length * dtypeBytes(dtype));
  return new constructors[dtype](buffer, 0, length);
}

/** Samples that lie in memory shared with threads, from a byte on. */
export function samplesIn(
  dtype: RasterDtype,
  memory: SharedArrayBuffer,
  firstByte: number,
  length: number,
): ReadSamples {
  const constructor: new (memory: SharedArrayBuffer, firstByte: number, length: number) => ReadSamples =
    constructors[dtype];
  return new constructor(memory, firstByte, length);
}

/** The bytes seen as samples of this machine's byte order, copied only when they aren't aligned. */
export function samplesOver(dtype: RasterDtype, bytes: Uint8Array): SampleArray {
  const width = dtypeBytes(dtype);
  const aligned = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  return new constructors[dtype](
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    Math.floor(aligned.byteLength / width),
  );
}

/** Where the blocks of one batch go in shared memory: the first byte of each, and their lengths. */
export interface BlockPlaces {
  readonly starts: readonly number[];
  readonly lengths: readonly number[];
}

/**
 * Copies blocks' samples to their places.
 *
 * @throws Error when a block has another size than its place
 */
export function fillPlaces(
  memory: SharedArrayBuffer,
  { starts, lengths }: BlockPlaces,
  blocks: readonly ReadSamples[],
): void {
  blocks.forEach(({ buffer, byteOffset, byteLength }, index) => {
    if (byteLength !== lengths[index]) {
      throw new Error(`expected a block of ${lengths[index] ?? 0} bytes, found ${byteLength}`);
    }
    new Uint8Array(memory, starts[index], byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
  });
}
