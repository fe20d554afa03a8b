import { TextDecoder } from "node:util";
import type { ByteSource } from "../../byte-source.ts";
import { RasterError } from "../../raster-error.ts";
import { BufferedSource, viewOf } from "./buffered-source.ts";
import type { VectorValue } from "./vector-layer.ts";

interface DbfField {
  readonly name: string;
  readonly type: string;
  readonly start: number;
  readonly length: number;
}

/** Code pages by the byte that dBASE has for them; those that are met. */
const codePages: Readonly<Record<number, string>> = {
  0x01: "cp437",
  0x02: "cp850",
  0x03: "windows-1252",
  0x57: "windows-1252",
  0x64: "cp852",
  0x65: "cp866",
  0x4d: "gbk",
  0x4e: "euc-kr",
  0x4f: "big5",
  0x13: "shift_jis",
  0xc8: "windows-1250",
  0xc9: "windows-1251",
  0xca: "windows-1254",
  0xcb: "windows-1253",
};

/** Rows of a dBASE table, as a shapefile keeps its features' fields; read in order. */
export class DbfTable {
  readonly rowCount: number;
  readonly #source: BufferedSource;
  readonly #fields: readonly DbfField[];
  readonly #headerBytes: number;
  readonly #rowBytes: number;
  readonly #decoder: TextDecoder;

  private constructor(given: {
    readonly source: BufferedSource;
    readonly fields: readonly DbfField[];
    readonly headerBytes: number;
    readonly rowBytes: number;
    readonly rowCount: number;
    readonly decoder: TextDecoder;
  }) {
    this.rowCount = given.rowCount;
    this.#source = given.source;
    this.#fields = given.fields;
    this.#headerBytes = given.headerBytes;
    this.#rowBytes = given.rowBytes;
    this.#decoder = given.decoder;
  }

  /** `encodingName` is what a `.cpg` file beside it says, null without one. */
  static async open(source: ByteSource, encodingName: string | null): Promise<DbfTable> {
    const refuse = (what: string): RasterError =>
      new RasterError("damaged", source.filePath, `the table is cut short or damaged: ${what}`);
    if (source.size < 33) {
      throw refuse(`expected a header, found ${source.size} bytes`);
    }
    const head = viewOf(await source.read(0, 32));
    const headerBytes = head.getUint16(8, true);
    const rowBytes = head.getUint16(10, true);
    if (headerBytes < 33 || headerBytes > source.size || rowBytes < 1) {
      throw refuse(`a header of ${headerBytes} bytes and rows of ${rowBytes}`);
    }
    const header = await source.read(0, headerBytes);
    const decoder = decoderFor(encodingName, head.getUint8(29));
    const fields: DbfField[] = [];
    let start = 1;
    for (let at = 32; at + 32 <= headerBytes && header[at] !== 0x0d; at += 32) {
      const name = header.subarray(at, at + 11);
      const end = name.indexOf(0);
      const length = header[at + 16] as number;
      fields.push({
        name: decoder.decode(end < 0 ? name : name.subarray(0, end)).trim(),
        type: String.fromCharCode(header[at + 11] as number),
        start,
        length,
      });
      start += length;
    }
    if (start > rowBytes) {
      throw refuse(`fields of ${start} bytes in rows of ${rowBytes}`);
    }
    const rowCount = Math.min(head.getUint32(4, true), Math.floor((source.size - headerBytes) / rowBytes));
    return new DbfTable({
      source: new BufferedSource(source),
      fields,
      headerBytes,
      rowBytes,
      rowCount,
      decoder,
    });
  }

  /** The fields of a row; null for one that is marked as deleted, empty beyond the last. */
  async row(index: number, signal?: AbortSignal): Promise<Map<string, VectorValue> | null> {
    if (index >= this.rowCount) {
      return new Map(this.#fields.map(({ name }) => [name, null]));
    }
    const bytes = await this.#source.take(this.#headerBytes + index * this.#rowBytes, this.#rowBytes, signal);
    return bytes[0] === 0x2a
      ? null
      : new Map(
          this.#fields.map(({ name, type, start, length }) => [
            name,
            valueOf(type, this.#decoder.decode(bytes.subarray(start, start + length))),
          ]),
        );
  }

  close(): Promise<void> {
    return this.#source.source.close();
  }
}

function valueOf(type: string, text: string): VectorValue {
  const shown = text.replaceAll("\0", " ").trim();
  switch (type) {
    case "N":
    case "F": {
      const value = Number(shown);
      return shown === "" || Number.isNaN(value) ? null : value;
    }
    case "L":
      return /^[ty]$/i.test(shown) ? true : /^[fn]$/i.test(shown) ? false : null;
    default:
      return shown === "" ? null : shown;
  }
}

/** Latin 1, which reads any byte, where the encoding isn't known; UTF-8 is read as such only where it is stated. */
function decoderFor(stated: string | null, codePage: number): TextDecoder {
  const digits = /^(?:ansi|cp|windows)?[\s_-]*(\d{3,5})$/i.exec(stated ?? "")?.[1];
  const iso = /8859[\s_-]*(\d{1,2})$/i.exec(stated ?? "")?.[1];
  const candidates = [
    iso !== undefined ? `iso-8859-${iso}` : null,
    digits === "65001" ? "utf-8" : digits !== undefined ? `windows-${digits}` : null,
    stated,
    codePages[codePage] ?? null,
    "windows-1252",
  ];
  for (const name of candidates) {
    if (name !== null) {
      try {
        return new TextDecoder(name);
      } catch {
        // Not a name that is known: the next one.
      }
    }
  }
  return new TextDecoder("windows-1252");
}
