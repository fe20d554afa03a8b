import { deflate, inflate } from "node:zlib";
import { promisify } from "node:util";
import { undoHorizontalDifferencing } from "../codecs/predictor.ts";
import { dtypeBytes, samplesOver, type SampleArray } from "../typed-pixels.ts";
import type { FileHandle } from "node:fs/promises";
import { createAtomicFile, writeFully } from "./atomic-file.ts";
import type { GeoTiffOptions } from "./geotiff-options.ts";
import { KeptTiles } from "./kept-tiles.ts";

const deflateAsync = promisify(deflate);
const inflateAsync = promisify(inflate);

/** Compressed bytes come back in pieces of this size: each piece is a trip to the pool of threads. */
const deflateChunk = 2 ** 17;

/** Where a compressed tile stands in the spool. */
interface SpooledTile {
  readonly offset: number;
  readonly length: number;
}

/** The file that tiles are put into. */
interface SpoolFile {
  readonly handle: FileHandle;
  discard(): Promise<void>;
}

/** Compressed tiles in a file beside the one to be written, in the order they came, until all are known. */
export class TileSpool {
  readonly #file: SpoolFile;
  /** The same file where another process may go on with it. */
  readonly #kept: KeptTiles | null;
  readonly #options: GeoTiffOptions;
  readonly #tileSize: number;
  readonly #levels: Map<number, SpooledTile>[] = [];
  #end = 0;

  private constructor(file: SpoolFile, kept: KeptTiles | null, options: GeoTiffOptions, tileSize: number) {
    this.#file = file;
    this.#kept = kept;
    this.#options = options;
    this.#tileSize = tileSize;
  }

  static async create(filePath: string, options: GeoTiffOptions, tileSize: number): Promise<TileSpool> {
    return new TileSpool(await createAtomicFile(`${filePath}.tiles`), null, options, tileSize);
  }

  /** Goes on with the tiles of an earlier attempt, if a file of them is there and they are of the same. */
  static async goOn(
    path: string,
    identity: string,
    options: GeoTiffOptions,
    tileSize: number,
  ): Promise<TileSpool> {
    const { file, tiles, end } = await KeptTiles.open(path, identity);
    const spool = new TileSpool(file, file, options, tileSize);
    for (const { level, index, offset, length } of tiles) {
      spool.#tilesOf(level).set(index, { offset, length });
    }
    spool.#end = end;
    return spool;
  }

  /** The tiles of a level that are there. */
  indicesOf(level: number): number[] {
    return [...(this.#levels[level]?.keys() ?? [])];
  }

  has(level: number, index: number): boolean {
    return this.#levels[level]?.has(index) === true;
  }

  /** Bytes of a compressed tile, 0 for one that isn't there. */
  lengthOf(level: number, index: number): number {
    return this.#levels[level]?.get(index)?.length ?? 0;
  }

  /** Compresses a tile and keeps it; one that was there before is forgotten. Differencing is done in place, in the caller's array. */
  async add(level: number, index: number, tile: SampleArray): Promise<void> {
    const encoded = await this.#encode(tile);
    const bytes = this.#kept === null ? encoded : KeptTiles.record({ level, index }, encoded);
    const place = this.#end;
    this.#end += bytes.length;
    await writeFully(this.#file.handle, bytes, place);
    // What stands before the tile says what it is.
    const offset = place + bytes.length - encoded.length;
    this.#tilesOf(level).set(index, { offset, length: encoded.length });
  }

  /** Lets a tile stand for another one too. */
  repeat(level: number, index: number, as: number): void {
    const tile = this.#levels[level]?.get(index);
    if (tile !== undefined) {
      this.#tilesOf(level).set(as, tile);
    }
  }

  /** A tile's compressed bytes. */
  async bytesOf(level: number, index: number): Promise<Uint8Array> {
    const tile = this.#levels[level]?.get(index);
    if (tile === undefined) {
      throw new Error(`tile ${index} of level ${level} was not spooled`);
    }
    const bytes = new Uint8Array(tile.length);
    await this.#file.handle.read(bytes, 0, tile.length, tile.offset);
    return bytes;
  }

  /** A tile's samples, as they were before compression. */
  async samplesOf(level: number, index: number): Promise<SampleArray> {
    const { bands, dtype, compression, predictor } = this.#options;
    const encoded = await this.bytesOf(level, index);
    const byteLength = this.#tileSize ** 2 * bands * dtypeBytes(dtype);
    const bytes =
      compression === "none"
        ? encoded
        : await inflateAsync(encoded, { chunkSize: Math.max(64, byteLength + 1) });
    const samples = samplesOver(dtype, bytes);
    if (predictor === "horizontal") {
      undoHorizontalDifferencing(samples, this.#tileSize, bands);
    }
    return samples;
  }

  /** Closes the file; it stays for another time where it is one that can be gone on with, and is removed elsewhere. */
  async keep(): Promise<void> {
    await (this.#kept === null || this.#levels.length === 0 ? this.#file.discard() : this.#kept.keep());
  }

  async discard(): Promise<void> {
    await this.#file.discard();
  }

  async #encode(tile: SampleArray): Promise<Uint8Array> {
    if (this.#options.predictor === "horizontal") {
      differenceRows(tile, this.#tileSize, this.#options.bands);
    }
    const bytes = new Uint8Array(tile.buffer, tile.byteOffset, tile.byteLength);
    return this.#options.compression === "none"
      ? bytes
      : deflateAsync(bytes, { level: this.#options.compressionLevel ?? 6, chunkSize: deflateChunk });
  }

  #tilesOf(level: number): Map<number, SpooledTile> {
    while (this.#levels.length <= level) {
      this.#levels.push(new Map());
    }
    return this.#levels[level] as Map<number, SpooledTile>;
  }
}

function differenceRows(samples: SampleArray, width: number, bands: number): void {
  const rowLength = width * bands;
  for (let row = 0; row < samples.length; row += rowLength) {
    for (let index = row + rowLength - 1; index >= row + bands; index -= 1) {
      samples[index] = (samples[index] as number) - (samples[index - bands] as number);
    }
  }
}
