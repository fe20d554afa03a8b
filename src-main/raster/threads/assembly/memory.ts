// AssemblyScript. Where everything stands in the module's memory; the host puts input and output behind `inputAt`.

/** Primary table of literals and lengths, with its subtables: 4096 entries of 4 bytes. */
export const litlenTable: usize = 0x1000;
/** Primary table of distances, with its subtables: 4096 entries of 4 bytes. */
export const distanceTable: usize = 0x5000;
/** Code lengths of a block: 288 literals and lengths, then 32 distances. */
export const lengths: usize = 0x9000;
/** Symbols in the order of their codes while a table is built: 320 of 2 bytes. */
export const sorted: usize = 0x9400;
/** How many codes of each length, and where the next symbol of each goes: 16 of 4 bytes each. */
export const counts: usize = 0x9800;
export const places: usize = 0x9880;
/** Table of the 19 code length codes: 128 entries of 4 bytes. */
export const codeLengthTable: usize = 0xb000;
/** LZW strings: 4096 of start and length, 4 bytes each. */
export const strings: usize = 0xc000;
/** The first byte that the host may use; it asks with `dataStart`. */
export const firstFree: usize = 0x15000;
