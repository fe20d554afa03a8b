// AssemblyScript. Decoding tables of canonical Huffman codes, read least significant bit first.
//
// An entry of a table, 32 bits. Bits 0–5: how many bits to take from the stream, extra bits included; being the lowest six, the entry itself
// serves as the count of a shift. Bits 30–31: how many literals it stands for, up to three, and then bits 6–29 are those, the first lowest.
// Without literals: bits 6–10 how many of the taken bits are the code's own; bits 11–25 the base of a length or distance, the symbol, or the
// subtable's place; bit 29 exceptional: with bit 28 a subtable (bits 6–10 its index bits), with bit 27 the end of the block, with neither no
// code at all.

import { counts, places, sorted } from "./memory";

/** From here on an entry stands for literals. */
export const ONE_LITERAL: u32 = 0x40000000;
export const EXCEPTIONAL: u32 = 0x20000000;
export const SUBTABLE: u32 = 0x10000000;
export const END_OF_BLOCK: u32 = 0x08000000;

/** What a table's symbols mean. */
export const KIND_LITLEN: i32 = 0;
export const KIND_DISTANCE: i32 = 1;
export const KIND_PLAIN: i32 = 2;

/** Entries of a table with its subtables at most. */
const MOST_ENTRIES: u32 = 4096;

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
      return ONE_LITERAL | (symbol << 6) | bits;
    }
    if (symbol == 256) {
      return EXCEPTIONAL | END_OF_BLOCK | (bits << 6) | bits;
    }
    if (symbol > 285) {
      return EXCEPTIONAL;
    }
    const index = symbol - 257;
    const extra = <u32>unchecked(lengthExtras[index]);
    return ((<u32>unchecked(lengthBases[index])) << 11) | (bits << 6) | (bits + extra);
  }
  if (kind == KIND_DISTANCE) {
    if (symbol > 29) {
      return EXCEPTIONAL;
    }
    const extra = <u32>unchecked(distanceExtras[symbol]);
    return ((<u32>unchecked(distanceBases[symbol])) << 11) | (bits << 6) | (bits + extra);
  }
  return (symbol << 11) | (bits << 6) | bits;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function countOf(bits: u32): u32 {
  return load<u32>(counts + ((<usize>bits) << 2));
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
  const used = symbols - countOf(0);
  if (used == 0) {
    for (let index: u32 = 0; index < (<u32>1) << tableBits; index++) {
      store<u32>(table + ((<usize>index) << 2), EXCEPTIONAL);
    }
    return kind == KIND_DISTANCE;
  }
  // Where each length's symbols stand once they are in the order of their codes, and how much of the code space is left.
  let place: u32 = 0;
  let left: i32 = 1;
  for (let bits: u32 = 1; bits <= 15; bits++) {
    store<u32>(places + ((<usize>bits) << 2), place);
    place += countOf(bits);
    left = (left << 1) - <i32>countOf(bits);
    if (left < 0) {
      return false;
    }
  }
  if (left > 0 && !(kind == KIND_DISTANCE && used == 1)) {
    return false;
  }
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const bits = <u32>load<u8>(lengthsAt + symbol);
    if (bits != 0) {
      const at = places + ((<usize>bits) << 2);
      const own = load<u32>(at);
      store<u32>(at, own + 1);
      store<u16>(sorted + ((<usize>own) << 1), <u16>symbol);
    }
  }
  return fillTable(table, tableBits, kind);
}

/** Fills a table from `counts` and `sorted`. Codes are kept with their first bit lowest, as they stand in the stream. */
function fillTable(table: usize, tableBits: u32, kind: i32): bool {
  store<u32>(table, EXCEPTIONAL);
  let code: u32 = 0;
  let next: usize = sorted;
  // The table of `bits` bits is that of one bit less, twice, with the codes of this length put in.
  for (let bits: u32 = 1; bits <= tableBits; bits++) {
    const half: usize = (<usize>4) << (bits - 1);
    memory.copy(table + half, table, half);
    for (let count = countOf(bits); count > 0; count--) {
      store<u32>(table + ((<usize>code) << 2), entryOf(kind, load<u16>(next), bits));
      next += 2;
      code = following(code, bits);
    }
  }
  const size: u32 = 1 << tableBits;
  let free: u32 = size;
  let prefix: u32 = 0xffffffff;
  let subtable: usize = 0;
  let depth: u32 = 0;
  for (let bits = tableBits + 1; bits <= 15; bits++) {
    for (let count = countOf(bits); count > 0; count--) {
      if ((code & (size - 1)) != prefix) {
        // As deep as the codes that follow under this prefix need: they fill it, since the code is complete.
        prefix = code & (size - 1);
        depth = bits - tableBits;
        let filled = count;
        while (filled < (<u32>1) << depth && tableBits + depth < 15) {
          depth += 1;
          filled = (filled << 1) + countOf(tableBits + depth);
        }
        if (free + ((<u32>1) << depth) > MOST_ENTRIES) {
          return false;
        }
        store<u32>(
          table + ((<usize>prefix) << 2),
          EXCEPTIONAL | SUBTABLE | (free << 11) | (depth << 6) | tableBits,
        );
        subtable = table + ((<usize>free) << 2);
        free += 1 << depth;
      }
      const entry = entryOf(kind, load<u16>(next), bits - tableBits);
      next += 2;
      const step: u32 = 1 << (bits - tableBits);
      for (let index = code >> tableBits; index < (<u32>1) << depth; index += step) {
        store<u32>(subtable + ((<usize>index) << 2), entry);
      }
      code = following(code, bits);
    }
  }
  return true;
}

/** The next code of the same length: one more, counted from the last bit, which stands highest. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function following(code: u32, bits: u32): u32 {
  const zeros = code ^ (((<u32>1) << bits) - 1);
  if (zeros == 0) {
    return code;
  }
  const bit: u32 = (<u32>0x80000000) >> clz(zeros);
  return (code & (bit - 1)) | bit;
}

/**
 * Lets entries of literals stand for two or three of them where their codes fit into the table's bits together: imagery is mostly
 * literals of few bits.
 */
export function joinLiterals(table: usize, tableBits: u32): void {
  // Downwards: what follows a literal is looked up at a smaller place, which must still be a single one.
  for (let index: i32 = (1 << tableBits) - 1; index >= 0; index--) {
    const at = table + ((<usize>index) << 2);
    let entry = load<u32>(at);
    if (entry < ONE_LITERAL) {
      continue;
    }
    let taken = entry & 63;
    const second = load<u32>(table + ((<usize>(<u32>index >> taken)) << 2));
    if (second < ONE_LITERAL || taken + (second & 63) > tableBits) {
      continue;
    }
    taken += second & 63;
    let literals = ((entry >> 6) & 0xff) | (((second >> 6) & 0xff) << 8);
    entry = ONE_LITERAL * 2;
    const third = load<u32>(table + ((<usize>(<u32>index >> taken)) << 2));
    if (third >= ONE_LITERAL && taken + (third & 63) <= tableBits) {
      taken += third & 63;
      literals |= ((third >> 6) & 0xff) << 16;
      entry = ONE_LITERAL * 3;
    }
    store<u32>(at, entry | (literals << 6) | taken);
  }
}
