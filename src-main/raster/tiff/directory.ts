import type { ByteSource } from "../byte-source.ts";
import { RasterError } from "../raster-error.ts";

/*
 * Directories are parsed here rather than by geotiff.js: it allocates what a tag declares before looking
 * at the file's size (a 200-byte file may ask for 16 GB) and follows loops of directories for ever. A test compares the
 * outcome with geotiff.js on real files.
 */

/** Bytes of one value of each TIFF field type; 0 where the number means nothing. */
const fieldTypeBytes: readonly number[] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];

const maxEntriesPerDirectory = 4096;
const maxDirectories = 4096;
/** Metadata, colour maps and geo keys are far smaller; block offsets have their own limit. */
const maxValueBytes = 8 * 2 ** 20;

interface DirectoryEntry {
  readonly type: number;
  readonly count: number;
  /** Where the values are in the file. */
  readonly offset: number;
}

/** The container facts every directory of a file shares. */
export interface TiffHeader {
  readonly littleEndian: boolean;
  readonly bigTiff: boolean;
  readonly firstDirectoryOffset: number;
}

/** One image file directory: its tags, read on demand and never beyond what the file can hold. */
export class TiffDirectory {
  readonly offset: number;
  readonly header: TiffHeader;
  readonly #source: ByteSource;
  readonly #entries: ReadonlyMap<number, DirectoryEntry>;

  constructor(
    source: ByteSource,
    header: TiffHeader,
    offset: number,
    entries: ReadonlyMap<number, DirectoryEntry>,
  ) {
    this.#source = source;
    this.header = header;
    this.offset = offset;
    this.#entries = entries;
  }

  has(tagNumber: number): boolean {
    return this.#entries.has(tagNumber);
  }

  /** How many values a tag declares, 0 when the directory lacks it. */
  count(tagNumber: number): number {
    return this.#entries.get(tagNumber)?.count ?? 0;
  }

  /** All values of a numeric tag, at most `limit` of them, or null when the directory lacks it. */
  async numbers(tagNumber: number, limit = Infinity): Promise<Float64Array | null> {
    const entry = this.#entries.get(tagNumber);
    if (entry === undefined) {
      return null;
    }
    const count = Math.min(entry.count, limit);
    const bytes = await this.#bytes(tagNumber, entry, count, limit === Infinity ? maxValueBytes : Infinity);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const values = new Float64Array(count);
    const little = this.header.littleEndian;
    for (let index = 0; index < count; index += 1) {
      values[index] = readValue(view, entry.type, index, little);
    }
    return values;
  }

  /** The first value of a numeric tag, or the default when the directory lacks it. */
  async number(tagNumber: number, otherwise: number): Promise<number> {
    const values = await this.numbers(tagNumber, 1);
    return values?.[0] ?? otherwise;
  }

  /** The raw bytes of a tag's values, at most `limit`, in the file's byte order, or null. */
  async bytes(tagNumber: number, limit = maxValueBytes): Promise<Uint8Array | null> {
    const entry = this.#entries.get(tagNumber);
    return entry === undefined ? null : this.#bytes(tagNumber, entry, entry.count, limit);
  }

  /** A text tag without its closing zero, or null. */
  async text(tagNumber: number): Promise<string | null> {
    const bytes = await this.bytes(tagNumber);
    if (bytes === null) {
      return null;
    }
    const end = bytes.indexOf(0);
    const text = end < 0 ? bytes : bytes.subarray(0, end);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(text);
    } catch {
      return Buffer.from(text).toString("latin1");
    }
  }

  async #bytes(tagNumber: number, entry: DirectoryEntry, count: number, limit: number): Promise<Uint8Array> {
    const width = fieldTypeBytes[entry.type] ?? 0;
    if (width === 0) {
      throw new RasterError(
        "damaged",
        this.#source.filePath,
        `tag ${tagNumber} has the unknown field type ${entry.type}`,
      );
    }
    const length = count * width;
    if (length > limit && entry.offset + length <= this.#source.size) {
      throw new RasterError(
        "unsupported",
        this.#source.filePath,
        `unsupported: tag ${tagNumber} of ${length} bytes, at most ${limit} are read`,
      );
    }
    if (length > limit || entry.offset + length > this.#source.size) {
      throw new RasterError(
        "damaged",
        this.#source.filePath,
        `tag ${tagNumber} declares ${entry.count} values at byte ${entry.offset}, more than the file's ${this.#source.size} bytes can hold`,
      );
    }
    return this.#source.read(entry.offset, length);
  }
}

function readValue(view: DataView, type: number, index: number, little: boolean): number {
  switch (type) {
    case 1: // BYTE
    case 2: // ASCII
    case 7: // UNDEFINED
      return view.getUint8(index);
    case 6: // SBYTE
      return view.getInt8(index);
    case 3: // SHORT
      return view.getUint16(index * 2, little);
    case 8: // SSHORT
      return view.getInt16(index * 2, little);
    case 4: // LONG
    case 13: // IFD
      return view.getUint32(index * 4, little);
    case 9: // SLONG
      return view.getInt32(index * 4, little);
    case 5: // RATIONAL
      return view.getUint32(index * 8, little) / view.getUint32(index * 8 + 4, little);
    case 10: // SRATIONAL
      return view.getInt32(index * 8, little) / view.getInt32(index * 8 + 4, little);
    case 11: // FLOAT
      return view.getFloat32(index * 4, little);
    case 12: // DOUBLE
      return view.getFloat64(index * 8, little);
    case 16: // LONG8
    case 18: // IFD8
      return Number(view.getBigUint64(index * 8, little));
    case 17: // SLONG8
      return Number(view.getBigInt64(index * 8, little));
    default:
      return NaN;
  }
}

/** Whether the first bytes of a file are those of a TIFF or BigTIFF. */
export function looksLikeTiff(firstBytes: Uint8Array): boolean {
  const [first, second, third, fourth] = firstBytes;
  return (
    (first === 0x49 && second === 0x49 && (third === 42 || third === 43) && fourth === 0) ||
    (first === 0x4d && second === 0x4d && third === 0 && (fourth === 42 || fourth === 43))
  );
}

/** Reads the header of a TIFF: byte order, classic or big, where the first directory is. */
export async function readTiffHeader(source: ByteSource): Promise<TiffHeader> {
  if (source.size < 8) {
    throw new RasterError(
      "damaged",
      source.filePath,
      `expected a TIFF, but the file has only ${source.size} bytes`,
    );
  }
  const bytes = await source.read(0, Math.min(16, source.size));
  if (!looksLikeTiff(bytes)) {
    throw new RasterError("not-a-raster", source.filePath, "it does not begin like a TIFF");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = bytes[0] === 0x49;
  const bigTiff = view.getUint16(2, littleEndian) === 43;
  if (!bigTiff) {
    return { littleEndian, bigTiff, firstDirectoryOffset: view.getUint32(4, littleEndian) };
  }
  if (bytes.length < 16 || view.getUint16(4, littleEndian) !== 8) {
    throw new RasterError(
      "damaged",
      source.filePath,
      "its BigTIFF header is damaged: expected offsets of 8 bytes",
    );
  }
  return { littleEndian, bigTiff, firstDirectoryOffset: Number(view.getBigUint64(8, littleEndian)) };
}

/** Reads every directory of a file in the order of its chain. */
export async function readTiffDirectories(source: ByteSource): Promise<TiffDirectory[]> {
  const header = await readTiffHeader(source);
  const directories: TiffDirectory[] = [];
  const seen = new Set<number>();
  let offset = header.firstDirectoryOffset;
  while (offset !== 0) {
    if (seen.has(offset)) {
      throw new RasterError("damaged", source.filePath, `its directories form a loop at byte ${offset}`);
    }
    if (directories.length >= maxDirectories) {
      throw new RasterError("unsupported", source.filePath, `it has more than ${maxDirectories} directories`);
    }
    seen.add(offset);
    const { directory, nextOffset } = await readDirectory(source, header, offset);
    directories.push(directory);
    offset = nextOffset;
  }
  if (directories.length === 0) {
    throw new RasterError("damaged", source.filePath, "it holds no image directory");
  }
  return directories;
}

async function readDirectory(
  source: ByteSource,
  header: TiffHeader,
  offset: number,
): Promise<{ directory: TiffDirectory; nextOffset: number }> {
  const { littleEndian, bigTiff } = header;
  const countBytes = bigTiff ? 8 : 2;
  const entryBytes = bigTiff ? 20 : 12;
  const offsetBytes = bigTiff ? 8 : 4;
  if (offset + countBytes > source.size) {
    throw new RasterError(
      "damaged",
      source.filePath,
      `the file is cut short: expected a directory at byte ${offset}, but it ends at ${source.size}`,
    );
  }
  // One read covers the directory of almost every file.
  const first = await source.read(offset, Math.min(1024, source.size - offset));
  const firstView = new DataView(first.buffer, first.byteOffset, first.byteLength);
  const entryCount = bigTiff
    ? Number(firstView.getBigUint64(0, littleEndian))
    : firstView.getUint16(0, littleEndian);
  if (entryCount === 0 || entryCount > maxEntriesPerDirectory) {
    throw new RasterError(
      "damaged",
      source.filePath,
      `the directory at byte ${offset} declares ${entryCount} tags`,
    );
  }
  const length = countBytes + entryCount * entryBytes;
  if (offset + length > source.size) {
    throw new RasterError(
      "damaged",
      source.filePath,
      `the file is cut short: the directory at byte ${offset} declares ${entryCount} tags, but the file ends at ${source.size}`,
    );
  }
  // Some writers leave out the closing offset of the last directory at the very end of the file.
  const available = Math.min(length + offsetBytes, source.size - offset);
  const bytes = first.length >= available ? first : await source.read(offset, available);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = new Map<number, DirectoryEntry>();
  for (let index = 0; index < entryCount; index += 1) {
    const at = countBytes + index * entryBytes;
    const tagNumber = view.getUint16(at, littleEndian);
    const type = view.getUint16(at + 2, littleEndian);
    const count = bigTiff
      ? Number(view.getBigUint64(at + 4, littleEndian))
      : view.getUint32(at + 4, littleEndian);
    const valueAt = at + (bigTiff ? 12 : 8);
    const inline = count * (fieldTypeBytes[type] ?? 0) <= offsetBytes;
    const valueOffset = inline
      ? offset + valueAt
      : bigTiff
        ? Number(view.getBigUint64(valueAt, littleEndian))
        : view.getUint32(valueAt, littleEndian);
    if (!entries.has(tagNumber)) {
      entries.set(tagNumber, { type, count, offset: valueOffset });
    }
  }
  const nextOffset =
    available < length + offsetBytes
      ? 0
      : bigTiff
        ? Number(view.getBigUint64(length, littleEndian))
        : view.getUint32(length, littleEndian);
  return { directory: new TiffDirectory(source, header, offset, entries), nextOffset };
}
