import { open, rm, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import sharp, { type Sharp } from "sharp";
import type { DecodedPixels } from "./decoded-source.ts";
import { makeTemporaryFolder, memoryBytes, readFully } from "./pixel-store.ts";

/** Before the pixels of an image in libvips' own format, which are not compressed. */
const vipsHeaderBytes = 64;
const lookAgainMs = 15;

/** Size and bands of decoded pixels. */
export interface JpegSize {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/**
 * Decodes a JPEG file: small ones in memory, large ones row by row into a temporary file, of which the first rows can be read before the last are there.
 *
 * @throws Error that says what is wrong with the data
 */
export async function beginJpeg(path: string, size: JpegSize): Promise<DecodedPixels> {
  const image = sharp(path, { failOn: "error", limitInputPixels: false, sequentialRead: true }).toColourspace(
    size.channels === 1 ? "b-w" : "srgb",
  );
  const byteLength = size.width * size.height * size.channels;
  if (byteLength > memoryBytes) {
    const folder = await makeTemporaryFolder();
    return new GrowingPixels(image, folder, size);
  }
  const bytes = await image.raw({ depth: "uchar" }).toBuffer();
  if (bytes.length !== byteLength) {
    throw new Error(`expected ${byteLength} bytes of pixels, decoded ${bytes.length}`);
  }
  return {
    read: (offset, length) => Promise.resolve(new Uint8Array(bytes.subarray(offset, offset + length))),
    close: () => Promise.resolve(),
  };
}

type Writing = { readonly kind: "running" | "done" } | { readonly kind: "failed"; readonly error: Error };

/** Pixels that sharp is writing to a file, in order. */
class GrowingPixels implements DecodedPixels {
  readonly #folder: string;
  readonly #path: string;
  readonly #size: JpegSize;
  readonly #written: Promise<void>;
  #writing: Writing = { kind: "running" };
  #isClosed = false;
  #opening: Promise<FileHandle> | null = null;

  constructor(image: Sharp, folder: string, size: JpegSize) {
    this.#folder = folder;
    this.#path = join(folder, "pixels.v");
    this.#size = size;
    this.#written = image.toFile(this.#path).then(
      () => {
        this.#writing = { kind: "done" };
      },
      (error: unknown) => {
        this.#writing = { kind: "failed", error: error instanceof Error ? error : new Error(String(error)) };
      },
    );
  }

  async read(
    offset: number,
    length: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array<ArrayBuffer>> {
    await this.#waitFor(this.#path, signal, vipsHeaderBytes);
    this.#opening ??= this.#open();
    const handle = await this.#opening;
    await this.#waitFor(handle, signal, vipsHeaderBytes + offset + length);
    return readFully(handle, vipsHeaderBytes + offset, length);
  }

  async #open(): Promise<FileHandle> {
    const handle = await open(this.#path, "r");
    const head = new Int32Array((await readFully(handle, 0, vipsHeaderBytes)).buffer);
    const { width, height, channels } = this.#size;
    // In this machine's byte order: width, height, bands, (unused), sample format, of which 0 is a byte.
    if (head[1] !== width || head[2] !== height || head[3] !== channels || head[5] !== 0) {
      await handle.close();
      throw new Error(
        `expected ${width} × ${height} pixels of ${channels} bytes, decoded ${head[1]} × ${head[2]} of ${head[3]}`,
      );
    }
    return handle;
  }

  async #waitFor(file: string | FileHandle, signal: AbortSignal | undefined, bytes: number): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#isClosed) {
        throw new Error("it was closed");
      }
      // Read before the size: what is written in between counts.
      const writing = this.#writing;
      if ((await sizeOf(file)) >= bytes) {
        return;
      }
      if (writing.kind === "failed") {
        throw writing.error;
      }
      if (writing.kind === "done") {
        throw new Error("its pixels end early");
      }
      await Promise.race([this.#written, wait(lookAgainMs)]);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await (await this.#opening?.catch(() => null))?.close();
    const remove = (): Promise<void> =>
      rm(this.#folder, { recursive: true, force: true }).catch(() => undefined);
    await remove();
    // sharp can't be stopped: where its open file could not be removed, or it comes after, it is once it has ended.
    void this.#written.then(remove);
  }
}

async function sizeOf(file: string | FileHandle): Promise<number> {
  if (typeof file !== "string") {
    return (await file.stat()).size;
  }
  const found = await stat(file).catch(() => null);
  return found === null ? 0 : found.size;
}
