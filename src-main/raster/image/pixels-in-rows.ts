import type { DecodedPixels } from "./decoded-source.ts";
import { openPixelStore, type PixelStore } from "./pixel-store.ts";

/**
 * Pixels that are decoded from the first row on, as far as somebody asks: a corner of a huge image costs its rows, not the image, and what stands before
 * damage can be read.
 */
export class PixelsInRows implements DecodedPixels {
  readonly #pieces: AsyncGenerator<Uint8Array, void>;
  readonly #store: PixelStore;
  #decodedBytes = 0;
  #advancing: Promise<void> | null = null;

  private constructor(pieces: AsyncGenerator<Uint8Array, void>, store: PixelStore) {
    this.#pieces = pieces;
    this.#store = store;
  }

  /** `pieces` are the pixels' bytes in order, `size` of them. */
  static async begin(size: number, pieces: AsyncGenerator<Uint8Array, void>): Promise<PixelsInRows> {
    return new PixelsInRows(pieces, await openPixelStore(size));
  }

  async read(
    offset: number,
    length: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#decodedBytes < offset + length) {
      signal?.throwIfAborted();
      // Whoever waits, waits for the same piece. A failure stays: every later read meets it too.
      this.#advancing ??= this.#advance().then(() => {
        this.#advancing = null;
      });
      await this.#advancing;
    }
    return this.#store.read(offset, length);
  }

  async #advance(): Promise<void> {
    const next = await this.#pieces.next();
    if (next.done === true) {
      throw new Error("its pixels end early, or it was closed");
    }
    await this.#store.write(next.value, this.#decodedBytes);
    this.#decodedBytes += next.value.length;
  }

  async close(): Promise<void> {
    await this.#advancing?.catch(() => undefined);
    await this.#pieces.return();
    await this.#store.close();
  }
}
