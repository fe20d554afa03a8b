/*
 * TIFF LZW, both the current bit order and the "old style" of libtiff 3 (least significant bit first, codes growing one later).
 *
 * A table entry is a place in the *output* where its string already stands and a length, so that a code is a copy: nothing is walked backwards,
 * nothing allocated. TIFF 6.0, section 13.
 */

const clearCode = 256;
const endCode = 257;
const tableSize = 5120;

/** Where each code's string stands in the output and how long it is; reused, since decoding is synchronous. */
const stringStart = new Int32Array(tableSize);
const stringLength = new Int32Array(tableSize);

/**
 * Decodes one LZW block into `output`, which it fills from the start.
 *
 * @returns bytes written: fewer than `output` holds when the stream ends early
 * @throws Error on a code that can't be
 */
export function decodeLzw(input: Uint8Array, output: Uint8Array): number {
  return isOldStyleLzw(input) ? decodeOldStyle(input, output) : decodeCurrent(input, output);
}

/** Whether a block is in the old bit order, told by its first code: the one that clears the table. */
export function isOldStyleLzw(input: Uint8Array): boolean {
  return input[0] === 0 && ((input[1] ?? 0) & 1) === 1;
}

function decodeCurrent(input: Uint8Array, output: Uint8Array): number {
  const inputLength = input.length;
  const outputLength = output.length;
  let bits = 0;
  let bitCount = 0;
  let position = 0;
  let written = 0;
  let width = 9;
  let nextCode = 258;
  let previousStart = -1;
  let previousLength = 0;
  while (written < outputLength) {
    while (bitCount < width) {
      if (position >= inputLength) {
        return written;
      }
      bits = ((bits << 8) | (input[position++] as number)) & 0xffffff;
      bitCount += 8;
    }
    bitCount -= width;
    const code = (bits >>> bitCount) & ((1 << width) - 1);
    if (code === clearCode) {
      width = 9;
      nextCode = 258;
      previousStart = -1;
      continue;
    }
    if (code === endCode) {
      return written;
    }
    const start = written;
    if (code < 256) {
      output[written++] = code;
    } else {
      let from: number;
      let length: number;
      if (code < nextCode) {
        from = stringStart[code] as number;
        length = stringLength[code] as number;
      } else if (code === nextCode && previousStart >= 0) {
        from = previousStart;
        length = previousLength + 1;
      } else {
        throw new Error(`LZW code ${code} before it is defined`);
      }
      written = copyWithin(output, from, written, Math.min(length, outputLength - written));
    }
    if (previousStart >= 0 && nextCode < 4096) {
      stringStart[nextCode] = previousStart;
      stringLength[nextCode] = previousLength + 1;
      nextCode += 1;
      // "Early change": one code before the table is full.
      if (nextCode === (1 << width) - 1 && width < 12) {
        width += 1;
      }
    }
    previousStart = start;
    previousLength = written - start;
  }
  return written;
}

function decodeOldStyle(input: Uint8Array, output: Uint8Array): number {
  const inputLength = input.length;
  const outputLength = output.length;
  let bits = 0;
  let bitCount = 0;
  let position = 0;
  let written = 0;
  let width = 9;
  let nextCode = 258;
  let previousStart = -1;
  let previousLength = 0;
  while (written < outputLength) {
    while (bitCount < width) {
      if (position >= inputLength) {
        return written;
      }
      bits |= (input[position++] as number) << bitCount;
      bitCount += 8;
    }
    const code = bits & ((1 << width) - 1);
    bits >>>= width;
    bitCount -= width;
    if (code === clearCode) {
      width = 9;
      nextCode = 258;
      previousStart = -1;
      continue;
    }
    if (code === endCode) {
      return written;
    }
    const start = written;
    if (code < 256) {
      output[written++] = code;
    } else {
      let from: number;
      let length: number;
      if (code < nextCode) {
        from = stringStart[code] as number;
        length = stringLength[code] as number;
      } else if (code === nextCode && previousStart >= 0) {
        from = previousStart;
        length = previousLength + 1;
      } else {
        throw new Error(`LZW code ${code} before it is defined`);
      }
      written = copyWithin(output, from, written, Math.min(length, outputLength - written));
    }
    if (previousStart >= 0 && nextCode < 4096) {
      stringStart[nextCode] = previousStart;
      stringLength[nextCode] = previousLength + 1;
      nextCode += 1;
      if (nextCode === 1 << width && width < 12) {
        width += 1;
      }
    }
    previousStart = start;
    previousLength = written - start;
  }
  return written;
}

/** Copies forwards within one array, where source and target may overlap: the string "KwK" of LZW repeats itself. */
function copyWithin(bytes: Uint8Array, from: number, to: number, length: number): number {
  if (length > 48 && from + length <= to) {
    bytes.copyWithin(to, from, from + length);
    return to + length;
  }
  const end = to + length;
  let source = from;
  for (let target = to; target < end; target += 1) {
    bytes[target] = bytes[source++] as number;
  }
  return end;
}
