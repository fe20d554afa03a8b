import type { IncomingMessage } from "node:http";
import { checkRange, type ByteSource, type ReadOptions } from "../byte-source.ts";
import { RasterError } from "../raster-error.ts";
import { addressRule, RefusedAddress, type AddressRule, type RemoteAccess } from "./remote-access.ts";
import { requestRange } from "./request-range.ts";

const attempts = 3;
const timeoutMs = 20_000;
/** Directories and their values are many small reads close together: they are answered from whole pages. */
const pageBytes = 64 * 2 ** 10;
const pagesKept = 64;

/**
 * Opens a file behind an address for random access by range requests (RFC 9110, section 14).
 *
 * `access` says which servers may be asked, and counts for redirections too.
 *
 * @throws RasterError "not-found" for a refusal or an unreachable server, "unsupported" for a server without ranges
 */
export async function openHttpSource(
  address: string,
  options: { readonly access?: RemoteAccess; readonly signal?: AbortSignal | undefined } = {},
): Promise<ByteSource> {
  const url = remoteAddress(address);
  if (url === null) {
    throw new RasterError(
      "invalid-request",
      address,
      "expected an address that begins with http:// or https://",
    );
  }
  const file = { url, mayAsk: addressRule(options.access ?? "any") };
  const first = await rangeOf(file, 0, pageBytes, null, options.signal);
  const size = first.totalBytes;
  if (size === null) {
    throw new RasterError(
      "unsupported",
      publicName(url),
      "unsupported: the server does not say how large the file is",
    );
  }
  return new HttpSource(file, size, first);
}

/** The address as a URL when it is one that we fetch, else null. */
export function remoteAddress(address: string): URL | null {
  if (!/^https?:\/\//i.test(address)) {
    return null;
  }
  return URL.canParse(address) ? new URL(address) : null;
}

/** What errors call the file: its address without what may be secret in it. */
function publicName({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

/** A file on a server, and which servers it may lie on. */
interface RemoteFile {
  readonly url: URL;
  readonly mayAsk: AddressRule;
}

interface RangeAnswer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly totalBytes: number | null;
  /** Says whether the file is still the same: its ETag, else its date. */
  readonly version: string | null;
  readonly modifiedMs: number;
}

class HttpSource implements ByteSource {
  readonly filePath: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly #file: RemoteFile;
  readonly #version: string | null;
  readonly #pages = new Map<number, Promise<Uint8Array<ArrayBuffer>>>();

  constructor(file: RemoteFile, size: number, first: RangeAnswer) {
    this.#file = file;
    this.filePath = publicName(file.url);
    this.size = size;
    this.modifiedMs = first.modifiedMs;
    this.#version = first.version;
    // A server may answer less than was asked for; such a page is asked for again, and refused then.
    if (first.bytes.length === Math.min(pageBytes, size)) {
      this.#pages.set(0, Promise.resolve(first.bytes));
    }
  }

  async read(offset: number, length: number, options: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    options.signal?.throwIfAborted();
    checkRange(this, offset, length);
    if (length > pageBytes) {
      const { bytes } = await this.#request(offset, length, options.signal);
      return bytes;
    }
    const result = new Uint8Array(length);
    const firstPage = Math.floor(offset / pageBytes);
    const lastPage = Math.floor(Math.max(offset, offset + length - 1) / pageBytes);
    for (let page = firstPage; page <= lastPage; page += 1) {
      const bytes = await this.#page(page);
      options.signal?.throwIfAborted();
      const start = page * pageBytes;
      const from = Math.max(offset, start);
      const end = Math.min(offset + length, start + bytes.length);
      result.set(bytes.subarray(from - start, end - start), from - offset);
    }
    return result;
  }

  close(): Promise<void> {
    this.#pages.clear();
    return Promise.resolve();
  }

  /** A page is fetched once for all who want it, so that one of them leaving doesn't stop it. */
  #page(page: number): Promise<Uint8Array<ArrayBuffer>> {
    const known = this.#pages.get(page);
    this.#pages.delete(page);
    const start = page * pageBytes;
    const loading =
      known ??
      this.#request(start, Math.min(pageBytes, this.size - start), undefined).then(({ bytes }) => bytes);
    this.#pages.set(page, loading);
    loading.catch(() => {
      this.#pages.delete(page);
    });
    const [oldest] = this.#pages.keys();
    if (oldest !== undefined && this.#pages.size > pagesKept) {
      this.#pages.delete(oldest);
    }
    return loading;
  }

  async #request(offset: number, length: number, signal: AbortSignal | undefined): Promise<RangeAnswer> {
    const answer = await rangeOf(this.#file, offset, length, this.#version, signal);
    if (answer.bytes.length !== length) {
      throw new RasterError(
        "damaged",
        this.filePath,
        `the server sent ${answer.bytes.length} bytes where ${length} were asked for`,
      );
    }
    return answer;
  }
}

/** What a further attempt may put right. */
class Passing extends Error {}

async function rangeOf(
  file: RemoteFile,
  offset: number,
  length: number,
  version: string | null,
  signal: AbortSignal | undefined,
): Promise<RangeAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await askOnce(file, offset, length, version, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof RasterError) {
        throw error;
      }
      const { url } = file;
      if (error instanceof RefusedAddress) {
        throw new RasterError("unsupported", publicName(url), error.message, error);
      }
      if (attempt === attempts) {
        throw new RasterError(
          "not-found",
          publicName(url),
          `it can't be fetched from ${url.host}: ${reasonOf(error)} (tried ${attempts} times)`,
          error,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 100 * 4 ** (attempt - 1)));
    }
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  if (error.cause instanceof Error && error.cause.name === "TimeoutError") {
    return `no answer within ${timeoutMs / 1000} s`;
  }
  // Where a name has several addresses, each of them failed.
  return error instanceof AggregateError ? reasonOf(error.errors[0]) : error.message;
}

async function askOnce(
  { url, mayAsk }: RemoteFile,
  offset: number,
  length: number,
  version: string | null,
  signal: AbortSignal | undefined,
): Promise<RangeAnswer> {
  const refuse = (code: "not-found" | "unsupported" | "damaged", explanation: string): RasterError =>
    new RasterError(code, publicName(url), explanation);
  const timeout = AbortSignal.timeout(timeoutMs);
  const response = await requestRange(
    url,
    { offset, length },
    mayAsk,
    signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  );
  const status = response.statusCode ?? 0;
  if (status !== 206) {
    // The body is not wanted: it may be the whole file.
    response.destroy();
  }
  if (status === 429 || status >= 500) {
    throw new Passing(`the server answers ${status}`);
  }
  if (status === 200) {
    throw refuse("unsupported", "unsupported: the server sends only whole files (it ignores range requests)");
  }
  if (status === 416) {
    throw refuse("damaged", "the file became shorter while it was read, or is empty");
  }
  if (status !== 206) {
    const meaning = status === 404 ? "there is no such file" : "the server refuses it";
    throw refuse("not-found", `${meaning} (${url.host} answers ${status})`);
  }
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers["content-range"] ?? "");
  if (range === null || Number(range[1]) !== offset) {
    response.destroy();
    throw refuse("unsupported", "unsupported: the server answers another range than the one asked for");
  }
  const lastModified = response.headers["last-modified"] ?? null;
  const found = response.headers.etag ?? lastModified;
  if (version !== null && found !== version) {
    response.destroy();
    throw refuse("damaged", "the file on the server was replaced while it was read; open it again");
  }
  const bytes = await bodyOf(response, length);
  const modifiedMs = lastModified === null ? NaN : Date.parse(lastModified);
  return {
    bytes,
    totalBytes: range[2] === "*" ? null : Number(range[2]),
    version: found,
    modifiedMs: Number.isNaN(modifiedMs) ? 0 : modifiedMs,
  };
}

/** The body, of which never more than was asked for is held. */
async function bodyOf(response: IncomingMessage, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    const part = chunk.subarray(0, length - filled);
    bytes.set(part, filled);
    filled += part.length;
    if (part.length < chunk.length) {
      // Leaving the loop ends the connection, which would go on sending.
      break;
    }
  }
  return bytes.subarray(0, filled);
}
