import { RasterError } from "../raster-error.ts";
import { allocateSamples, dtypeBytes, type SampleArray } from "../typed-pixels.ts";
import { eachInParallel } from "../blocks/limiter.ts";
import {
  createAtomicFile,
  writeError,
  writeFully,
  type AtomicFile,
  type BeforeRename,
} from "./atomic-file.ts";
import { cogLayout, type TileLevel } from "./cog-layout.ts";
import type { GeoTiffOptions } from "./geotiff-options.ts";
import { levelSizes, OverviewStack, type LevelSize, type LevelTile } from "./overview-stack.ts";
import { TileSpool } from "./tile-spool.ts";

/** Half-done overview tiles are kept up to this size; a row of tiles of a 36,000 pixels wide mask takes 19 MB. */
const maxGrowingBytes = 96 * 2 ** 20;
/** Overview tiles made at once: enough for the compression threads. */
const tilesAtOnce = 4;

/** How a file is brought to its end. */
export interface FinishOptions {
  readonly beforeRename?: BeforeRename | undefined;
  readonly signal?: AbortSignal | undefined;
}

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
  finish(options?: FinishOptions): Promise<{ readonly bytes: number }>;
  /** Whether a tile is there from an earlier attempt and need not be written. */
  has(column: number, row: number): boolean;
  /** Gives up and removes everything written, or leaves the tiles of a `KeptWriting`; harmless after `finish`. */
  abort(options?: { readonly keepsTiles?: boolean }): Promise<void>;
}

/** A writing that can be gone on with after it was cancelled, or its process killed. */
export interface KeptWriting {
  /** The file of the tiles that are done: gone on with where it exists, removed with the last. Nobody else may use it meanwhile. */
  readonly tilesPath: string;
  /** What the tiles are made of and how; those of an earlier attempt with another identity are thrown away. */
  readonly identity: string;
}

/** Starts writing a GeoTIFF, or with `kept` goes on with it. When that is cancelled by its signal, the tiles stay. */
export async function createGeoTiffWriter(
  filePath: string,
  options: GeoTiffOptions,
  kept: KeptWriting | null = null,
): Promise<GeoTiffWriter> {
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
  const spool =
    kept === null
      ? await TileSpool.create(filePath, options, tileSize)
      : await TileSpool.goOn(
          kept.tilesPath,
          `${kept.identity}\n${JSON.stringify(options)}`,
          options,
          tileSize,
        );
  return new CogWriter(filePath, options, tileSize, spool);
}

/*
 * A COG has its directories first and its coarsest overview before the finer ones, but sizes are known only
 * after compression. So compressed tiles are spooled as they come, overviews among them, and `finish` copies them into order.
 */
class CogWriter implements GeoTiffWriter {
  readonly tileSize: number;
  readonly tilesAcross: number;
  readonly tilesDown: number;
  readonly #filePath: string;
  readonly #options: GeoTiffOptions;
  readonly #spool: TileSpool;
  readonly #levels: readonly LevelSize[];
  readonly #overviews: OverviewStack;
  /** Tiles of the full resolution that have been given, whether or not they are compressed yet. */
  readonly #given = new Set<number>();
  #output: AtomicFile | null = null;
  #state: "open" | "finished" | "aborted" = "open";
  #keepsTiles = false;
  /** The first failure: what other tiles fail with after it is only that the writer is gone. */
  #failure: { readonly error: unknown } | null = null;

  constructor(filePath: string, options: GeoTiffOptions, tileSize: number, spool: TileSpool) {
    const { overviews = "none", bands, dtype, nodata = null } = options;
    this.#filePath = filePath;
    this.#options = options;
    this.tileSize = tileSize;
    this.#spool = spool;
    this.#levels = levelSizes(options, tileSize, overviews !== "none");
    this.tilesAcross = Math.ceil(options.width / tileSize);
    this.tilesDown = Math.ceil(options.height / tileSize);
    this.#overviews = new OverviewStack({
      levels: this.#levels,
      tileSize,
      bands,
      nodata,
      opacityBand: options.alphaBand ?? null,
      resampling: overviews === "none" ? "nearest" : overviews,
      maxSamples: maxGrowingBytes / dtypeBytes(dtype),
      blankTile: () => this.#blankTile(),
    });
    // Of an earlier attempt: overviews that it hadn't finished are made at the end, from what was written.
    spool.indicesOf(0).forEach((index) => this.#given.add(index));
    this.#overviews.goOn(spool);
  }

  has(column: number, row: number): boolean {
    return this.#spool.has(0, row * this.tilesAcross + column);
  }

  async writeTile(column: number, row: number, samples: SampleArray): Promise<void> {
    this.#expectOpen();
    if (!(column >= 0 && column < this.tilesAcross && row >= 0 && row < this.tilesDown)) {
      throw new RasterError(
        "invalid-request",
        this.#filePath,
        `there is no tile at column ${column}, row ${row}`,
      );
    }
    const index = row * this.tilesAcross + column;
    const tile = this.#wholeTile(column, row, samples);
    await this.#guarded(async () => {
      if (this.#given.has(index)) {
        this.#overviews.forget({ level: 0, index });
        await this.#spool.add(0, index, tile);
      } else {
        this.#given.add(index);
        await this.#keep({ level: 0, index, samples: tile });
      }
    });
  }

  async finish(options: FinishOptions = {}): Promise<{ bytes: number }> {
    this.#expectOpen();
    return this.#guarded(async () => {
      await this.#completeLevels(options.signal);
      const levels = this.#levels.map((size, level) => this.#tileLevel(size, level));
      const layout = cogLayout(this.#options, this.tileSize, levels);
      const output = await createAtomicFile(this.#filePath);
      this.#output = output;
      await writeFully(output.handle, layout.head, 0);
      let position = layout.head.length;
      for (const [level, { lengths }] of [...levels.entries()].reverse()) {
        for (let index = 0; index < lengths.length; index += 1) {
          options.signal?.throwIfAborted();
          const framed = framedTile(await this.#spool.bytesOf(level, index));
          await writeFully(output.handle, framed, position);
          position += framed.length;
        }
      }
      options.signal?.throwIfAborted();
      await output.commit(options.beforeRename);
      await this.#spool.discard();
      this.#state = "finished";
      return { bytes: position };
    }, options.signal);
  }

  async abort({ keepsTiles = false }: { readonly keepsTiles?: boolean } = {}): Promise<void> {
    if (this.#state === "finished") {
      return;
    }
    // The first word counts: whatever fails after it does so because the writer is gone.
    if (this.#state === "open") {
      this.#keepsTiles = keepsTiles;
      this.#state = "aborted";
    }
    await this.#output?.discard();
    await (this.#keepsTiles ? this.#spool.keep() : this.#spool.discard());
  }

  /** Whatever fails, nothing stays behind, but for tiles that can be gone on with when it was only cancelled. */
  async #guarded<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      this.#failure ??= { error: writeError(error, this.#filePath) };
      await this.abort({ keepsTiles: signal?.aborted === true });
      throw this.#failure.error;
    }
  }

  #expectOpen(): void {
    if (this.#failure !== null) {
      throw this.#failure.error;
    }
    if (this.#state !== "open") {
      throw new RasterError("invalid-request", this.#filePath, `its writer has been ${this.#state}`);
    }
  }

  /** A tile with blanks outside the raster. The caller's own array where that needs no change and compression makes none. */
  #wholeTile(column: number, row: number, samples: SampleArray): SampleArray {
    const { width, height, bands, predictor } = this.#options;
    const { tileSize } = this;
    const insideWidth = Math.min(tileSize, width - column * tileSize);
    const insideHeight = Math.min(tileSize, height - row * tileSize);
    const full = tileSize * tileSize * bands;
    const inside = insideWidth * insideHeight * bands;
    if (samples.length !== full && samples.length !== inside) {
      throw new RasterError(
        "invalid-request",
        this.#filePath,
        `expected ${full} samples for a tile or ${inside} for the part inside the raster, got ${samples.length}`,
      );
    }
    const tile = this.#blankTile();
    if (inside === full && predictor !== "horizontal" && samples.constructor === tile.constructor) {
      return samples;
    }
    const sourceWidth = samples.length === full ? tileSize : insideWidth;
    for (let line = 0; line < insideHeight; line += 1) {
      const from = line * sourceWidth * bands;
      tile.set(samples.subarray(from, from + insideWidth * bands), line * tileSize * bands);
    }
    return tile;
  }

  #blankTile(): SampleArray {
    const tile = allocateSamples(this.#options.dtype, this.tileSize * this.tileSize * this.#options.bands);
    const nodata = this.#options.nodata ?? null;
    return nodata === null ? tile : tile.fill(nodata);
  }

  /** Spools a tile, and the overview tiles that are complete with it. */
  async #keep({ samples, ...tile }: LevelTile & { readonly samples: SampleArray }): Promise<void> {
    // Before compression, which may difference the samples in place.
    const above = this.#overviews.add(tile, samples);
    await this.#spool.add(tile.level, tile.index, samples);
    if (above !== null) {
      await this.#keep(above);
    }
  }

  /** Puts blanks where no tile came, and finishes the overviews. */
  async #completeLevels(signal: AbortSignal | undefined): Promise<void> {
    for (const [level, { tilesAcross, tilesDown }] of this.#levels.entries()) {
      const halfDone = this.#overviews.flush(level);
      await eachInParallel(halfDone.length, tilesAtOnce, async (at) => {
        signal?.throwIfAborted();
        await this.#keep(halfDone[at] as (typeof halfDone)[number]);
      });
      const stale = this.#overviews.stale(level);
      await eachInParallel(stale.length, tilesAtOnce, async (at) => {
        signal?.throwIfAborted();
        const index = stale[at] as number;
        const samples = await this.#overviews.rebuild({ level, index }, (child) =>
          this.#spool.samplesOf(level - 1, child),
        );
        await this.#spool.add(level, index, samples);
      });
      await this.#fillGaps(level, tilesAcross * tilesDown);
    }
  }

  async #fillGaps(level: number, count: number): Promise<void> {
    let blank: number | null = null;
    for (let index = 0; index < count; index += 1) {
      if (this.#spool.has(level, index)) {
        continue;
      }
      if (blank === null) {
        await this.#spool.add(level, index, this.#blankTile());
        blank = index;
      } else {
        this.#spool.repeat(level, blank, index);
      }
    }
  }

  #tileLevel({ width, height, tilesAcross, tilesDown }: LevelSize, level: number): TileLevel {
    return {
      width,
      height,
      lengths: Float64Array.from({ length: tilesAcross * tilesDown }, (_, index) =>
        this.#spool.lengthOf(level, index),
      ),
    };
  }
}

/** A tile between its length and a repetition of its last four bytes, as GDAL's COG layout has it. */
function framedTile(tile: Uint8Array): Uint8Array {
  const framed = new Uint8Array(tile.length + 8);
  new DataView(framed.buffer).setUint32(0, tile.length, true);
  framed.set(tile, 4);
  framed.set(tile.subarray(-4), 4 + tile.length);
  return framed;
}
