import { deflate, inflate } from "node:zlib";
import { promisify } from "node:util";
import { undoHorizontalDifferencing } from "../codecs/predictor.ts";
import { dtypeBytes, samplesOver, type SampleArray } from "../typed-pixels.ts";
import { createAtomicFile, writeFully, type AtomicFile } from "./atomic-file.ts";
import type { GeoTiffOptions } from "./geotiff-options.ts";

const deflateAsync = promisify(deflate);
const inflateAsync = promisify(inflate);

/** Compressed bytes come back in pieces of this size: each piece is a trip to the pool of threads. */
const deflateChunk = 2 ** 17;

/** Where a compressed tile stands in the spool. */
interface SpooledTile {
  readonly offset: number;
  readonly length: number;
}

/** Compressed tiles in a temporary file beside the one to be written, in the order they came, until all are known. */
export class TileSpool {
  readonly #file: AtomicFile;
  readonly #options: GeoTiffOptions;
  readonly #tileSize: number;
  readonly #levels: Map<number, SpooledTile>[] = [];
  #end = 0;

  private constructor(file: AtomicFile, options: GeoTiffOptions, tileSize: number) {
    this.#file = file;
    this.#options = options;
    this.#tileSize = tileSize;
  }

  static async create(filePath: string, options: GeoTiffOptions, tileSize: number): Promise<TileSpool> {
    return new TileSpool(await createAtomicFile(`${filePath}.tiles`), options, tileSize);
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
    const offset = this.#end;
    this.#end += encoded.length;
    await writeFully(this.#file.handle, encoded, offset);
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
