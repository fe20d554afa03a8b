import type { BeforeRename } from "../write/atomic-file.ts";
import { AppendFile } from "./append-file.ts";
import { encodeRecord, putVarint, varintBytes, type SqliteValue } from "./sqlite-record.ts";

const pageBytes = 4096;
/** A row up to this stays in its page; of a longer one at least `leastLocalBytes`. (File format, section 1.6.) */
const mostLocalBytes = pageBytes - 35;
const leastLocalBytes = Math.floor(((pageBytes - 12) * 32) / 255) - 23;
const overflowBytes = pageBytes - 4;

const leafTable = 0x0d;
const interiorTable = 0x05;
const leafIndex = 0x0a;

/** One entry of the schema: what `CREATE` said and where the data begins; views, triggers and virtual tables have none. */
export interface SchemaEntry {
  readonly type: "table" | "index" | "trigger";
  readonly name: string;
  readonly table: string;
  readonly rootPage: number;
  /** Null for the indices that SQLite makes on its own. */
  readonly sql: string | null;
}

/**
 * Writes a SQLite 3 database from front to back, table after table with ascending row ids, without ever holding more than a page of it.
 *
 * It is for files that are written once and then read by others: rows can't be changed. See https://www.sqlite.org/fileformat2.html.
 */
export class SqliteFile {
  readonly #file: AppendFile;
  #pages = 1;
  readonly #sink: PageSink;

  private constructor(file: AppendFile) {
    this.#file = file;
    const nextPage = (): number => this.#pages + 1;
    this.#sink = {
      append: (page) => this.#append(page),
      get next() {
        return nextPage();
      },
    };
    // The first page has the schema and is written last.
    file.append(new Uint8Array(pageBytes));
  }

  static async create(filePath: string): Promise<SqliteFile> {
    return new SqliteFile(await AppendFile.create(filePath));
  }

  /** Starts a table; only one may be under way. */
  table(): TableWriter {
    return new TableWriter(this.#sink);
  }

  /** Writes a whole small index; answers its root page. `rows` come in the order of their keys, the row id last. */
  index(rows: readonly (readonly SqliteValue[])[]): number {
    const page = new PageBuilder(leafIndex, 0);
    for (const row of rows) {
      const record = encodeRecord(row);
      const cell = new Uint8Array(varintBytes(record.length) + record.length);
      cell.set(record, putVarint(cell, 0, record.length));
      if (!page.fits(cell.length)) {
        throw new Error("an index of more than one page");
      }
      page.add(cell);
    }
    return this.#append(page.bytes());
  }

  /** Writes the schema and the header, and lets the file appear under its name. */
  async finish(
    schema: readonly SchemaEntry[],
    identity: { readonly applicationId: number; readonly userVersion: number },
    beforeRename?: BeforeRename,
  ): Promise<void> {
    let lastPage: Uint8Array | null = null;
    const writer = new TableWriter(this.#sink, {
      headerBytes: 100,
      keepRoot: (page) => {
        lastPage = page;
      },
    });
    schema.forEach(({ type, name, table, rootPage, sql }, index) => {
      writer.add(index + 1, [type, name, table, { integer: rootPage }, sql]);
    });
    writer.finish();
    const first = lastPage ?? new Uint8Array(pageBytes);
    first.set(databaseHeader(this.#pages, identity));
    this.#file.overwrite(first, 0);
    await this.#file.commit(beforeRename);
  }

  discard(): Promise<void> {
    return this.#file.discard();
  }

  #append(page: Uint8Array): number {
    this.#file.append(page);
    this.#pages += 1;
    return this.#pages;
  }
}

function databaseHeader(
  pages: number,
  { applicationId, userVersion }: { readonly applicationId: number; readonly userVersion: number },
): Uint8Array {
  const header = new Uint8Array(100);
  const view = new DataView(header.buffer);
  header.set(Buffer.from("SQLite format 3\0", "latin1"));
  view.setUint16(16, pageBytes);
  // Rollback journal, no reserved bytes, the fixed payload fractions.
  header.set([1, 1, 0, 64, 32, 32], 18);
  const changes = 1;
  view.setUint32(24, changes);
  view.setUint32(28, pages);
  view.setUint32(40, 1);
  view.setUint32(44, 4);
  view.setUint32(56, 1);
  view.setUint32(60, userVersion);
  view.setUint32(68, applicationId);
  view.setUint32(92, changes);
  view.setUint32(96, 3_045_000);
  return header;
}

/** Fills a b-tree page: cells from the end, their places from the front. */
class PageBuilder {
  readonly #page = new Uint8Array(pageBytes);
  readonly #view = new DataView(this.#page.buffer);
  readonly #kind: number;
  readonly #headerAt: number;
  readonly #pointersAt: number;
  #cells = 0;
  #contentAt = pageBytes;

  constructor(kind: number, headerAt: number) {
    this.#kind = kind;
    this.#headerAt = headerAt;
    this.#pointersAt = headerAt + (kind === interiorTable ? 12 : 8);
    this.#page[headerAt] = kind;
  }

  get isEmpty(): boolean {
    return this.#cells === 0;
  }

  fits(bytes: number): boolean {
    return this.#pointersAt + (this.#cells + 1) * 2 + bytes <= this.#contentAt;
  }

  add(cell: Uint8Array): void {
    this.#contentAt -= cell.length;
    this.#page.set(cell, this.#contentAt);
    this.#view.setUint16(this.#pointersAt + this.#cells * 2, this.#contentAt);
    this.#cells += 1;
  }

  /** Makes it an empty page again, in the same memory. */
  clear(): void {
    this.#page.fill(0);
    this.#page[this.#headerAt] = this.#kind;
    this.#cells = 0;
    this.#contentAt = pageBytes;
  }

  /** The page as it is; it is the builder's own memory. */
  bytes(rightChild?: number): Uint8Array {
    this.#view.setUint16(this.#headerAt + 3, this.#cells);
    this.#view.setUint16(this.#headerAt + 5, this.#contentAt);
    if (rightChild !== undefined) {
      this.#view.setUint32(this.#headerAt + 8, rightChild);
    }
    return this.#page;
  }
}

/** Where pages go: they are copied or written before `append` returns. */
interface PageSink {
  /** The number that the next page will have. */
  readonly next: number;
  append(page: Uint8Array): number;
}

/** Pages below one interior page: their cells take 13 bytes at most. */
const mostChildren = 256;

/** A page of a level with the largest row id below it. */
interface Child {
  readonly page: number;
  readonly lastRow: number;
}

/** Writes the rows of one table as a b-tree, each page as soon as it is known to be full, so that few are ever in memory. */
export class TableWriter {
  readonly #pages: PageSink;
  readonly #root: { readonly headerBytes: number; readonly keepRoot: (page: Uint8Array) => void } | null;
  #leaf: PageBuilder;
  #lastRow = 0;
  /** Pages of each level, the leaves first, that are below no page yet. */
  readonly #levels: Child[][] = [];
  readonly #cell = new Uint8Array(mostLocalBytes + 32);
  readonly #overflowPage = new Uint8Array(pageBytes);

  /** With `root`, the topmost page is not appended but handed over, with room for the database's header. */
  constructor(
    pages: PageSink,
    root: { readonly headerBytes: number; readonly keepRoot: (page: Uint8Array) => void } | null = null,
  ) {
    this.#pages = pages;
    this.#root = root;
    this.#leaf = new PageBuilder(leafTable, root?.headerBytes ?? 0);
  }

  /** Adds a row; ids must rise. */
  add(rowId: number, values: readonly SqliteValue[]): void {
    const record = encodeRecord(values);
    this.addPieces(rowId, record.length, [record]);
  }

  /** Adds an encoded row that comes in pieces of `length` bytes together, each of which is written before the next is asked for. */
  addPieces(rowId: number, length: number, pieces: Iterable<Uint8Array>): void {
    const isWhole = length <= mostLocalBytes;
    const wanted = leastLocalBytes + ((length - leastLocalBytes) % overflowBytes);
    const local = isWhole ? length : wanted <= mostLocalBytes ? wanted : leastLocalBytes;
    const cell = this.#cell.subarray(0, varintBytes(length) + varintBytes(rowId) + local + (isWhole ? 0 : 4));
    const at = putVarint(cell, putVarint(cell, 0, length), rowId);
    const bytes = new JoinedPieces(pieces);
    bytes.readInto(cell.subarray(at, at + local));
    if (!this.#leaf.fits(cell.length)) {
      this.#endLeaf();
    }
    if (!isWhole) {
      new DataView(cell.buffer).setUint32(at + local, this.#overflow(bytes, length - local));
    }
    this.#leaf.add(cell);
    this.#lastRow = rowId;
  }

  /** Writes what is left and the levels above; answers the table's root page. */
  finish(): number {
    if (this.#levels.length === 0) {
      return this.#endRoot(this.#leaf.bytes());
    }
    this.#endLeaf();
    for (let level = 0; ; level += 1) {
      const children = this.#levels[level] ?? [];
      const pages = Math.ceil(children.length / mostChildren);
      if (pages === 1 && level === this.#levels.length - 1) {
        return this.#endRoot(interiorPage(children, this.#root?.headerBytes ?? 0));
      }
      for (let index = 0; index < pages; index += 1) {
        // Shared evenly, so that no page has an only child, which would be no key at all.
        this.#endInterior(
          level,
          children.slice(
            Math.floor((index * children.length) / pages),
            Math.floor(((index + 1) * children.length) / pages),
          ),
        );
      }
    }
  }

  /** Notes a page; where there are so many that enough are left to be shared evenly, the first get a page above them. */
  #addChild(level: number, child: Child): void {
    const children = (this.#levels[level] ??= []);
    children.push(child);
    if (children.length === 2 * mostChildren) {
      this.#endInterior(level, children.splice(0, mostChildren));
    }
  }

  #endInterior(level: number, children: readonly Child[]): void {
    const page = this.#pages.append(interiorPage(children, 0));
    this.#addChild(level + 1, { page, lastRow: children.at(-1)?.lastRow ?? 0 });
  }

  #endRoot(bytes: Uint8Array): number {
    if (this.#root === null) {
      return this.#pages.append(bytes);
    }
    this.#root.keepRoot(bytes);
    return 1;
  }

  #endLeaf(): void {
    if (this.#leaf.isEmpty) {
      return;
    }
    const isFirst = this.#levels.length === 0 && this.#root !== null;
    const bytes = isFirst ? shifted(this.#leaf.bytes(), -(this.#root?.headerBytes ?? 0)) : this.#leaf.bytes();
    this.#addChild(0, { page: this.#pages.append(bytes), lastRow: this.#lastRow });
    if (isFirst) {
      this.#leaf = new PageBuilder(leafTable, 0);
    } else {
      this.#leaf.clear();
    }
  }

  /** Appends the rest of a row as a chain of pages, one behind the other; answers the first. */
  #overflow(rest: JoinedPieces, length: number): number {
    let first = 0;
    for (let from = 0; from < length; from += overflowBytes) {
      const page = this.#overflowPage.fill(0);
      rest.readInto(page.subarray(4, 4 + Math.min(overflowBytes, length - from)));
      if (from + overflowBytes < length) {
        new DataView(page.buffer).setUint32(0, this.#pages.next + 1);
      }
      const number = this.#pages.append(page);
      first = first === 0 ? number : first;
    }
    return first;
  }
}

/** A page above others, the last of which is its right child. */
function interiorPage(children: readonly Child[], headerAt: number): Uint8Array {
  const builder = new PageBuilder(interiorTable, headerAt);
  for (const { page, lastRow } of children.slice(0, -1)) {
    const cell = new Uint8Array(4 + varintBytes(lastRow));
    new DataView(cell.buffer).setUint32(0, page);
    putVarint(cell, 4, lastRow);
    builder.add(cell);
  }
  return builder.bytes(children.at(-1)?.page);
}

/** Pieces of bytes read one after the other as if they were one. */
class JoinedPieces {
  readonly #pieces: Iterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(pieces: Iterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.iterator]();
  }

  /** Fills the target with the next bytes. */
  readInto(target: Uint8Array): void {
    for (let done = 0; done < target.length;) {
      while (this.#rest.length === 0) {
        const next = this.#pieces.next();
        if (next.done === true) {
          throw new Error(`a row ended ${target.length - done} bytes before it should`);
        }
        this.#rest = next.value;
      }
      const part = this.#rest.subarray(0, target.length - done);
      target.set(part, done);
      done += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
  }
}

/** The page with its header and cell places moved to make room, or take room away, at its beginning. */
function shifted(page: Uint8Array, by: number): Uint8Array {
  const moved = page.slice();
  const from = Math.max(0, -by);
  const view = new DataView(page.buffer);
  const header = page[from] === interiorTable ? 12 : 8;
  const used = header + view.getUint16(from + 3) * 2;
  moved.fill(0, 0, used + Math.abs(by));
  moved.set(page.subarray(from, from + used), from + by);
  return moved;
}
