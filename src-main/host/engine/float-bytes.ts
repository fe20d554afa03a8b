/** The bytes of samples as the engine takes them, without a copy; little-endian, as every machine that TensorFlow runs on is. */
export function sampleBytes(
  samples: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  return samples instanceof Uint8Array
    ? samples
    : new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

/** Float32 numbers over bytes that came from the engine, copied only where they aren't aligned. */
export function floatsOver(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}
