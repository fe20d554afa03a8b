import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { RasterError } from "../raster-error.ts";
import { createAtomicFile, writeError, writeFully } from "../write/atomic-file.ts";
import { chunkSide } from "./zarr-metadata.ts";

const gzipAsync = promisify(gzip);
const gunzipAsync = promisify(gunzip);

/** Which array of a class grid. */
export type GridArray = "ids" | "confidence" | "entropy";

/** Which chunk of which resolution of which array. */
export interface ChunkAddress {
  readonly array: GridArray;
  readonly level: number;
  readonly row: number;
  readonly column: number;
}

const chunkBytes = chunkSide * chunkSide;

/** Reads and writes whole chunks of a class grid as Zarr v3 files. */
export class ChunkStore {
  readonly #folder: string;
  readonly #fill: Readonly<Record<GridArray, number>>;

  constructor(folder: string, fill: Readonly<Record<GridArray, number>>) {
    this.#folder = folder;
    this.#fill = fill;
  }

  /**
   * One chunk, full of the fill value where no file stands.
   *
   * @throws RasterError "damaged" naming the chunk's file
   */
  async read(address: ChunkAddress): Promise<Uint8Array> {
    const path = this.#path(address);
    let encoded: Buffer;
    try {
      encoded = await readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") {
        return new Uint8Array(chunkBytes).fill(this.#fill[address.array]);
      }
      throw error;
    }
    let decoded: Buffer;
    try {
      decoded = await gunzipAsync(encoded, { chunkSize: chunkBytes + 1, maxOutputLength: chunkBytes });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new RasterError(
        "damaged",
        path,
        `this chunk of ${this.#folder} can't be decompressed: ${reason}`,
        error,
      );
    }
    if (decoded.length !== chunkBytes) {
      throw new RasterError(
        "damaged",
        path,
        `this chunk of ${this.#folder} holds ${decoded.length} bytes, expected ${chunkBytes}`,
      );
    }
    return new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.byteLength);
  }

  /** Writes one chunk whole under a temporary name and renames it into place. */
  async write(address: ChunkAddress, values: Uint8Array): Promise<void> {
    const path = this.#path(address);
    // Compressed first: the values may change while the disk works, and what counts is the moment of the call.
    const encoded = await gzipAsync(values, { level: 1 });
    await mkdir(dirname(path), { recursive: true });
    const file = await createAtomicFile(path);
    try {
      await writeFully(file.handle, encoded, 0);
      await file.commit();
    } catch (error) {
      await file.discard();
      throw writeError(error, this.#folder);
    }
  }

  #path({ array, level, row, column }: ChunkAddress): string {
    return join(this.#folder, array, String(level), "c", String(row), String(column));
  }
}
