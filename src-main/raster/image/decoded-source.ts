import { mkdtemp, open, rm, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ByteSource } from "../byte-source.ts";
import { asRasterError, RasterError } from "../raster-error.ts";

/** Decoded images up to this size stay in memory while open; larger ones go to a temporary file. */
const memoryBytes = 32 * 2 ** 20;

/**
 * The decoded pixels of an image whose codec can't be entered in the middle, as if they were an uncompressed file.
 *
 * The image is decoded whole on the first read, once, and let go of when closed.
 */
export class DecodedSource implements ByteSource {
  readonly filePath: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly #encoded: ByteSource;
  readonly #decode: () => Promise<Uint8Array<ArrayBuffer>>;
  #pixels: Promise<DecodedPixels> | null = null;

  constructor(encoded: ByteSource, size: number, decode: () => Promise<Uint8Array<ArrayBuffer>>) {
    this.filePath = encoded.filePath;
    this.modifiedMs = encoded.modifiedMs;
    this.size = size;
    this.#encoded = encoded;
    this.#decode = decode;
  }

  async read(
    offset: number,
    length: number,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Uint8Array<ArrayBuffer>> {
    options?.signal?.throwIfAborted();
    this.#pixels ??= this.#decodeOnce();
    const pixels = await this.#pixels;
    options?.signal?.throwIfAborted();
    return pixels.read(offset, length);
  }

  async #decodeOnce(): Promise<DecodedPixels> {
    try {
      const bytes = await this.#decode();
      if (bytes.length !== this.size) {
        throw new RasterError(
          "damaged",
          this.filePath,
          `expected ${this.size} bytes of pixels, decoded ${bytes.length}`,
        );
      }
      return bytes.length <= memoryBytes
        ? {
            read: (offset, length) => Promise.resolve(bytes.slice(offset, offset + length)),
            close: () => Promise.resolve(),
          }
        : await spill(bytes);
    } catch (error) {
      throw asRasterError(error, this.filePath, "decoding it");
    }
  }

  async close(): Promise<void> {
    await this.#encoded.close();
    const pixels = await this.#pixels?.catch(() => null);
    await pixels?.close();
  }
}

interface DecodedPixels {
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

async function spill(bytes: Uint8Array): Promise<DecodedPixels> {
  const folder = await mkdtemp(join(tmpdir(), "orthomask-image-"));
  let handle: FileHandle;
  try {
    handle = await open(join(folder, "pixels"), "wx+", 0o600);
    await handle.write(bytes, 0, bytes.length, 0);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    async read(offset, length) {
      const target = new Uint8Array(length);
      await handle.read(target, 0, length, offset);
      return target;
    },
    async close() {
      await handle.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
