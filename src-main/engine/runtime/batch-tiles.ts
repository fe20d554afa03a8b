import { RpcError } from "#shared/rpc/errors.ts";

/**
 * Fills a short batch up to `batch` tiles with copies of its own, so that batch statistics stay those of real tiles.
 * Returns the bytes themselves when there is nothing to fill. Throws when they aren't whole tiles or too many.
 */
export function fillBatch(
  bytes: Uint8Array,
  tileBytes: number,
  batch: number,
): { bytes: Uint8Array; tiles: number } {
  const tiles = bytes.length / tileBytes;
  if (!Number.isInteger(tiles) || tiles < 1 || tiles > batch) {
    throw new RpcError(
      "invalid-input",
      `Expected 1 to ${batch} tiles of ${tileBytes} bytes each, but ${bytes.length} bytes came.`,
    );
  }
  if (tiles === batch) {
    return { bytes, tiles };
  }
  const filled = new Uint8Array(batch * tileBytes);
  for (let offset = 0; offset < filled.length; offset += bytes.length) {
    filled.set(bytes.subarray(0, Math.min(bytes.length, filled.length - offset)), offset);
  }
  return { bytes: filled, tiles };
}

/** Labels of a short batch: the tiles that were filled up count for nothing. */
export function fillLabels(bytes: Uint8Array, tileBytes: number, batch: number): Uint8Array {
  if (bytes.length === tileBytes * batch) {
    return bytes;
  }
  const filled = new Uint8Array(batch * tileBytes).fill(255);
  filled.set(bytes);
  return filled;
}

/**
 * Throws where a label is a class that the model doesn't have: 255 and ignored classes aside, leaving it out without a word would hide that masks and
 * model don't belong together.
 */
export function checkLabels(labels: Uint8Array, classes: number, ignored: readonly number[]): void {
  const isKnown = Uint8Array.from({ length: 256 }, (_, label) =>
    label < classes || label === 255 || ignored.includes(label) ? 1 : 0,
  );
  const stray = labels.find((label) => isKnown[label] === 0);
  if (stray !== undefined) {
    throw new RpcError(
      "invalid-input",
      `A label is class ${stray}, but the model tells ${classes} classes apart, 0 to ${classes - 1}.`,
    );
  }
}

/** Bytes as float32, without a copy where they are aligned. */
export function asFloats(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}

/** The bytes of any typed array, without a copy. */
export function asBytes(array: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
}
