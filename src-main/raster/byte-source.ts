import { open, type FileHandle } from "node:fs/promises";
import { RasterError } from "./raster-error.ts";

/** How bytes are read. */
export interface ReadOptions {
  /** To read into, instead of new memory. */
  readonly memory?: Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal | undefined;
}

/** Random access to the bytes of one file, on this machine or behind an address. */
export interface ByteSource {
  readonly filePath: string;
  /** Size in bytes when it was opened. */
  readonly size: number;
  /** Milliseconds since the epoch when the file last changed; part of cache keys. */
  readonly modifiedMs: number;
  /**
   * Reads exactly `length` bytes; the result belongs to the caller. It may be `memory`, when that is given and as long.
   *
   * @throws RasterError "damaged" when the range reaches past the end of the file.
   */
  read(offset: number, length: number, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Throws a RasterError "damaged" for a range that reaches past the end of the file. */
export function checkRange({ filePath, size }: ByteSource, offset: number, length: number): void {
  if (offset < 0 || length < 0 || offset + length > size) {
    throw new RasterError(
      "damaged",
      filePath,
      `the file is cut short or damaged: expected ${length} bytes at ${offset}, but it ends at ${size}`,
    );
  }
}

/** Opens a file on this machine for random access. */
export async function openFileSource(filePath: string): Promise<ByteSource> {
  let handle: FileHandle;
  try {
    handle = await open(filePath, "r");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EACCES"
          ? "reading it is not permitted"
          : `it can't be opened (${String(code)})`;
    throw new RasterError("not-found", filePath, reason, error);
  }
  const stat = await handle.stat();
  if (!stat.isFile()) {
    await handle.close();
    throw new RasterError("not-a-raster", filePath, "expected a file, found a folder or device");
  }
  return new FileSource(filePath, stat.size, stat.mtimeMs, handle);
}

class FileSource implements ByteSource {
  readonly filePath: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly #handle: FileHandle;

  constructor(filePath: string, size: number, modifiedMs: number, handle: FileHandle) {
    this.filePath = filePath;
    this.size = size;
    this.modifiedMs = modifiedMs;
    this.#handle = handle;
  }

  async read(offset: number, length: number, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>> {
    options?.signal?.throwIfAborted();
    checkRange(this, offset, length);
    const given = options?.memory;
    const bytes = given?.length === length ? given : new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(bytes, filled, length - filled, offset + filled);
      if (bytesRead === 0) {
        throw new RasterError(
          "damaged",
          this.filePath,
          `the file became shorter while it was read: expected ${length} bytes at ${offset}`,
        );
      }
      filled += bytesRead;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
