/**
 * Decodes one PackBits block (TIFF 6.0, section 9) into `output`.
 *
 * @returns bytes written: fewer than `output` holds when the stream ends early
 */
export function decodePackBits(input: Uint8Array, output: Uint8Array): number {
  let position = 0;
  let written = 0;
  while (position < input.length && written < output.length) {
    const header = ((input[position++] as number) << 24) >> 24;
    if (header >= 0) {
      const length = Math.min(header + 1, input.length - position, output.length - written);
      output.set(input.subarray(position, position + length), written);
      position += header + 1;
      written += length;
    } else if (header !== -128) {
      const length = Math.min(1 - header, output.length - written);
      output.fill(input[position++] ?? 0, written, written + length);
      written += length;
    }
  }
  return written;
}
