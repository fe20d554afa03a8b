import { RasterError } from "../../raster-error.ts";
import type { ByteSource } from "../../byte-source.ts";
import { mostFeatureBytes } from "./vector-layer.ts";

const chunkBytes = 1 << 20;
const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/** What a GeoJSON text holds, piece by piece. */
export type JsonEvent =
  /** One element of a top-level "features"; `text` is null where only the outline was asked for. */
  | { readonly kind: "feature"; readonly text: string | null; readonly share: number }
  /** A top-level object has ended: its members but for "features", as they are written. */
  | { readonly kind: "object"; readonly members: ReadonlyMap<string, string>; readonly hasFeatures: boolean };

/**
 * Takes a JSON text apart without holding it: top-level objects (one, or one after another, as in GeoJSON text sequences) into their members,
 * and "features" into its elements. What is inside those is not looked at.
 */
export async function* jsonEvents(
  source: ByteSource,
  options: { readonly outline: boolean; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<JsonEvent> {
  const reader = new JsonReader(source, options.signal);
  for (let byte = await reader.peek(); byte !== null; byte = await reader.peek()) {
    if (byte !== openBrace) {
      throw reader.unexpected("an object");
    }
    reader.skip();
    const members = new Map<string, string>();
    let hasFeatures = false;
    for (let isFirst = true; ; isFirst = false) {
      if ((await reader.peek()) === closeBrace && isFirst) {
        reader.skip();
        break;
      }
      const key = await memberName(reader);
      await reader.expect(colon, "a colon");
      if (key === "features" && (await reader.peek()) === openBracket) {
        hasFeatures = true;
        reader.skip();
        for (let isFirstFeature = true; ; isFirstFeature = false) {
          if (isFirstFeature && (await reader.peek()) === closeBracket) {
            reader.skip();
            break;
          }
          const text = await reader.value(!options.outline);
          yield { kind: "feature", text, share: reader.share };
          if (await reader.endsList(closeBracket)) {
            break;
          }
        }
      } else {
        members.set(key, (await reader.value(true)) ?? "");
      }
      if (await reader.endsList(closeBrace)) {
        break;
      }
    }
    yield { kind: "object", members, hasFeatures };
  }
}

async function memberName(reader: JsonReader): Promise<string> {
  if ((await reader.peek()) !== quote) {
    throw reader.unexpected("a member's name");
  }
  const text = (await reader.value(true)) ?? "";
  try {
    return String(JSON.parse(text));
  } catch {
    throw reader.unexpected("a member's name");
  }
}

class JsonReader {
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  #chunk = new Uint8Array(0);
  #at = 0;
  /** Bytes of the file that have been read. */
  #read = 0;

  constructor(source: ByteSource, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#signal = signal;
  }

  get share(): number {
    return this.#source.size === 0 ? 1 : this.#place / this.#source.size;
  }

  get #place(): number {
    return this.#read - this.#chunk.length + this.#at;
  }

  /** The next byte that isn't blank, not taken; null at the end. */
  async peek(): Promise<number | null> {
    for (;;) {
      while (this.#at < this.#chunk.length) {
        const byte = this.#chunk[this.#at] as number;
        if (!isBlank(byte)) {
          return byte;
        }
        this.#at += 1;
      }
      if (!(await this.#fill())) {
        return null;
      }
    }
  }

  skip(): void {
    this.#at += 1;
  }

  async expect(byte: number, what: string): Promise<void> {
    if ((await this.peek()) !== byte) {
      throw this.unexpected(what);
    }
    this.skip();
  }

  /** Takes a comma (false) or the list's closing byte (true). */
  async endsList(closing: number): Promise<boolean> {
    const byte = await this.peek();
    if (byte !== comma && byte !== closing) {
      throw this.unexpected(`a comma or "${String.fromCharCode(closing)}"`);
    }
    this.skip();
    return byte === closing;
  }

  /** The text of the next value, or null when it isn't to be kept. */
  async value(keep: boolean): Promise<string | null> {
    if ((await this.peek()) === null) {
      throw this.unexpected("a value");
    }
    const parts: Uint8Array[] = [];
    let bytes = 0;
    let start = this.#at;
    let depth = 0;
    let isInString = false;
    let isEscaped = false;
    const take = (): void => {
      bytes += this.#at - start;
      if (bytes > mostFeatureBytes) {
        throw new RasterError(
          "unsupported",
          this.#source.filePath,
          `a single feature of more than ${mostFeatureBytes / 2 ** 20} MB is not read`,
        );
      }
      if (keep) {
        parts.push(this.#chunk.subarray(start, this.#at));
      }
    };
    for (;;) {
      if (this.#at === this.#chunk.length) {
        take();
        const isMore = await this.#fill();
        start = 0;
        if (!isMore) {
          if (depth === 0 && !isInString && bytes > 0) {
            break;
          }
          throw this.unexpected("the rest of a value");
        }
      }
      const byte = this.#chunk[this.#at] as number;
      if (isInString) {
        isInString = isEscaped || byte !== quote;
        isEscaped = !isEscaped && byte === backslash;
        this.#at += 1;
        if (!isInString && depth === 0) {
          take();
          break;
        }
        continue;
      }
      if (byte === quote) {
        isInString = true;
      } else if (byte === openBrace || byte === openBracket) {
        depth += 1;
      } else if (byte === closeBrace || byte === closeBracket) {
        if (depth === 0) {
          take();
          break;
        }
        depth -= 1;
        if (depth === 0) {
          this.#at += 1;
          take();
          break;
        }
      } else if (depth === 0 && (byte === comma || isBlank(byte))) {
        take();
        break;
      }
      this.#at += 1;
    }
    if (bytes === 0) {
      throw this.unexpected("a value");
    }
    return keep ? Buffer.concat(parts).toString("utf8") : null;
  }

  unexpected(expected: string): RasterError {
    const byte = this.#chunk[this.#at];
    const found = byte === undefined ? "its end" : JSON.stringify(String.fromCharCode(byte));
    return new RasterError(
      "damaged",
      this.#source.filePath,
      `not GeoJSON, or damaged: expected ${expected} at byte ${this.#place}, found ${found}`,
    );
  }

  async #fill(): Promise<boolean> {
    const length = Math.min(chunkBytes, this.#source.size - this.#read);
    this.#at = 0;
    if (length === 0) {
      this.#chunk = new Uint8Array(0);
      return false;
    }
    const bytes = await this.#source.read(this.#read, length, { signal: this.#signal });
    this.#read += length;
    this.#chunk = bytes;
    if (this.#read === length && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
      // A byte order mark, which Windows' editors put in front of UTF-8.
      this.#at = 3;
    }
    return true;
  }
}

/** JSON's white space, and the separator of text sequences (RFC 8142). */
function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0x1e;
}
