import { TextDecoder } from "node:util";
import type { ByteSource } from "../../byte-source.ts";
import { RasterError } from "../../raster-error.ts";
import { viewOf } from "./buffered-source.ts";
import { mostFeatureBytes } from "./vector-layer.ts";

/** What a column of a row holds; integers beyond 2⁵³ are rounded. */
export type SqliteCell = null | number | string | Uint8Array;

/** One row of a table. */
export interface SqliteRow {
  readonly rowId: number;
  readonly cells: readonly SqliteCell[];
}

/** A table as the schema has it. */
export interface SqliteTable {
  readonly name: string;
  readonly rootPage: number;
  readonly sql: string;
}

const leafTable = 0x0d;
const interiorTable = 0x05;
const deepestTree = 24;
const keptPages = 64;
/** What SQLite itself allows at most. */
const mostColumns = 32_767;
const mostTables = 10_000;
const mostSqlLetters = 1 << 17;

interface RowsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told with each page of rows. */
  readonly onPage?: (() => void) | undefined;
}

/** Pages that may still be read for one table: each page of a database is used once, so that what leads back into itself ends. */
interface Budget {
  pages: number;
}

/**
 * Reads rows of tables from a SQLite 3 database (https://www.sqlite.org/fileformat2.html), page by page, without SQLite: Node 20 has none, and a
 * GeoPackage's layers are read from their first row to their last. Indices aren't looked at, and nothing is ever written.
 */
export class SqliteReader {
  readonly #source: ByteSource;
  readonly #pageBytes: number;
  readonly #usableBytes: number;
  readonly #decoder: TextDecoder;
  readonly #pages = new Map<number, Uint8Array>();

  private constructor(source: ByteSource, header: Uint8Array) {
    this.#source = source;
    const view = viewOf(header);
    const stated = view.getUint16(16);
    this.#pageBytes = stated === 1 ? 65_536 : stated;
    this.#usableBytes = this.#pageBytes - view.getUint8(20);
    this.#decoder = new TextDecoder(
      ["utf-8", "utf-8", "utf-16le", "utf-16be"][view.getUint32(56)] ?? "utf-8",
    );
  }

  static async open(source: ByteSource): Promise<SqliteReader> {
    const header = source.size < 100 ? new Uint8Array(0) : await source.read(0, 100);
    if (Buffer.from(header.subarray(0, 16)).toString("latin1") !== "SQLite format 3\0") {
      throw new RasterError("damaged", source.filePath, "expected a SQLite database, found other bytes");
    }
    const reader = new SqliteReader(source, header);
    const size = reader.#pageBytes;
    if (size < 512 || (size & (size - 1)) !== 0 || reader.#usableBytes < 480) {
      throw reader.#damaged(`a page size of ${size}`);
    }
    return reader;
  }

  get pageCount(): number {
    return Math.floor(this.#source.size / this.#pageBytes);
  }

  async tables(options: Pick<RowsOptions, "signal"> = {}): Promise<SqliteTable[]> {
    const tables: SqliteTable[] = [];
    for await (const { cells } of this.rows(1, options)) {
      const [type, name, , rootPage, sql] = cells;
      if (type === "table" && typeof name === "string" && typeof rootPage === "number") {
        if (tables.length === mostTables) {
          throw this.#damaged(`more than ${mostTables} tables`);
        }
        if (typeof sql === "string" && sql.length > mostSqlLetters) {
          throw this.#damaged(`a table's definition of ${sql.length} letters`);
        }
        tables.push({ name, rootPage, sql: typeof sql === "string" ? sql : "" });
      }
    }
    return tables;
  }

  /** All rows of a table by ascending row id. */
  async *rows(rootPage: number, options: RowsOptions = {}): AsyncGenerator<SqliteRow> {
    const budget = { pages: this.pageCount };
    yield* this.#walk(rootPage, 0, budget, options);
  }

  async *#walk(
    number: number,
    depth: number,
    budget: Budget,
    options: RowsOptions,
  ): AsyncGenerator<SqliteRow> {
    budget.pages -= 1;
    if (depth > deepestTree || budget.pages < 0) {
      throw this.#damaged("a table that leads back into itself");
    }
    options.signal?.throwIfAborted();
    const page = await this.#page(number);
    const view = viewOf(page);
    const at = number === 1 ? 100 : 0;
    const kind = view.getUint8(at);
    const cells = view.getUint16(at + 3);
    if (kind !== leafTable && kind !== interiorTable) {
      throw this.#damaged(`page ${number} as part of a table`);
    }
    const pointers = at + (kind === leafTable ? 8 : 12);
    if (pointers + cells * 2 > page.length) {
      throw this.#damaged(`${cells} rows in page ${number}`);
    }
    // Rows don't share their bytes either.
    let bytesLeft = page.length;
    for (let cell = 0; cell < cells; cell++) {
      const place = view.getUint16(pointers + cell * 2);
      if (kind === interiorTable) {
        if (place + 4 > page.length) {
          throw this.#damaged(`a row's place in page ${number}`);
        }
        yield* this.#walk(view.getUint32(place), depth + 1, budget, options);
      } else {
        const { row, localBytes } = await this.#row(page, place, number, budget, options);
        bytesLeft -= localBytes;
        if (bytesLeft < 0) {
          throw this.#damaged(`rows in page ${number} that lie over each other`);
        }
        yield row;
      }
    }
    if (kind === interiorTable) {
      yield* this.#walk(view.getUint32(at + 8), depth + 1, budget, options);
    } else {
      options.onPage?.();
    }
  }

  /** A row, and how many of its bytes are in its page. */
  async #row(
    page: Uint8Array,
    place: number,
    number: number,
    budget: Budget,
    options: RowsOptions,
  ): Promise<{ readonly row: SqliteRow; readonly localBytes: number }> {
    try {
      const [bytes, afterLength] = varint(page, place);
      const [rowId, start] = varint(page, afterLength);
      const { payload, localBytes } = await this.#payload(page, start, bytes, budget, options);
      return { row: { rowId, cells: this.#cells(payload) }, localBytes };
    } catch (error) {
      if (error instanceof RangeError) {
        throw this.#damaged(`a row of page ${number} (${error.message})`);
      }
      throw error;
    }
  }

  /** A row's bytes, of which a long one has only the first in its page (section 1.6). */
  async #payload(
    page: Uint8Array,
    start: number,
    bytes: number,
    budget: Budget,
    { signal }: RowsOptions,
  ): Promise<{ readonly payload: Uint8Array; readonly localBytes: number }> {
    const usable = this.#usableBytes;
    if (bytes > mostFeatureBytes) {
      throw new RangeError(`${bytes} bytes in one row`);
    }
    const most = usable - 35;
    const least = Math.floor(((usable - 12) * 32) / 255) - 23;
    const fitting = least + ((bytes - least) % (usable - 4));
    const local = bytes <= most ? bytes : fitting <= most ? fitting : least;
    if (start + local + (local < bytes ? 4 : 0) > page.length) {
      throw new RangeError("it reaches beyond its page");
    }
    if (local === bytes) {
      return { payload: page.subarray(start, start + bytes), localBytes: local };
    }
    // Before memory is taken for what isn't in the file, or is in it for another row.
    budget.pages -= Math.ceil((bytes - local) / (usable - 4));
    if (budget.pages < 0) {
      throw new RangeError(`its ${bytes} bytes are more than the pages that are left for it`);
    }
    const payload = new Uint8Array(bytes);
    payload.set(page.subarray(start, start + local));
    const seen = new Set<number>();
    let next = viewOf(page).getUint32(start + local);
    for (let done = local; done < bytes;) {
      signal?.throwIfAborted();
      if (seen.has(next)) {
        throw new RangeError(`its bytes lead back to page ${next}`);
      }
      seen.add(next);
      const overflow = await this.#page(next);
      const length = Math.min(usable - 4, bytes - done);
      payload.set(overflow.subarray(4, 4 + length), done);
      next = viewOf(overflow).getUint32(0);
      done += length;
    }
    return { payload, localBytes: local };
  }

  #cells(record: Uint8Array): SqliteCell[] {
    const view = viewOf(record);
    const [headerBytes, first] = varint(record, 0);
    const cells: SqliteCell[] = [];
    let body = headerBytes;
    for (let at = first; at < headerBytes;) {
      const [type, next] = varint(record, at);
      at = next;
      const [cell, length] = this.#cell(view, record, type, body);
      if (cells.length === mostColumns) {
        throw new RangeError(`more than ${mostColumns} columns`);
      }
      cells.push(cell);
      body += length;
    }
    return cells;
  }

  #cell(
    view: DataView,
    record: Uint8Array,
    type: number,
    at: number,
  ): readonly [cell: SqliteCell, bytes: number] {
    switch (type) {
      case 0:
        return [null, 0];
      case 1:
        return [view.getInt8(at), 1];
      case 2:
        return [view.getInt16(at), 2];
      case 3:
        return [view.getInt16(at) * 256 + view.getUint8(at + 2), 3];
      case 4:
        return [view.getInt32(at), 4];
      case 5:
        return [view.getInt32(at) * 65_536 + view.getUint16(at + 4), 6];
      case 6:
        return [Number(view.getBigInt64(at)), 8];
      case 7:
        return [view.getFloat64(at), 8];
      case 8:
      case 9:
        return [type - 8, 0];
      default: {
        const length = (type - (type % 2 === 0 ? 12 : 13)) / 2;
        if (length < 0 || at + length > record.length) {
          throw new RangeError("a column reaches beyond its row");
        }
        const bytes = record.subarray(at, at + length);
        return [type % 2 === 0 ? bytes.slice() : this.#decoder.decode(bytes), length];
      }
    }
  }

  async #page(number: number): Promise<Uint8Array> {
    const known = this.#pages.get(number);
    if (known !== undefined) {
      return known;
    }
    if (number < 1 || number > this.pageCount) {
      throw this.#damaged(`page ${number} of ${this.pageCount}`);
    }
    const page = await this.#source.read((number - 1) * this.#pageBytes, this.#pageBytes);
    if (this.#pages.size >= keptPages) {
      const [oldest] = this.#pages.keys();
      this.#pages.delete(oldest as number);
    }
    this.#pages.set(number, page);
    return page;
  }

  #damaged(found: string): RasterError {
    return new RasterError(
      "damaged",
      this.#source.filePath,
      `the database is cut short or damaged: found ${found}`,
    );
  }
}

/** A variable-length integer and where it ends; throws a RangeError beyond the end, and for what no double can hold. */
function varint(bytes: Uint8Array, at: number): readonly [value: number, end: number] {
  let value = 0;
  for (let index = 0; index < 8; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) {
      throw new RangeError("it ends in the middle of a number");
    }
    value = value * 128 + (byte & 127);
    if (byte < 128) {
      return [value, at + index + 1];
    }
  }
  // Nine bytes: negative, or huge. Only row ids are, and those only name rows.
  return [value * 256 + (bytes[at + 8] ?? 0), at + 9];
}
