// AssemblyScript. Decoding tables of canonical Huffman codes, read least significant bit first.
//
// An entry of a table, 32 bits: bits 0–7 how many bits to take from the stream, extra bits included; bits 8–12 how many of them are
// the code's own; bit 31 a literal; bit 15 exceptional: with bit 14 a subtable (bits 8–12 its index bits), with bit 13 the end of
// the block, with neither no code at all; bits 16–30 the literal, the base of a length or distance, or the subtable's place.

import { counts, firstCodes, longest, nextCodes } from "./memory";

export const LITERAL: u32 = 0x80000000;
export const EXCEPTIONAL: u32 = 0x8000;
export const SUBTABLE: u32 = 0x4000;
export const END_OF_BLOCK: u32 = 0x2000;

/** What a table's symbols mean. */
export const KIND_LITLEN: i32 = 0;
export const KIND_DISTANCE: i32 = 1;
export const KIND_PLAIN: i32 = 2;

/** Length codes 257–285 and distance codes 0–29: base and extra bits, from RFC 1951, section 3.2.5. */
const lengthBases: StaticArray<u16> = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
];
const lengthExtras: StaticArray<u8> = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const distanceBases: StaticArray<u16> = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
  6145, 8193, 12289, 16385, 24577,
];
const distanceExtras: StaticArray<u8> = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];

/** The entry of a symbol whose code takes `bits` more bits. */
function entryOf(kind: i32, symbol: u32, bits: u32): u32 {
  if (kind == KIND_LITLEN) {
    if (symbol < 256) {
      return LITERAL | (symbol << 16) | (bits << 8) | bits;
    }
    if (symbol == 256) {
      return EXCEPTIONAL | END_OF_BLOCK | (bits << 8) | bits;
    }
    if (symbol > 285) {
      return EXCEPTIONAL;
    }
    const index = symbol - 257;
    const extra = <u32>unchecked(lengthExtras[index]);
    return ((<u32>unchecked(lengthBases[index])) << 16) | (bits << 8) | (bits + extra);
  }
  if (kind == KIND_DISTANCE) {
    if (symbol > 29) {
      return EXCEPTIONAL;
    }
    const extra = <u32>unchecked(distanceExtras[symbol]);
    return ((<u32>unchecked(distanceBases[symbol])) << 16) | (bits << 8) | (bits + extra);
  }
  return (symbol << 16) | (bits << 8) | bits;
}

function reversed(code: u32, bits: u32): u32 {
  let found: u32 = 0;
  for (let bit: u32 = 0; bit < bits; bit++) {
    found = (found << 1) | ((code >> bit) & 1);
  }
  return found;
}

/**
 * Builds a table from code lengths, one byte a symbol. False for lengths that are no code: over-subscribed, or incomplete other than
 * a single distance code, as zlib has it.
 */
export function buildTable(lengthsAt: usize, symbols: u32, table: usize, tableBits: u32, kind: i32): bool {
  memory.fill(counts, 0, 64);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const at = counts + ((<usize>load<u8>(lengthsAt + symbol)) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  const size: u32 = 1 << tableBits;
  for (let index: u32 = 0; index < size; index++) {
    store<u32>(table + ((<usize>index) << 2), EXCEPTIONAL);
  }
  const used = symbols - load<u32>(counts);
  if (used == 0) {
    return kind == KIND_DISTANCE;
  }
  store<u32>(counts, 0);
  // The first code of each length, and how much of the code space is left.
  let code: u32 = 0;
  let left: i32 = 1;
  for (let bits: u32 = 1; bits <= 15; bits++) {
    const count = load<u32>(counts + ((<usize>bits) << 2));
    left = (left << 1) - <i32>count;
    if (left < 0) {
      return false;
    }
    code = (code + load<u32>(counts + ((<usize>(bits - 1)) << 2))) << 1;
    store<u32>(firstCodes + ((<usize>bits) << 2), code);
  }
  if (left > 0 && !(kind == KIND_DISTANCE && used == 1)) {
    return false;
  }
  memory.fill(longest, 0, size);
  // Twice through the symbols: the first time to learn how deep each subtable must be.
  for (let pass = 0; pass < 2; pass++) {
    for (let bits: u32 = 1; bits <= 15; bits++) {
      store<u32>(nextCodes + ((<usize>bits) << 2), load<u32>(firstCodes + ((<usize>bits) << 2)));
    }
    let nextSubtable: u32 = size;
    for (let bits: u32 = 1; bits <= 15; bits++) {
      if (load<u32>(counts + ((<usize>bits) << 2)) == 0 || (pass == 0 && bits <= tableBits)) {
        continue;
      }
      for (let symbol: u32 = 0; symbol < symbols; symbol++) {
        if (<u32>load<u8>(lengthsAt + symbol) != bits) {
          continue;
        }
        const next = nextCodes + ((<usize>bits) << 2);
        const own = load<u32>(next);
        store<u32>(next, own + 1);
        const reversedCode = reversed(own, bits);
        if (bits <= tableBits) {
          const entry = entryOf(kind, symbol, bits);
          const step: u32 = 1 << bits;
          for (let index = reversedCode; index < size; index += step) {
            store<u32>(table + ((<usize>index) << 2), entry);
          }
          continue;
        }
        const prefix = reversedCode & (size - 1);
        if (pass == 0) {
          // Lengths ascend, so that the last is the longest.
          store<u8>(longest + prefix, <u8>bits);
          continue;
        }
        const pointerAt = table + ((<usize>prefix) << 2);
        const depth = <u32>load<u8>(longest + prefix) - tableBits;
        let pointer = load<u32>(pointerAt);
        if ((pointer & SUBTABLE) == 0) {
          if (nextSubtable + ((<u32>1) << depth) > 4096) {
            return false;
          }
          pointer = EXCEPTIONAL | SUBTABLE | (nextSubtable << 16) | (depth << 8) | tableBits;
          store<u32>(pointerAt, pointer);
          for (let index: u32 = 0; index < (<u32>1) << depth; index++) {
            store<u32>(table + ((<usize>(nextSubtable + index)) << 2), EXCEPTIONAL);
          }
          nextSubtable += 1 << depth;
        }
        const place = (pointer >> 16) & 0x7fff;
        const entry = entryOf(kind, symbol, bits - tableBits);
        const step: u32 = 1 << (bits - tableBits);
        for (let index = reversedCode >> tableBits; index < (<u32>1) << depth; index += step) {
          store<u32>(table + ((<usize>(place + index)) << 2), entry);
        }
      }
    }
  }
  return true;
}
