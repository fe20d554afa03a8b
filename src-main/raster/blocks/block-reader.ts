import { setMaxListeners } from "node:events";
import type { ByteSource } from "../byte-source.ts";
import { decodedBytesOf } from "../codecs/decode-units.ts";
import type { EncodedBatch } from "../codecs/encoded-batch.ts";
import { decodeUnitsNatively, goesNatively } from "../codecs/native-units.ts";
import { isPlain, plainUnits } from "../codecs/plain-units.ts";
import { asRasterError, RasterError } from "../raster-error.ts";
import type { DecodeThreads } from "../threads/decode-threads.ts";
import type { SpareMemory } from "../threads/spare-memory.ts";
import { blockFormatOf, strideOf, type BlockFormat, type TiffLayout } from "../tiff/layout.ts";
import type { BlockPlaces, ReadSamples } from "../typed-pixels.ts";
import type { BlockMemory } from "./block-memory.ts";
import { SparseUnits } from "./sparse-units.ts";
import {
  batchUnits,
  encodedBatch,
  planUnit,
  spanOf,
  type PlannedUnit,
  type UnitPlace,
} from "./block-plan.ts";
import { unitGrid, type Granularity, type UnitGrid } from "./block-units.ts";
import { settleAll, type Limiter } from "./limiter.ts";
import type { OpenImages } from "./open-images.ts";
import { ReadAhead } from "./read-ahead.ts";
import { SharedLoad } from "./shared-load.ts";

/** What all readers share: the memory of decoded blocks, one bound on what is decoded at once, and the threads that decode. */
export interface BlockEnvironment {
  readonly memory: BlockMemory;
  readonly limiter: Limiter;
  /** Large blocks come one at a time, or four at once would take a gigabyte. */
  readonly largeLimiter: Limiter;
  readonly threads: DecodeThreads;
  readonly spareMemory: SpareMemory;
  readonly images: OpenImages;
}

/** One decoded unit of one plane: `unitWidth` samples times stride a row, valid up to `rows`. */
export interface DecodedUnit {
  readonly plane: number;
  readonly column: number;
  readonly row: number;
  readonly rows: number;
  readonly samples: ReadSamples;
}

/** The units of a rectangle of the unit grid. */
export interface UnitRange {
  readonly plane: number;
  readonly columns: readonly [first: number, end: number];
  /** Rows of the unit grid, ascending. */
  readonly rows: readonly number[];
}

/** Who does the decoding: nobody, sharp's libraries on their threads, or our own threads. */
type Codec = "plain" | "native" | "threads";

const maxGapBytes = 64 * 2 ** 10;
const maxReadBytes = 4 * 2 ** 20;
/** Decoded bytes of a batch: a call of sharp costs 0.7 ms however many blocks it gets, a message to a thread 0.05 ms. */
const mostBatchBytes: Readonly<Record<Codec, number>> = {
  plain: 4 * 2 ** 20,
  native: 4 * 2 ** 20,
  threads: 2 ** 20,
};
const largeUnitBytes = 12 * 2 ** 20;
/** Decoded bytes of the units that are loaded around a missing one. */
const neighbourhoodBytes = 3 * 2 ** 20;
/** Batches that one read is cut into: two, so that two cores decode it, unless a call costs more than that saves. */
const leastBatches: Readonly<Record<Codec, number>> = { plain: 1, native: 1, threads: 2 };

/** Reads, decodes and caches the units of one image of one file. */
export class BlockReader {
  readonly layout: TiffLayout;
  /** What a sparse block, which the file leaves out, is filled with. */
  readonly #fill: number;
  readonly #sparse: SparseUnits;
  readonly #source: ByteSource;
  readonly #environment: BlockEnvironment;
  readonly #keyPrefix: string;
  readonly #inFlight = new Map<string, SharedLoad<ReadSamples>>();
  readonly #format: BlockFormat;
  readonly #codec: Codec;
  readonly #grids: Readonly<Record<Granularity, UnitGrid>>;
  readonly #ahead = new Map<string, ReadAhead>();
  readonly #closing = new AbortController();

  constructor(
    source: ByteSource,
    layout: TiffLayout,
    environment: BlockEnvironment,
    keyPrefix: string,
    fill: number,
  ) {
    this.layout = layout;
    this.#source = source;
    this.#environment = environment;
    this.#keyPrefix = keyPrefix;
    this.#fill = fill;
    this.#format = blockFormatOf(layout);
    this.#sparse = new SparseUnits(this.#format, fill);
    this.#codec = isPlain(this.#format) ? "plain" : goesNatively(this.#format) ? "native" : "threads";
    this.#grids = { coarse: unitGrid(layout, "coarse"), fine: unitGrid(layout, "fine") };
    setMaxListeners(0, this.#closing.signal);
  }

  /** Where decoded units lie. */
  get memory(): BlockMemory {
    return this.#environment.memory;
  }

  grid(granularity: Granularity): UnitGrid {
    return this.#grids[granularity];
  }

  /** Stops what was read ahead; reads that somebody waits for go on. */
  close(): void {
    this.#closing.abort();
    this.#environment.images.remove(this.#keyPrefix);
  }

  /**
   * Hands every unit of the range to `use`, cached ones first, others as they are decoded, in no order.
   *
   * `use` runs synchronously and must copy what it keeps: the samples belong to the cache.
   */
  async readUnits(
    range: UnitRange,
    granularity: Granularity,
    use: (unit: DecodedUnit) => void,
    options: { readonly signal?: AbortSignal | undefined },
  ): Promise<void> {
    options.signal?.throwIfAborted();
    if (options.signal !== undefined) {
      // One listener a unit, each taken off when its unit is there: more than Node's warning limit, and no leak.
      setMaxListeners(0, options.signal);
    }
    const grid = this.grid(granularity);
    const missing: PlannedUnit[] = [];
    // Joined once all are planned: a damaged unit throws, and who asked must not be handed what arrives after that.
    const joins: (() => Promise<void>)[] = [];
    for (const row of range.rows) {
      for (let column = range.columns[0]; column < range.columns[1]; column += 1) {
        const key = this.#keyOf(granularity, range.plane, column, row);
        const cached = this.#environment.memory.cache.get(key);
        const inFlight = this.#inFlight.get(key);
        const rows = Math.min(grid.unitHeight, this.layout.height - row * grid.unitHeight);
        if (cached !== undefined) {
          use({ plane: range.plane, column, row, rows, samples: cached });
        } else if (inFlight !== undefined) {
          joins.push(() =>
            inFlight.join(options.signal).then((samples) => {
              use({ plane: range.plane, column, row, rows, samples });
            }),
          );
        } else {
          const unit = planUnit(this.#source, this.layout, grid, { key, plane: range.plane, column, row });
          const filled = this.#sparse.samplesOf(unit);
          if (filled !== null) {
            use({ plane: range.plane, column, row, rows, samples: filled });
          } else {
            missing.push(unit);
          }
        }
      }
    }
    const loads = joins.map((join) => join());
    for (const batch of this.#batches(missing, grid, leastBatches[this.#codec])) {
      this.#start(batch, { urgent: true }).forEach((load, index) => {
        const unit = batch[index] as PlannedUnit;
        loads.push(
          load.join(options.signal).then((samples) => {
            use({ plane: unit.plane, column: unit.column, row: unit.row, rows: unit.rows, samples });
          }),
        );
      });
    }
    // Apart from what is waited for, which must not wait for them nor be kept by them from stopping when nobody wants it any more.
    const neighbours = missing.length === 0 ? [] : this.#neighbours(range, granularity);
    for (const batch of this.#batches(neighbours, grid, 1)) {
      this.#start(batch, { urgent: false });
    }
    this.#readAhead(range, granularity);
    if (loads.length > 0) {
      await settleAll(loads);
    }
  }

  #keyOf(granularity: Granularity, plane: number, column: number, row: number): string {
    return `${this.#keyPrefix}${granularity[0] ?? ""}${plane}/${column}/${row}`;
  }

  /**
   * Units around those that are missing, while all images being read fit into the cache together: each of them will be wanted
   * sooner or later, and one call for many is cheaper than many calls.
   */
  #neighbours(range: UnitRange, granularity: Granularity): PlannedUnit[] {
    const { images } = this.#environment;
    const { cache } = this.#environment.memory;
    const grid = this.grid(granularity);
    images.add(
      this.#keyPrefix,
      this.#unitBytes(grid) * grid.unitsAcross * grid.unitsDown * this.layout.planes,
    );
    if (images.totalBytes > cache.limitBytes * 1.02 || granularity === "fine") {
      return [];
    }
    const side = Math.floor(Math.sqrt(neighbourhoodBytes / this.#unitBytes(grid)));
    const found: PlannedUnit[] = [];
    const firstRow = range.rows[0] ?? 0;
    const lastRow = range.rows.at(-1) ?? 0;
    const top = firstRow - (firstRow % side);
    const left = range.columns[0] - (range.columns[0] % side);
    for (
      let row = top;
      side > 1 && row < Math.min(grid.unitsDown, Math.max(top + side, lastRow + 1));
      row += 1
    ) {
      for (
        let column = left;
        column < Math.min(grid.unitsAcross, Math.max(left + side, range.columns[1]));
        column += 1
      ) {
        const key = this.#keyOf(granularity, range.plane, column, row);
        if (!this.#inFlight.has(key) && !cache.has(key)) {
          try {
            const unit = planUnit(this.#source, this.layout, grid, { key, plane: range.plane, column, row });
            if (!this.#sparse.takes(unit)) {
              found.push(unit);
            }
          } catch {
            // A damaged unit is reported to who asks for it.
          }
        }
      }
    }
    return found;
  }

  /** Starts to load what probably comes next, when the image is being read in order. */
  #readAhead(range: UnitRange, granularity: Granularity): void {
    const firstRow = range.rows[0];
    const lastRow = range.rows.at(-1);
    if (firstRow === undefined || lastRow === undefined || lastRow - firstRow + 1 !== range.rows.length) {
      return;
    }
    const pattern = `${granularity}${range.plane}`;
    let ahead = this.#ahead.get(pattern);
    if (ahead === undefined) {
      ahead = new ReadAhead();
      this.#ahead.set(pattern, ahead);
    }
    const grid = this.grid(granularity);
    const next = ahead.after(
      { firstColumn: range.columns[0], endColumn: range.columns[1], firstRow, endRow: lastRow + 1 },
      grid,
      this.#unitBytes(grid),
    );
    const absent: UnitPlace[] = [];
    let wanted = 0;
    for (const { firstColumn, endColumn, firstRow: top, endRow } of next) {
      wanted += (endColumn - firstColumn) * (endRow - top);
      for (let row = top; row < endRow; row += 1) {
        for (let column = firstColumn; column < endColumn; column += 1) {
          const key = this.#keyOf(granularity, range.plane, column, row);
          if (!this.#inFlight.has(key) && !this.#environment.memory.cache.has(key)) {
            absent.push({ key, plane: range.plane, column, row });
          }
        }
      }
    }
    // In few large portions: small ones would cost a call each.
    if (absent.length * 2 < wanted) {
      return;
    }
    const missing: PlannedUnit[] = [];
    for (const place of absent) {
      try {
        const unit = planUnit(this.#source, this.layout, grid, place);
        if (this.#sparse.takes(unit)) {
          wanted -= 1;
        } else {
          missing.push(unit);
        }
      } catch {
        // A damaged unit is reported to who asks for it.
        return;
      }
    }
    if (missing.length * 2 < wanted) {
      return;
    }
    for (const batch of this.#batches(missing, grid, 1)) {
      this.#start(batch, { urgent: false });
    }
  }

  #batches(units: readonly PlannedUnit[], grid: UnitGrid, atLeast: number): PlannedUnit[][] {
    const most = Math.max(1, Math.floor(mostBatchBytes[this.#codec] / this.#unitBytes(grid)));
    return batchUnits(units, {
      units: Math.min(most, Math.max(1, Math.ceil(units.length / atLeast))),
      bytes: maxReadBytes,
      gapBytes: maxGapBytes,
    });
  }

  /** Starts one batch; others that want its units meanwhile join it, and it stops when all that waited have left. */
  #start(batch: readonly PlannedUnit[], { urgent }: { readonly urgent: boolean }): SharedLoad<ReadSamples>[] {
    const controller = new AbortController();
    const signal = urgent ? controller.signal : AbortSignal.any([controller.signal, this.#closing.signal]);
    // Events would do, but a batch of many units would hang as many listeners on one signal.
    const forgetAll: (() => void)[] = [];
    let interested = batch.length;
    const { limiter, largeLimiter } = this.#environment;
    const unitBytes = Math.max(...Object.values(this.#grids).map((grid) => this.#unitBytes(grid)));
    const work = (unitBytes > largeUnitBytes ? largeLimiter : limiter).run(() => this.#load(batch, signal), {
      signal,
      urgent,
    });
    return batch.map((unit, index) => {
      const load = new SharedLoad(
        work.then((decoded) => decoded[index] as ReadSamples),
        () => {
          interested -= 1;
          if (interested === 0) {
            forgetAll.forEach((forget) => {
              forget();
            });
            controller.abort();
          }
        },
      );
      this.#inFlight.set(unit.key, load);
      const forget = (): void => {
        if (this.#inFlight.get(unit.key) === load) {
          this.#inFlight.delete(unit.key);
        }
      };
      load.result.then(forget, forget);
      forgetAll.push(forget);
      return load;
    });
  }

  async #load(batch: readonly PlannedUnit[], signal: AbortSignal): Promise<readonly ReadSamples[]> {
    const { start, end } = spanOf(batch);
    const [first] = batch;
    if (end > this.#source.size) {
      throw new RasterError(
        "damaged",
        this.#source.filePath,
        `the file is cut short: the block at column ${first?.column ?? 0}, row ${first?.row ?? 0} should reach byte ${end}, but the file ends at ${this.#source.size}`,
      );
    }
    const bytes = await this.#read(start, end - start, signal);
    signal.throwIfAborted();
    const encoded = encodedBatch(batch, bytes, start, this.#fill);
    const { memory } = this.#environment;
    const places = await memory.take(decodedBytesOf(this.#format, encoded));
    try {
      const decoded = await this.#decode(encoded, places);
      return places === null
        ? decoded
        : memory.keep(
            places,
            batch.map(({ key }) => key),
            this.#format.dtype,
          );
    } catch (error) {
      if (places !== null) {
        memory.give(places);
      }
      throw asRasterError(
        error,
        this.#source.filePath,
        `decoding the block at column ${first?.column ?? 0}, row ${first?.row ?? 0} of its blocks`,
      );
    }
  }

  async #read(start: number, length: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    if (length === 0) {
      return new Uint8Array(0);
    }
    return this.#source.read(start, length, { memory: this.#environment.spareMemory.take(length), signal });
  }

  /** Decodes a batch to its places; answers the samples of those that have none. */
  async #decode(batch: EncodedBatch, places: BlockPlaces | null): Promise<readonly ReadSamples[]> {
    const { memory, threads, spareMemory } = this.#environment;
    if (this.#codec === "threads") {
      return (await threads.decode(this.#format, batch, places?.starts ?? null)) ?? [];
    }
    const decoded =
      this.#codec === "plain"
        ? plainUnits(this.#format, batch)
        : await decodeUnitsNatively(this.#format, batch);
    if (places !== null) {
      memory.fill(places, decoded);
      spareMemory.give(batch.bytes.buffer);
    }
    return decoded;
  }

  #unitBytes(grid: UnitGrid): number {
    return grid.unitWidth * grid.unitHeight * strideOf(this.layout) * (this.layout.bitsPerSample / 8);
  }
}
