import { deflate, inflate } from "node:zlib";
import { promisify } from "node:util";
import { RasterError } from "../raster-error.ts";
import { allocateSamples, dtypeBytes, samplesOver, type SampleArray } from "../typed-pixels.ts";
import { eachInParallel } from "../blocks/limiter.ts";
import { createAtomicFile, writeError, writeFully, type AtomicFile } from "./atomic-file.ts";
import { cogLayout, type TileLevel } from "./cog-layout.ts";
import { halveInto, type OverviewResampling } from "./decimate.ts";
import type { GeoTiffOptions } from "./geotiff-options.ts";

const deflateAsync = promisify(deflate);
const inflateAsync = promisify(inflate);

/** Writes one Cloud Optimized GeoTIFF, tile by tile in any order; nothing stands under the name before `finish`. */
export interface GeoTiffWriter {
  readonly tileSize: number;
  readonly tilesAcross: number;
  readonly tilesDown: number;
  /**
   * Writes one tile: a full one, or at the right and lower edge just the part inside the raster, pixel-interleaved.
   *
   * Wait for it before the next but a few, so that memory stays bounded. The samples may be reused afterwards.
   */
  writeTile(column: number, row: number, samples: SampleArray): Promise<void>;
  /** Builds the overviews, puts the file together and renames it into place; tiles never written hold nodata or 0. */
  finish(options?: { readonly signal?: AbortSignal | undefined }): Promise<{ readonly bytes: number }>;
  /** Gives up and removes everything written; harmless after `finish`. */
  abort(): Promise<void>;
}

/** Starts writing a GeoTIFF. */
export async function createGeoTiffWriter(filePath: string, options: GeoTiffOptions): Promise<GeoTiffWriter> {
  const tileSize = options.tileSize ?? 512;
  const refuse = (explanation: string): never => {
    throw new RasterError("invalid-request", filePath, explanation);
  };
  if (
    ![options.width, options.height, options.bands].every((value) => Number.isInteger(value) && value > 0)
  ) {
    refuse(
      `expected whole numbers of pixels and bands, got ${options.width} × ${options.height} × ${options.bands}`,
    );
  }
  if (tileSize % 16 !== 0 || tileSize <= 0) {
    refuse(`expected tiles of a multiple of 16 pixels, got ${tileSize}`);
  }
  if ((options.colorTable ?? null) !== null && (options.bands !== 1 || options.dtype !== "uint8")) {
    refuse(`a colour table needs one band of uint8, got ${options.bands} of ${options.dtype}`);
  }
  if (options.predictor === "horizontal" && !["uint8", "uint16", "int16"].includes(options.dtype)) {
    refuse(`horizontal differencing is written for 8 and 16 bit samples, not ${options.dtype}`);
  }
  const spool = await createAtomicFile(`${filePath}.tiles`);
  return new CogWriter(filePath, options, tileSize, spool);
}

/** Overview tiles made at once: enough for the compression threads. */
const tilesAtOnce = 4;

/** Where a compressed tile stands in the spool. */
interface SpooledTile {
  readonly offset: number;
  readonly length: number;
}

/*
 * A COG has its directories first and its coarsest overview before the finer ones, but sizes are known only
 * after compression. So compressed tiles are spooled as they come; `finish` reads them back for the overviews and copies them into order.
 */
class CogWriter implements GeoTiffWriter {
  readonly tileSize: number;
  readonly tilesAcross: number;
  readonly tilesDown: number;
  readonly #filePath: string;
  readonly #options: GeoTiffOptions;
  readonly #spool: AtomicFile;
  readonly #levels: Map<number, SpooledTile>[] = [new Map<number, SpooledTile>()];
  #spoolEnd = 0;
  #output: AtomicFile | null = null;
  #state: "open" | "finished" | "aborted" = "open";

  constructor(filePath: string, options: GeoTiffOptions, tileSize: number, spool: AtomicFile) {
    this.#filePath = filePath;
    this.#options = options;
    this.tileSize = tileSize;
    this.#spool = spool;
    this.tilesAcross = Math.ceil(options.width / tileSize);
    this.tilesDown = Math.ceil(options.height / tileSize);
  }

  async writeTile(column: number, row: number, samples: SampleArray): Promise<void> {
    this.#expectOpen();
    const { width, height, bands } = this.#options;
    if (!(column >= 0 && column < this.tilesAcross && row >= 0 && row < this.tilesDown)) {
      throw new RasterError(
        "invalid-request",
        this.#filePath,
        `there is no tile at column ${column}, row ${row}`,
      );
    }
    const insideWidth = Math.min(this.tileSize, width - column * this.tileSize);
    const insideHeight = Math.min(this.tileSize, height - row * this.tileSize);
    const full = this.tileSize * this.tileSize * bands;
    const inside = insideWidth * insideHeight * bands;
    if (samples.length !== full && samples.length !== inside) {
      throw new RasterError(
        "invalid-request",
        this.#filePath,
        `expected ${full} samples for a tile or ${inside} for the part inside the raster, got ${samples.length}`,
      );
    }
    const tile = this.#blankTile();
    const sourceWidth = samples.length === full ? this.tileSize : insideWidth;
    for (let line = 0; line < insideHeight; line += 1) {
      const from = line * sourceWidth * bands;
      tile.set(samples.subarray(from, from + insideWidth * bands), line * this.tileSize * bands);
    }
    await this.#guarded(() => this.#spoolTile(0, row * this.tilesAcross + column, tile));
  }

  async finish(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<{ bytes: number }> {
    this.#expectOpen();
    return this.#guarded(async () => {
      const levels = await this.#buildLevels(options.signal);
      const layout = cogLayout(this.#options, this.tileSize, levels);
      const output = await createAtomicFile(this.#filePath);
      this.#output = output;
      await writeFully(output.handle, layout.head, 0);
      let position = layout.head.length;
      for (const [levelIndex, level] of [...levels.entries()].reverse()) {
        for (let index = 0; index < level.lengths.length; index += 1) {
          options.signal?.throwIfAborted();
          const framed = await this.#framedTile(levelIndex, index);
          await writeFully(output.handle, framed, position);
          position += framed.length;
        }
      }
      options.signal?.throwIfAborted();
      await output.commit();
      await this.#spool.discard();
      this.#state = "finished";
      return { bytes: position };
    });
  }

  async abort(): Promise<void> {
    if (this.#state === "finished") {
      return;
    }
    this.#state = "aborted";
    await this.#output?.discard();
    await this.#spool.discard();
  }

  /** Whatever fails, nothing stays behind. */
  async #guarded<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      await this.abort();
      throw writeError(error, this.#filePath);
    }
  }

  #expectOpen(): void {
    if (this.#state !== "open") {
      throw new RasterError("invalid-request", this.#filePath, `its writer has been ${this.#state}`);
    }
  }

  #blankTile(): SampleArray {
    const tile = allocateSamples(this.#options.dtype, this.tileSize * this.tileSize * this.#options.bands);
    const nodata = this.#options.nodata ?? null;
    return nodata === null ? tile : tile.fill(nodata);
  }

  async #spoolTile(level: number, index: number, tile: SampleArray): Promise<void> {
    const encoded = await this.#encode(tile);
    const offset = this.#spoolEnd;
    this.#spoolEnd += encoded.length;
    await writeFully(this.#spool.handle, encoded, offset);
    this.#levels[level]?.set(index, { offset, length: encoded.length });
  }

  async #encode(tile: SampleArray): Promise<Uint8Array> {
    if (this.#options.predictor === "horizontal") {
      differenceRows(tile, this.tileSize, this.#options.bands);
    }
    const bytes = new Uint8Array(tile.buffer, tile.byteOffset, tile.byteLength);
    return this.#options.compression === "none"
      ? bytes
      : deflateAsync(bytes, { level: this.#options.compressionLevel ?? 6 });
  }

  /** Reads one spooled tile back as samples. */
  async #decoded(level: number, index: number): Promise<SampleArray> {
    const encoded = await this.#spooled(level, index);
    const byteLength = this.tileSize ** 2 * this.#options.bands * dtypeBytes(this.#options.dtype);
    const bytes =
      this.#options.compression === "none"
        ? encoded
        : await inflateAsync(encoded, { chunkSize: Math.max(64, byteLength + 1) });
    const samples = samplesOver(this.#options.dtype, bytes);
    if (this.#options.predictor === "horizontal") {
      sumRows(samples, this.tileSize, this.#options.bands);
    }
    return samples;
  }

  async #spooled(level: number, index: number): Promise<Uint8Array> {
    const tile = this.#levels[level]?.get(index);
    if (tile === undefined) {
      throw new Error(`tile ${index} of level ${level} was not spooled`);
    }
    const bytes = new Uint8Array(tile.length);
    await this.#spool.handle.read(bytes, 0, tile.length, tile.offset);
    return bytes;
  }

  /** A tile between its length and a repetition of its last four bytes, as GDAL's COG layout has it. */
  async #framedTile(level: number, index: number): Promise<Uint8Array> {
    const tile = await this.#spooled(level, index);
    const framed = new Uint8Array(tile.length + 8);
    new DataView(framed.buffer).setUint32(0, tile.length, true);
    framed.set(tile, 4);
    framed.set(tile.subarray(-4), 4 + tile.length);
    return framed;
  }

  async #buildLevels(signal: AbortSignal | undefined): Promise<TileLevel[]> {
    const { width, height, overviews = "none" } = this.#options;
    await this.#fillGaps();
    const levels: TileLevel[] = [this.#level(0, width, height)];
    if (overviews === "none") {
      return levels;
    }
    let finer = { width, height };
    for (let level = 1; finer.width > this.tileSize || finer.height > this.tileSize; level += 1) {
      const size = { width: Math.ceil(finer.width / 2), height: Math.ceil(finer.height / 2) };
      this.#levels.push(new Map());
      const across = Math.ceil(size.width / this.tileSize);
      const down = Math.ceil(size.height / this.tileSize);
      const source = finer;
      await eachInParallel(across * down, tilesAtOnce, async (index) => {
        signal?.throwIfAborted();
        const tile = await this.#halved(
          level - 1,
          source,
          index % across,
          Math.floor(index / across),
          overviews,
        );
        await this.#spoolTile(level, index, tile);
      });
      levels.push(this.#level(level, size.width, size.height));
      finer = size;
    }
    return levels;
  }

  /** One overview tile from the up to four tiles below it. */
  async #halved(
    level: number,
    finer: { readonly width: number; readonly height: number },
    column: number,
    row: number,
    resampling: OverviewResampling,
  ): Promise<SampleArray> {
    const { bands, nodata = null } = this.#options;
    const { tileSize } = this;
    const target = this.#blankTile();
    const across = Math.ceil(finer.width / tileSize);
    const down = Math.ceil(finer.height / tileSize);
    for (let quarter = 0; quarter < 4; quarter += 1) {
      const childColumn = column * 2 + (quarter & 1);
      const childRow = row * 2 + (quarter >> 1);
      if (childColumn >= across || childRow >= down) {
        continue;
      }
      const child = await this.#decoded(level, childRow * across + childColumn);
      const insideWidth = Math.min(tileSize, finer.width - childColumn * tileSize);
      const insideHeight = Math.min(tileSize, finer.height - childRow * tileSize);
      halveInto(
        {
          samples: cropped(child, tileSize, insideWidth, insideHeight, bands),
          width: insideWidth,
          height: insideHeight,
          bands,
        },
        { samples: target, width: tileSize, height: tileSize, bands },
        (quarter & 1) * (tileSize / 2),
        (quarter >> 1) * (tileSize / 2),
        resampling,
        nodata,
      );
    }
    return target;
  }

  async #fillGaps(): Promise<void> {
    const written = this.#levels[0];
    let blank: SpooledTile | null = null;
    for (let index = 0; index < this.tilesAcross * this.tilesDown; index += 1) {
      if (written?.has(index) === false) {
        if (blank === null) {
          await this.#spoolTile(0, index, this.#blankTile());
          blank = written.get(index) ?? null;
        } else {
          written.set(index, blank);
        }
      }
    }
  }

  #level(level: number, width: number, height: number): TileLevel {
    const count = Math.ceil(width / this.tileSize) * Math.ceil(height / this.tileSize);
    const tiles = this.#levels[level];
    return {
      width,
      height,
      lengths: Float64Array.from({ length: count }, (_, index) => tiles?.get(index)?.length ?? 0),
    };
  }
}

function cropped(
  samples: SampleArray,
  stride: number,
  width: number,
  height: number,
  bands: number,
): SampleArray {
  if (width === stride) {
    return samples.subarray(0, width * height * bands);
  }
  const part = samples.slice(0, width * height * bands);
  for (let row = 0; row < height; row += 1) {
    part.set(samples.subarray(row * stride * bands, (row * stride + width) * bands), row * width * bands);
  }
  return part;
}

function differenceRows(samples: SampleArray, width: number, bands: number): void {
  const rowLength = width * bands;
  for (let row = 0; row < samples.length; row += rowLength) {
    for (let index = row + rowLength - 1; index >= row + bands; index -= 1) {
      samples[index] = (samples[index] as number) - (samples[index - bands] as number);
    }
  }
}

function sumRows(samples: SampleArray, width: number, bands: number): void {
  const rowLength = width * bands;
  for (let row = 0; row < samples.length; row += rowLength) {
    for (let index = row + bands; index < row + rowLength; index += 1) {
      samples[index] = (samples[index] as number) + (samples[index - bands] as number);
    }
  }
}
