// AssemblyScript. zlib streams (RFC 1950, RFC 1951), decoded whole into memory.
//
// Bits are kept in 64 of them and refilled eight bytes at a time, so that several symbols are decoded without looking at the
// input's end: the host leaves 16 zero bytes behind the input and 320 bytes of room behind the output.

import {
  buildTable,
  END_OF_BLOCK,
  EXCEPTIONAL,
  joinLiterals,
  KIND_DISTANCE,
  KIND_LITLEN,
  KIND_PLAIN,
  ONE_LITERAL,
  SUBTABLE,
} from "./huffman";
import { codeLengthTable, distanceTable, lengths, litlenTable } from "./memory";
import { copyMatch } from "./copy-match";

const LITLEN_BITS: u32 = 11;
const DISTANCE_BITS: u32 = 8;
const CODE_LENGTH_BITS: u32 = 7;

/** Failures, as negative results. */
const CUT_SHORT: i32 = -1;
const DAMAGED: i32 = -2;
const WRONG_CHECKSUM: i32 = -3;
const HOLDS_MORE: i32 = -4;

const codeLengthOrder: StaticArray<u8> = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

let input: usize = 0;
let inputEnd: usize = 0;
let bits: u64 = 0;
let bitCount: u64 = 0;

// @ts-ignore: decorators are AssemblyScript's
@inline
function refill(): void {
  bits |= load<u64>(input) << bitCount;
  input += <usize>((63 - bitCount) >> 3);
  bitCount |= 56;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function take(count: u64): u32 {
  const value = <u32>(bits & (((<u64>1) << count) - 1));
  bits >>= count;
  bitCount -= count;
  return value;
}

/** Bytes of the input that have been used, those still in the bit buffer not counted. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function consumed(): usize {
  return input - <usize>(bitCount >> 3);
}

/**
 * Inflates a zlib stream.
 *
 * @returns bytes written, at most `outputLength`; negative for a failure, also when the stream holds more than fits
 */
export function inflate(inputAt: usize, inputLength: i32, outputAt: usize, outputLength: i32): i32 {
  input = inputAt;
  inputEnd = inputAt + inputLength;
  bits = 0;
  bitCount = 0;
  if (inputLength < 6) {
    return CUT_SHORT;
  }
  const method = <u32>load<u8>(input);
  const flags = <u32>load<u8>(input, 1);
  if ((method & 15) != 8 || ((method << 8) | flags) % 31 != 0 || (flags & 0x20) != 0) {
    return DAMAGED;
  }
  input += 2;
  const outputEnd = outputAt + outputLength;
  let output = outputAt;
  let last: u32 = 0;
  while (last == 0) {
    if (consumed() > inputEnd) {
      return CUT_SHORT;
    }
    refill();
    last = take(1);
    const type = take(2);
    if (type == 0) {
      const start = consumed();
      bits = 0;
      bitCount = 0;
      if (start + 4 > inputEnd) {
        return CUT_SHORT;
      }
      const length = <u32>load<u16>(start);
      if ((length ^ 0xffff) != <u32>load<u16>(start, 2)) {
        return DAMAGED;
      }
      input = start + 4;
      if (input + length > inputEnd) {
        return CUT_SHORT;
      }
      const room = <u32>(outputEnd - output);
      const copied = length < room ? length : room;
      memory.copy(output, input, copied);
      output += copied;
      input += length;
      if (copied < length) {
        return HOLDS_MORE;
      }
      continue;
    }
    if (type == 3 || !(type == 1 ? fixedTables() : dynamicTables())) {
      return consumed() > inputEnd ? CUT_SHORT : DAMAGED;
    }
    const end = decodeBlock(output, outputAt, outputEnd);
    if (end == 0) {
      return consumed() > inputEnd ? CUT_SHORT : DAMAGED;
    }
    if (end > outputEnd) {
      return consumed() > inputEnd ? CUT_SHORT : HOLDS_MORE;
    }
    output = end;
  }
  const trailer = consumed();
  if (trailer + 4 > inputEnd) {
    return CUT_SHORT;
  }
  const length = <i32>(output - outputAt);
  return adler32(outputAt, length) == bswap<u32>(load<u32>(trailer)) ? length : WRONG_CHECKSUM;
}

/** Decodes one block; answers the output's new end, past `outputEnd` when the stream holds more than fits, 0 when it is damaged. */
function decodeBlock(from: usize, outputAt: usize, outputEnd: usize): usize {
  const litlenMask: u64 = (1 << LITLEN_BITS) - 1;
  const distanceMask: u64 = (1 << DISTANCE_BITS) - 1;
  const inputLimit = inputEnd + 16;
  let output = from;
  // Module variables live in memory: here they are kept in registers. Only the lowest six bits of `held` count.
  let at = input;
  let hold = bits;
  let held = bitCount;
  let result: usize = 0;
  while (at <= inputLimit) {
    hold |= load<u64>(at) << held;
    at += <usize>(7 - ((held >> 3) & 7));
    held |= 56;
    let entry = <u64>load<u32>(litlenTable + (<usize>(hold & litlenMask) << 2));
    if (entry >= <u64>ONE_LITERAL) {
      // Three lookups take at most 33 of the 56 bits. What is written too far, up to nine bytes, goes into the room behind the output.
      hold >>= entry;
      held -= entry;
      store<u32>(output, <u32>(entry >> 6));
      output += <usize>(entry >> 30);
      entry = <u64>load<u32>(litlenTable + (<usize>(hold & litlenMask) << 2));
      if (entry >= <u64>ONE_LITERAL) {
        hold >>= entry;
        held -= entry;
        store<u32>(output, <u32>(entry >> 6));
        output += <usize>(entry >> 30);
        entry = <u64>load<u32>(litlenTable + (<usize>(hold & litlenMask) << 2));
        if (entry >= <u64>ONE_LITERAL) {
          hold >>= entry;
          held -= entry;
          store<u32>(output, <u32>(entry >> 6));
          output += <usize>(entry >> 30);
          if (output > outputEnd) {
            result = outputEnd + 1;
            break;
          }
          continue;
        }
      }
      if (output > outputEnd) {
        result = outputEnd + 1;
        break;
      }
      hold |= load<u64>(at) << held;
      at += <usize>(7 - ((held >> 3) & 7));
      held |= 56;
    }
    if ((entry & EXCEPTIONAL) != 0) {
      if ((entry & SUBTABLE) != 0) {
        hold >>= entry;
        held -= entry;
        const depth = (entry >> 6) & 31;
        entry = <u64>(
          load<u32>(
            litlenTable + (<usize>(((entry >> 11) & 0x7fff) + (hold & (((<u64>1) << depth) - 1))) << 2),
          )
        );
        if (entry >= <u64>ONE_LITERAL) {
          hold >>= entry;
          held -= entry;
          store<u8>(output, <u8>(entry >> 6));
          output += 1;
          if (output > outputEnd) {
            result = outputEnd + 1;
            break;
          }
          continue;
        }
      }
      if ((entry & EXCEPTIONAL) != 0) {
        if ((entry & END_OF_BLOCK) != 0) {
          hold >>= entry;
          held -= entry;
          result = output;
        }
        break;
      }
    }
    // A length takes at most 20 bits and a distance 28: no need to refill between.
    const length =
      <u32>((entry >> 11) & 0x7fff) +
      <u32>((hold & (((<u64>1) << (entry & 63)) - 1)) >> ((entry >> 6) & 31));
    hold >>= entry;
    held -= entry;
    entry = <u64>load<u32>(distanceTable + (<usize>(hold & distanceMask) << 2));
    if ((entry & EXCEPTIONAL) != 0) {
      if ((entry & SUBTABLE) == 0) {
        break;
      }
      hold >>= entry;
      held -= entry;
      const depth = (entry >> 6) & 31;
      entry = <u64>(
        load<u32>(
          distanceTable + (<usize>(((entry >> 11) & 0x7fff) + (hold & (((<u64>1) << depth) - 1))) << 2),
        )
      );
      if ((entry & EXCEPTIONAL) != 0) {
        break;
      }
    }
    const distance =
      <usize>((entry >> 11) & 0x7fff) +
      <usize>((hold & (((<u64>1) << (entry & 63)) - 1)) >> ((entry >> 6) & 31));
    hold >>= entry;
    held -= entry;
    if (distance > output - outputAt) {
      break;
    }
    if (output + length > outputEnd) {
      result = outputEnd + 1;
      break;
    }
    copyMatch(output, distance, length);
    output += length;
  }
  input = at;
  bits = hold;
  bitCount = held & 63;
  return result;
}

let hasFixedTables = false;

function fixedTables(): bool {
  if (!hasFixedTables) {
    memory.fill(lengths, 8, 144);
    memory.fill(lengths + 144, 9, 112);
    memory.fill(lengths + 256, 7, 24);
    memory.fill(lengths + 280, 8, 8);
    buildTable(lengths, 288, litlenTable, LITLEN_BITS, KIND_LITLEN);
    joinLiterals(litlenTable, LITLEN_BITS);
    memory.fill(lengths, 5, 32);
    buildTable(lengths, 32, distanceTable, DISTANCE_BITS, KIND_DISTANCE);
    hasFixedTables = true;
  }
  return true;
}

function dynamicTables(): bool {
  hasFixedTables = false;
  refill();
  const litlens = take(5) + 257;
  const distances = take(5) + 1;
  const codeLengths = take(4) + 4;
  if (litlens > 286 || distances > 30) {
    return false;
  }
  memory.fill(lengths, 0, 320);
  for (let index: u32 = 0; index < codeLengths; index++) {
    if (index == 10) {
      refill();
    }
    store<u8>(lengths + unchecked(codeLengthOrder[index]), <u8>take(3));
  }
  if (!buildTable(lengths, 19, codeLengthTable, CODE_LENGTH_BITS, KIND_PLAIN)) {
    return false;
  }
  memory.fill(lengths, 0, 320);
  const total = litlens + distances;
  let index: u32 = 0;
  let previous: u8 = 0;
  while (index < total) {
    if (input > inputEnd + 16) {
      return false;
    }
    refill();
    const entry = load<u32>(codeLengthTable + (<usize>(bits & ((1 << CODE_LENGTH_BITS) - 1)) << 2));
    if ((entry & EXCEPTIONAL) != 0) {
      return false;
    }
    take(entry & 63);
    const symbol = (entry >> 11) & 0x7fff;
    if (symbol < 16) {
      previous = <u8>symbol;
      store<u8>(lengths + index, previous);
      index += 1;
      continue;
    }
    let repeats: u32;
    if (symbol == 16) {
      if (index == 0) {
        return false;
      }
      repeats = 3 + take(2);
    } else {
      previous = 0;
      repeats = symbol == 17 ? 3 + take(3) : 11 + take(7);
    }
    if (index + repeats > total) {
      return false;
    }
    memory.fill(lengths + index, previous, repeats);
    index += repeats;
  }
  // A block without an end can't be.
  if (load<u8>(lengths + 256) == 0) {
    return false;
  }
  if (
    !buildTable(lengths, litlens, litlenTable, LITLEN_BITS, KIND_LITLEN) ||
    !buildTable(lengths + litlens, distances, distanceTable, DISTANCE_BITS, KIND_DISTANCE)
  ) {
    return false;
  }
  joinLiterals(litlenTable, LITLEN_BITS);
  return true;
}

/** The stream's checksum (RFC 1950), sixteen bytes at a time. */
function adler32(at: usize, length: i32): u32 {
  let first: u32 = 1;
  let second: u32 = 0;
  let left = length;
  const heavy = i16x8(16, 15, 14, 13, 12, 11, 10, 9);
  const light = i16x8(8, 7, 6, 5, 4, 3, 2, 1);
  while (left >= 16) {
    // 5,552 is the most bytes whose sums fit into 32 bits; 5,536 is the last multiple of 32 below.
    let chunk = left < 5536 ? left & ~15 : 5536;
    left -= chunk;
    second += first * <u32>chunk;
    let sums = i32x4.splat(0);
    let earlier = i32x4.splat(0);
    let weighted = i32x4.splat(0);
    for (; chunk > 0; chunk -= 16) {
      const bytes = v128.load(at);
      at += 16;
      earlier = i32x4.add(earlier, sums);
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes)));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(bytes), heavy));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(bytes), light));
    }
    second = (second + (sumOf(earlier) << 4) + sumOf(weighted)) % 65521;
    first = (first + sumOf(sums)) % 65521;
  }
  for (; left > 0; left--) {
    first += load<u8>(at);
    at += 1;
    second += first;
  }
  return ((second % 65521) << 16) | (first % 65521);
}

function sumOf(lanes: v128): u32 {
  return (
    i32x4.extract_lane(lanes, 0) +
    i32x4.extract_lane(lanes, 1) +
    i32x4.extract_lane(lanes, 2) +
    i32x4.extract_lane(lanes, 3)
  );
}
