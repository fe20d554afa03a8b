// AssemblyScript. TIFF's LZW (TIFF 6.0, section 13), current bit order. codecs/lzw.ts has the same in TypeScript, and the old order.
//
// A string is a place in the output where it already stands and a length, so that a code is a copy. The host leaves 16 bytes behind
// the input and 320 behind the output.

import { strings } from "./memory";

const CLEAR: u32 = 256;
const END: u32 = 257;
/** A code before it is defined. */
const DAMAGED: i32 = -2;

/** Decodes a stream; answers bytes written, fewer than `outputLength` when it ends early, negative when it is damaged. */
export function decodeLzw(inputAt: usize, inputLength: i32, outputAt: usize, outputLength: i32): i32 {
  let input = inputAt;
  const inputEnd = inputAt + inputLength;
  const outputEnd = outputAt + outputLength;
  let output = outputAt;
  let bits: u64 = 0;
  let bitCount: u32 = 0;
  let width: u32 = 9;
  let nextCode: u32 = 258;
  let previousStart: usize = 0;
  let previousLength: u32 = 0;
  while (output < outputEnd) {
    if (bitCount < width) {
      // Past the input's end come zeros; the stream is over when a code would need one of them.
      const left = <i32>(inputEnd - input) * 8 + <i32>bitCount;
      if (left < <i32>width) {
        return <i32>(output - outputAt);
      }
      bits = (bits << 32) | (<u64>bswap<u32>(load<u32>(input)));
      input += 4;
      bitCount += 32;
    }
    bitCount -= width;
    const code = (<u32>(bits >> bitCount)) & ((1 << width) - 1);
    if (code == CLEAR) {
      width = 9;
      nextCode = 258;
      previousStart = 0;
      continue;
    }
    if (code == END) {
      break;
    }
    const start = output;
    let length: u32;
    if (code < 256) {
      store<u8>(output, <u8>code);
      output += 1;
      length = 1;
    } else {
      let from: usize;
      if (code < nextCode) {
        const entry = strings + ((<usize>code) << 3);
        from = load<u32>(entry);
        length = load<u32>(entry, 4);
      } else if (code == nextCode && previousStart != 0) {
        from = previousStart;
        length = previousLength + 1;
      } else {
        return DAMAGED;
      }
      const room = <u32>(outputEnd - output);
      if (length > room) {
        length = room;
      }
      const end = output + length;
      if (output - from >= 8) {
        do {
          store<u64>(output, load<u64>(from));
          output += 8;
          from += 8;
        } while (output < end);
      } else {
        do {
          store<u8>(output++, load<u8>(from++));
        } while (output < end);
      }
      output = end;
    }
    if (previousStart != 0 && nextCode < 4096) {
      const entry = strings + ((<usize>nextCode) << 3);
      store<u32>(entry, <u32>previousStart);
      store<u32>(entry, previousLength + 1, 4);
      nextCode += 1;
      // "Early change": one code before the table is full.
      if (nextCode == (1 << width) - 1 && width < 12) {
        width += 1;
      }
    }
    previousStart = start;
    previousLength = length;
  }
  return <i32>(output - outputAt);
}
