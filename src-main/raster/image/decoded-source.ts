import type { ByteSource } from "../byte-source.ts";
import { asRasterError } from "../raster-error.ts";

/** Pixels of an image that are being decoded, or are decoded already. */
export interface DecodedPixels {
  /** Waits until the bytes are there; rejects where decoding fails before them. */
  read(offset: number, length: number, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>>;
  /** Stops decoding and lets go of what there is. */
  close(): Promise<void>;
}

/**
 * The decoded pixels of an image whose codec can't be entered in the middle, as if they were an uncompressed file.
 *
 * Decoding begins with the first read, happens once, and is let go of when closed.
 */
export class DecodedSource implements ByteSource {
  readonly filePath: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly #encoded: ByteSource;
  readonly #begin: () => Promise<DecodedPixels>;
  #pixels: Promise<DecodedPixels> | null = null;

  constructor(encoded: ByteSource, size: number, begin: () => Promise<DecodedPixels>) {
    this.filePath = encoded.filePath;
    this.modifiedMs = encoded.modifiedMs;
    this.size = size;
    this.#encoded = encoded;
    this.#begin = begin;
  }

  async read(
    offset: number,
    length: number,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Uint8Array<ArrayBuffer>> {
    options?.signal?.throwIfAborted();
    try {
      this.#pixels ??= this.#begin();
      const pixels = await this.#pixels;
      options?.signal?.throwIfAborted();
      return await pixels.read(offset, length, options?.signal);
    } catch (error) {
      throw asRasterError(error, this.filePath, "decoding it");
    }
  }

  async close(): Promise<void> {
    const pixels = await this.#pixels?.catch(() => null);
    await pixels?.close();
    await this.#encoded.close();
  }
}
