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

/** A row with a blob that is too long to be held: what stands before the blob's bytes, and what stands behind them. */
export interface RecordAround {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
}

/** Encodes a row around one long blob. */
export function encodeRecordAround(
  before: readonly SqliteValue[],
  blobBytes: number,
  after: readonly SqliteValue[],
): RecordAround {
  const first = before.map(columnOf);
  const last = after.map(columnOf);
  const types = [...first.map(typeOf), [blobBytes * 2 + 12, 0] as const, ...last.map(typeOf)];
  const header = headerOf(types.map(([type]) => type));
  const bytesOf = (columns: readonly Column[]): number =>
    columns.reduce((sum, column) => sum + typeOf(column)[1], 0);
  const head = new Uint8Array(header.length + bytesOf(first));
  head.set(header);
  putBody(head, header.length, first);
  const tail = new Uint8Array(bytesOf(last));
  putBody(tail, 0, last);
  return { head, tail };
}

/** Encodes a row as SQLite's record format has it (https://www.sqlite.org/fileformat2.html#record_format). */
export function encodeRecord(values: readonly SqliteValue[]): Uint8Array {
  const columns = values.map(columnOf);
  const types: number[] = [];
  let bodyBytes = 0;
  for (const column of columns) {
    const [type, bytes] = typeOf(column);
    types.push(type);
    bodyBytes += bytes;
  }
  const header = headerOf(types);
  const record = new Uint8Array(header.length + bodyBytes);
  record.set(header);
  putBody(record, header.length, columns);
  return record;
}

/** A value with its text encoded. */
type Column =
  | null
  | Uint8Array
  | { readonly text: Uint8Array }
  | { readonly integer: number }
  | { readonly real: number };

function columnOf(value: SqliteValue): Column {
  return typeof value === "string" ? { text: encoder.encode(value) } : value;
}

function headerOf(types: readonly number[]): Uint8Array {
  let bytes = types.reduce((sum, type) => sum + varintBytes(type), 0);
  bytes += bytes + 1 < 128 ? 1 : 2;
  const header = new Uint8Array(bytes);
  let at = putVarint(header, 0, bytes);
  for (const type of types) {
    at = putVarint(header, at, type);
  }
  return header;
}

function putBody(record: Uint8Array, start: number, columns: readonly Column[]): void {
  const view = new DataView(record.buffer);
  let at = start;
  for (const column of columns) {
    if (column === null) {
      continue;
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
      const bytes = typeOf(column)[1];
      for (let place = bytes - 1; place >= 0; place -= 1) {
        record[at + bytes - 1 - place] = Math.floor(column.integer / 256 ** place) & 0xff;
      }
      at += bytes;
    }
  }
}

/** Bytes of an integer by its serial type. */
const integerBytes: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 8: 0, 9: 0 };

function typeOf(column: Column): readonly [type: number, bytes: number] {
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
