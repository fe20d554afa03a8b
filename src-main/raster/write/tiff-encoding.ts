/** One tag to be written; values are kept as given until the file's offset size is known. */
export type TagToWrite =
  | {
      readonly number: number;
      readonly kind: "short" | "long" | "double";
      readonly values: ArrayLike<number>;
    }
  /** Offsets or lengths in the file: 4 bytes wide, or 8 in a BigTIFF. */
  | { readonly number: number; readonly kind: "offset"; readonly values: ArrayLike<number> }
  | { readonly number: number; readonly kind: "ascii"; readonly text: string };

const widths = { short: 2, long: 4, double: 8, ascii: 1 } as const;
const types = { short: 3, long: 4, double: 12, ascii: 2 } as const;

/** Bytes of a directory with everything it points to. */
export function directoryBytes(tags: readonly TagToWrite[], bigTiff: boolean): number {
  const inline = bigTiff ? 8 : 4;
  const entry = bigTiff ? 20 : 12;
  let bytes = (bigTiff ? 8 : 2) + tags.length * entry + inline;
  for (const tagToWrite of tags) {
    const length = valueBytes(tagToWrite, bigTiff);
    bytes += length > inline ? padded(length) : 0;
  }
  return padded(bytes);
}

/** Encodes a directory that will stand at `offset`, little-endian, its values behind it. */
export function encodeDirectory(
  tags: readonly TagToWrite[],
  bigTiff: boolean,
  offset: number,
  nextDirectoryOffset: number,
): Uint8Array {
  const sorted = [...tags].sort((first, second) => first.number - second.number);
  const bytes = new Uint8Array(directoryBytes(tags, bigTiff));
  const view = new DataView(bytes.buffer);
  const inline = bigTiff ? 8 : 4;
  let at: number;
  if (bigTiff) {
    view.setBigUint64(0, BigInt(sorted.length), true);
    at = 8;
  } else {
    view.setUint16(0, sorted.length, true);
    at = 2;
  }
  let valueAt = at + sorted.length * (bigTiff ? 20 : 12) + inline;
  for (const tagToWrite of sorted) {
    const length = valueBytes(tagToWrite, bigTiff);
    const width = widthOf(tagToWrite, bigTiff);
    view.setUint16(at, tagToWrite.number, true);
    view.setUint16(at + 2, tagToWrite.kind === "offset" ? (bigTiff ? 16 : 4) : types[tagToWrite.kind], true);
    setOffset(view, at + 4, length / width, bigTiff);
    const field = at + (bigTiff ? 12 : 8);
    if (length <= inline) {
      writeValues(view, field, tagToWrite, bigTiff);
    } else {
      setOffset(view, field, offset + valueAt, bigTiff);
      writeValues(view, valueAt, tagToWrite, bigTiff);
      valueAt += padded(length);
    }
    at += bigTiff ? 20 : 12;
  }
  setOffset(view, at, nextDirectoryOffset, bigTiff);
  return bytes;
}

/** The header of a little-endian TIFF. */
export function encodeHeader(bigTiff: boolean, firstDirectoryOffset: number): Uint8Array {
  const bytes = new Uint8Array(bigTiff ? 16 : 8);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x49;
  bytes[1] = 0x49;
  view.setUint16(2, bigTiff ? 43 : 42, true);
  if (bigTiff) {
    view.setUint16(4, 8, true);
    view.setBigUint64(8, BigInt(firstDirectoryOffset), true);
  } else {
    view.setUint32(4, firstDirectoryOffset, true);
  }
  return bytes;
}

function widthOf(tagToWrite: TagToWrite, bigTiff: boolean): number {
  return tagToWrite.kind === "offset" ? (bigTiff ? 8 : 4) : widths[tagToWrite.kind];
}

function valueBytes(tagToWrite: TagToWrite, bigTiff: boolean): number {
  return tagToWrite.kind === "ascii"
    ? Buffer.byteLength(tagToWrite.text, "utf8") + 1
    : tagToWrite.values.length * widthOf(tagToWrite, bigTiff);
}

function padded(length: number): number {
  return length + (length & 1);
}

function setOffset(view: DataView, at: number, value: number, bigTiff: boolean): void {
  if (bigTiff) {
    view.setBigUint64(at, BigInt(value), true);
  } else {
    view.setUint32(at, value, true);
  }
}

function writeValues(view: DataView, at: number, tagToWrite: TagToWrite, bigTiff: boolean): void {
  if (tagToWrite.kind === "ascii") {
    new Uint8Array(view.buffer).set(Buffer.from(tagToWrite.text, "utf8"), view.byteOffset + at);
    return;
  }
  for (let index = 0; index < tagToWrite.values.length; index += 1) {
    const value = tagToWrite.values[index] as number;
    switch (tagToWrite.kind) {
      case "short":
        view.setUint16(at + index * 2, value, true);
        break;
      case "long":
        view.setUint32(at + index * 4, value, true);
        break;
      case "double":
        view.setFloat64(at + index * 8, value, true);
        break;
      case "offset":
        setOffset(view, at + index * (bigTiff ? 8 : 4), value, bigTiff);
        break;
    }
  }
}
