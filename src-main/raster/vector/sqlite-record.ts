/** What a column of a SQLite row can hold here. */
export type SqliteValue =
  null | string | Uint8Array | { readonly integer: number } | { readonly real: number };

/** Bytes that a variable-length integer takes. */
export function varintBytes(value: number): number {
  if (value < 0) {
    return 9;
  }
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) {
    bytes += 1;
  }
  return bytes;
}

/** Writes a variable-length integer, seven bits a byte, the highest first; answers where it ends. */
export function putVarint(target: Uint8Array, at: number, value: number): number {
  if (value < 0) {
    // Two's complement of 64 bits: eight groups of seven, then a whole byte.
    const all = BigInt.asUintN(64, BigInt(value));
    for (let index = 0; index < 8; index += 1) {
      target[at + index] = Number((all >> BigInt(57 - index * 7)) & 0x7fn) | 0x80;
    }
    target[at + 8] = Number(all & 0xffn);
    return at + 9;
  }
  const bytes = varintBytes(value);
  let rest = value;
  for (let index = bytes - 1; index >= 0; index -= 1) {
    target[at + index] = (rest % 128) | (index === bytes - 1 ? 0 : 0x80);
    rest = Math.floor(rest / 128);
  }
  return at + bytes;
}

const encoder = new TextEncoder();

/** Encodes a row as SQLite's record format has it (https://www.sqlite.org/fileformat2.html#record_format). */
export function encodeRecord(values: readonly SqliteValue[]): Uint8Array {
  const columns = values.map((value) =>
    typeof value === "string" ? { text: encoder.encode(value) } : value,
  );
  const types: number[] = [];
  let bodyBytes = 0;
  for (const column of columns) {
    const [type, bytes] = typeOf(column);
    types.push(type);
    bodyBytes += bytes;
  }
  let headerBytes = types.reduce((sum, type) => sum + varintBytes(type), 0);
  headerBytes += headerBytes + 1 < 128 ? 1 : 2;
  const record = new Uint8Array(headerBytes + bodyBytes);
  const view = new DataView(record.buffer);
  let at = putVarint(record, 0, headerBytes);
  for (const type of types) {
    at = putVarint(record, at, type);
  }
  columns.forEach((column, index) => {
    const type = types[index] as number;
    if (column === null) {
      return;
    }
    if (column instanceof Uint8Array) {
      record.set(column, at);
      at += column.length;
    } else if ("text" in column) {
      record.set(column.text, at);
      at += column.text.length;
    } else if ("real" in column) {
      view.setFloat64(at, column.real);
      at += 8;
    } else {
      const bytes = integerBytes[type] ?? 0;
      for (let place = bytes - 1; place >= 0; place -= 1) {
        record[at + bytes - 1 - place] = Math.floor(column.integer / 256 ** place) & 0xff;
      }
      at += bytes;
    }
  });
  return record;
}

/** Bytes of an integer by its serial type. */
const integerBytes: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 8: 0, 9: 0 };

function typeOf(
  column:
    | null
    | Uint8Array
    | { readonly text: Uint8Array }
    | { readonly integer: number }
    | { readonly real: number },
): readonly [type: number, bytes: number] {
  if (column === null) {
    return [0, 0];
  }
  if (column instanceof Uint8Array) {
    return [column.length * 2 + 12, column.length];
  }
  if ("text" in column) {
    return [column.text.length * 2 + 13, column.text.length];
  }
  if ("real" in column) {
    return [7, 8];
  }
  const value = column.integer;
  if (value === 0 || value === 1) {
    return [8 + value, 0];
  }
  const size = Math.max(value, -value - 1);
  const type =
    size < 2 ** 7 ? 1 : size < 2 ** 15 ? 2 : size < 2 ** 23 ? 3 : size < 2 ** 31 ? 4 : size < 2 ** 47 ? 5 : 6;
  return [type, integerBytes[type] ?? 0];
}
