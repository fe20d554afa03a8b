import { setMaxListeners } from "node:events";
import type { ByteSource } from "../byte-source.ts";
import { decodeBlocks, goesNatively, type EncodedBlock } from "../codecs/decode-blocks.ts";
import { samplesFromBytes, withReversedBits } from "../codecs/samples.ts";
import { asRasterError, RasterError } from "../raster-error.ts";
import type { TiffLayout } from "../tiff/layout.ts";
import { allocateSamples, type SampleArray } from "../typed-pixels.ts";
import type { BlockCache } from "./block-cache.ts";
import { unitGrid, type Granularity, type UnitGrid } from "./block-units.ts";
import type { Limiter } from "./limiter.ts";

/** What all readers share: one cache and one bound on what is decoded at once. */
export interface BlockEnvironment {
  readonly cache: BlockCache<SampleArray>;
  readonly limiter: Limiter;
}

/** One decoded unit of one plane: `unitWidth` samples times stride a row, valid up to `rows`. */
export interface DecodedUnit {
  readonly plane: number;
  readonly column: number;
  readonly row: number;
  readonly rows: number;
  readonly samples: SampleArray;
}

/** The units of a rectangle of the unit grid. */
export interface UnitRange {
  readonly plane: number;
  readonly columns: readonly [first: number, end: number];
  /** Rows of the unit grid, ascending. */
  readonly rows: readonly number[];
}

interface Piece {
  readonly offset: number;
  readonly length: number;
  readonly rows: number;
}

interface PlannedUnit {
  readonly key: string;
  readonly plane: number;
  readonly column: number;
  readonly row: number;
  readonly rows: number;
  readonly pieces: readonly Piece[];
  /** Bytes from the first piece's start to the last piece's end. */
  readonly start: number;
  readonly end: number;
}

const maxGapBytes = 64 * 2 ** 10;
const maxReadBytes = 4 * 2 ** 20;
const maxNativeBatchBytes = 6 * 2 ** 20;

/** Reads, decodes and caches the units of one image of one file. */
export class BlockReader {
  readonly layout: TiffLayout;
  /** What a sparse block, which the file leaves out, is filled with. */
  readonly #fill: number;
  readonly #source: ByteSource;
  readonly #environment: BlockEnvironment;
  readonly #keyPrefix: string;
  readonly #inFlight = new Map<string, SharedLoad>();

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
  }

  grid(granularity: Granularity): UnitGrid {
    return unitGrid(this.layout, granularity);
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
    const shared: Promise<void>[] = [];
    for (const row of range.rows) {
      for (let column = range.columns[0]; column < range.columns[1]; column += 1) {
        const key = `${this.#keyPrefix}${granularity[0] ?? ""}${range.plane}/${column}/${row}`;
        const cached = this.#environment.cache.get(key);
        const inFlight = this.#inFlight.get(key);
        const rows = Math.min(grid.unitHeight, this.layout.height - row * grid.unitHeight);
        if (cached !== undefined) {
          use({ plane: range.plane, column, row, rows, samples: cached });
        } else if (inFlight !== undefined) {
          shared.push(
            inFlight.join(options.signal).then((samples) => {
              use({ plane: range.plane, column, row, rows, samples });
            }),
          );
        } else {
          missing.push(this.#plan(grid, key, range.plane, column, row, rows));
        }
      }
    }
    const batches = this.#batches(missing, grid);
    const loads = batches.flatMap((batch) => this.#start(batch, grid, use, options.signal));
    await settleAll([...shared, ...loads]);
  }

  /** Starts one batch; others that want its units meanwhile join it, and it stops when nobody waits any more. */
  #start(
    batch: readonly PlannedUnit[],
    grid: UnitGrid,
    use: (unit: DecodedUnit) => void,
    signal: AbortSignal | undefined,
  ): Promise<void>[] {
    const controller = new AbortController();
    // Events would do, but a batch of many units would hang as many listeners on one signal.
    const forgetAll: (() => void)[] = [];
    let interested = batch.length;
    const work = this.#environment.limiter.run(() => this.#load(batch, grid, controller.signal), {
      signal: controller.signal,
    });
    return batch.map((unit, index) => {
      const load = new SharedLoad(
        work.then((decoded) => decoded[index] as SampleArray),
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
      return load.join(signal).then((samples) => {
        use({ plane: unit.plane, column: unit.column, row: unit.row, rows: unit.rows, samples });
      });
    });
  }

  async #load(batch: readonly PlannedUnit[], grid: UnitGrid, signal: AbortSignal): Promise<SampleArray[]> {
    const present = batch.filter((unit) => unit.pieces.length > 0);
    const first = present[0];
    let bytes = new Uint8Array(0);
    let start = 0;
    if (first !== undefined) {
      start = Math.min(...present.map((unit) => unit.start));
      const end = Math.max(...present.map((unit) => unit.end));
      if (end > this.#source.size) {
        throw new RasterError(
          "damaged",
          this.#source.filePath,
          `the file is cut short: the block at column ${first.column}, row ${first.row} should reach byte ${end}, but the file ends at ${this.#source.size}`,
        );
      }
      bytes = await this.#source.read(start, end - start, { signal });
    }
    signal.throwIfAborted();
    try {
      const decoded =
        grid.blocksPerUnit === null
          ? this.#rowsOf(batch, bytes, start)
          : await this.#decode(batch, grid, bytes, start);
      decoded.forEach((samples, index) => {
        this.#environment.cache.set((batch[index] as PlannedUnit).key, samples, samples.byteLength);
      });
      return decoded;
    } catch (error) {
      throw asRasterError(
        error,
        this.#source.filePath,
        `decoding the block at column ${batch[0]?.column ?? 0}, row ${batch[0]?.row ?? 0} of its blocks`,
      );
    }
  }

  async #decode(
    batch: readonly PlannedUnit[],
    grid: UnitGrid,
    bytes: Uint8Array<ArrayBuffer>,
    start: number,
  ): Promise<SampleArray[]> {
    const encoded: EncodedBlock[] = [];
    for (const unit of batch) {
      for (const piece of unit.pieces) {
        if (piece.length > 0) {
          const from = piece.offset - start;
          encoded.push({ bytes: bytes.slice(from, from + piece.length), rows: piece.rows });
        }
      }
    }
    const decoded = await decodeBlocks(this.layout, encoded);
    const stride = this.#stride;
    let next = 0;
    return batch.map((unit) => {
      const onlyPiece = unit.pieces.length === 1 ? unit.pieces[0] : undefined;
      if (onlyPiece !== undefined && onlyPiece.length > 0) {
        return decoded[next++] as SampleArray;
      }
      const rows = this.layout.tiled ? grid.unitHeight : unit.rows;
      const samples = allocateSamples(this.layout.dtype, grid.unitWidth * rows * stride);
      if (unit.pieces.length === 0) {
        return samples.fill(this.#fill);
      }
      let at = 0;
      for (const piece of unit.pieces) {
        const length = piece.rows * grid.unitWidth * stride;
        if (piece.length > 0) {
          samples.set(decoded[next++] as SampleArray, at);
        } else {
          samples.fill(this.#fill, at, at + length);
        }
        at += length;
      }
      return samples;
    });
  }

  /** Uncompressed strips: a unit's rows are its pieces' bytes, one behind the other. */
  #rowsOf(batch: readonly PlannedUnit[], bytes: Uint8Array<ArrayBuffer>, start: number): SampleArray[] {
    return batch.map((unit) => {
      const stride = this.#stride;
      const rowBytes = Math.ceil((this.layout.width * stride * this.layout.bitsPerSample) / 8);
      if (unit.pieces.length === 0) {
        return allocateSamples(this.layout.dtype, this.layout.width * unit.rows * stride).fill(this.#fill);
      }
      const joined = new Uint8Array(rowBytes * unit.rows);
      let at = 0;
      for (const piece of unit.pieces) {
        joined.set(bytes.subarray(piece.offset - start, piece.offset - start + piece.rows * rowBytes), at);
        at += piece.rows * rowBytes;
      }
      const ordered = this.layout.fillOrder === 2 ? withReversedBits(joined) : joined;
      return samplesFromBytes(ordered, this.layout, this.layout.width, unit.rows, stride);
    });
  }

  #plan(grid: UnitGrid, key: string, plane: number, column: number, row: number, rows: number): PlannedUnit {
    const { layout } = this;
    const perPlane = layout.blocksAcross * layout.blocksDown;
    const pieces: Piece[] = [];
    if (grid.blocksPerUnit === null) {
      const stride = this.#stride;
      const rowBytes = Math.ceil((layout.width * stride * layout.bitsPerSample) / 8);
      const firstRow = row * grid.unitHeight;
      for (let at = firstRow; at < firstRow + rows;) {
        const strip = Math.floor(at / layout.blockHeight);
        const within = at - strip * layout.blockHeight;
        const count = Math.min(layout.blockHeight - within, firstRow + rows - at);
        const block = plane * perPlane + strip;
        this.#pushPiece(pieces, block, within * rowBytes, count * rowBytes, count);
        at += count;
      }
    } else if (layout.tiled) {
      this.#pushPiece(
        pieces,
        plane * perPlane + row * layout.blocksAcross + column,
        0,
        null,
        layout.blockHeight,
      );
    } else {
      for (let index = 0; index < grid.blocksPerUnit; index += 1) {
        const strip = row * grid.blocksPerUnit + index;
        if (strip < layout.blocksDown) {
          const stripRows = Math.min(layout.blockHeight, layout.height - strip * layout.blockHeight);
          this.#pushPiece(pieces, plane * perPlane + strip, 0, null, stripRows);
        }
      }
    }
    const stored = pieces.filter((piece) => piece.length > 0);
    const start = stored.length === 0 ? 0 : Math.min(...stored.map((piece) => piece.offset));
    const end = stored.length === 0 ? 0 : Math.max(...stored.map((piece) => piece.offset + piece.length));
    return { key, plane, column, row, rows, pieces: stored.length === 0 ? [] : pieces, start, end };
  }

  #pushPiece(pieces: Piece[], block: number, skip: number, length: number | null, rows: number): void {
    const offset = this.layout.blockOffsets[block] as number;
    const stored = this.layout.blockLengths[block] as number;
    const sparse = stored === 0;
    if (!sparse && length !== null && skip + length > stored) {
      throw new RasterError(
        "damaged",
        this.#source.filePath,
        `strip ${block} should hold ${skip + length} bytes, but its length is given as ${stored}`,
      );
    }
    if (!sparse && !(offset + stored <= this.#source.size)) {
      throw new RasterError(
        "damaged",
        this.#source.filePath,
        `the file is cut short: block ${block} should reach byte ${offset + stored}, but the file ends at ${this.#source.size}`,
      );
    }
    pieces.push({ offset: sparse ? 0 : offset + skip, length: sparse ? 0 : (length ?? stored), rows });
  }

  /** Groups units whose bytes lie close together, so that one read serves them. */
  #batches(units: readonly PlannedUnit[], grid: UnitGrid): PlannedUnit[][] {
    const sorted = [...units].sort((first, second) => first.start - second.start);
    const decodedBytes = grid.unitWidth * grid.unitHeight * this.#stride * (this.layout.bitsPerSample / 8);
    // Blocks that are decoded one by one go in small batches, or one long batch would leave the other threads idle.
    const mostDecoded = goesNatively(this.layout, this.#stride) ? maxNativeBatchBytes : maxReadBytes;
    const most = Math.max(1, Math.floor(mostDecoded / decodedBytes));
    const batches: PlannedUnit[][] = [];
    let current: PlannedUnit[] = [];
    let start = 0;
    let end = 0;
    for (const unit of sorted) {
      const gap = unit.start - end;
      const fits =
        current.length < most &&
        gap <= maxGapBytes &&
        unit.end - start <= maxReadBytes &&
        (unit.pieces.length > 0 || current[0]?.pieces.length === 0);
      if (current.length > 0 && fits) {
        current.push(unit);
      } else {
        current = [unit];
        batches.push(current);
        start = unit.start;
        end = unit.start;
      }
      end = Math.max(end, unit.end);
    }
    return batches;
  }

  get #stride(): number {
    return this.layout.planes === 1 ? this.layout.bands : 1;
  }
}

/** A load that several readers may wait for, each able to leave; the last to leave stops it. */
class SharedLoad {
  readonly result: Promise<SampleArray>;
  readonly #abandon: () => void;
  #waiting = 0;

  constructor(result: Promise<SampleArray>, abandon: () => void) {
    this.result = result;
    this.#abandon = abandon;
  }

  join(signal: AbortSignal | undefined): Promise<SampleArray> {
    this.#waiting += 1;
    if (signal === undefined) {
      return this.result;
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting -= 1;
        if (this.#waiting === 0) {
          this.#abandon();
        }
        reject(signal.reason as Error);
      };
      if (signal.aborted) {
        leave();
        return;
      }
      signal.addEventListener("abort", leave, { once: true });
      this.result.then(resolve, reject).finally(() => {
        signal.removeEventListener("abort", leave);
      });
    });
  }
}

/** Waits for all, so that nothing runs on after a failure, then throws the first failure. */
async function settleAll(promises: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(promises);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") {
      throw outcome.reason;
    }
  }
}
