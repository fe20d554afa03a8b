import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import { windowIntersection } from "#shared/geo/pixel-window.ts";
import { RasterError } from "../raster-error.ts";
import { writeError } from "../write/atomic-file.ts";
import { modeOf } from "../write/decimate.ts";
import { ChunkStore, type ChunkAddress, type GridArray } from "./chunk-store.ts";
import {
  arrayMetadata,
  arrayMetadataSchema,
  chunkSide,
  groupMetadata,
  groupMetadataSchema,
  levelCount,
  levelSize,
  unlabelledId,
} from "./zarr-metadata.ts";

/** What a new grid is like. */
export interface ClassGridOptions extends PixelSize {
  /** Whether a confidence of 0 to 255 is kept beside each id. */
  readonly confidence?: boolean;
  /** Whether an entropy of 0 to 255 is kept beside each id. */
  readonly entropy?: boolean;
  /** How coarser levels are made of the finest; by the most frequent id when left out. */
  readonly thinning?: Thinning;
  /** Waited for before any chunk is written to the disk, which can be long before `flush`. */
  readonly beforeSave?: () => Promise<void>;
}

/**
 * Which id a pixel of a coarser level has: the most frequent of the four below it, as suits pictures, or that of the pixel of the finest level which lies
 * in its middle (to the right and below of it, as it lies between pixels), as reading the finest level by nearest pixels has.
 */
export type Thinning = "most-frequent" | "nearest";

/** Class ids of a window; the arrays belong to the caller. */
export interface ClassWindow extends PixelSize {
  /** Row by row; 255 where nobody knows and outside the grid. */
  readonly ids: Uint8Array<ArrayBuffer>;
  /** 0 to 255, row by row; null for grids without it, and where it wasn't wanted. */
  readonly confidence: Uint8Array<ArrayBuffer> | null;
  /** 0 to 255, row by row; null for grids without it, and unless asked for. */
  readonly entropy: Uint8Array<ArrayBuffer> | null;
}

interface CachedChunk {
  readonly address: ChunkAddress;
  readonly values: Uint8Array;
  /** Raised by each change, so that a write knows whether it wrote the latest. */
  changes: number;
  written: number;
}

/** 32 MB: the chunks of a screen and of a row of prediction tiles. */
const maxCachedChunks = 128;
/** 64 MB: what all grids keep together, as of the predictions of many runs that were looked at once. */
const maxChunksOfAll = 256;
const savedAtOnce = 8;
/** 16 megapixels. */
const mostChunksThinned = 64;
/** Grids that keep chunks, the one that was used longest ago first. */
const holders = new Set<ClassGrid>();

/**
 * A class raster on disk that is read and written by windows: predictions as they come, labels as they are painted.
 *
 * It is a Zarr v3 group: `ids/LEVEL`, `confidence/LEVEL` and `entropy/LEVEL`, uint8, chunks of 512 × 512, each level half the size of the one before. Coarser
 * levels are kept up to date with every write: ids by the most frequent of four (255 never outvotes an id), the others by the mean. Chunks
 * are replaced whole, so a crash loses writes since the last `flush`, never a chunk.
 */
export class ClassGrid {
  readonly folder: string;
  readonly width: number;
  readonly height: number;
  readonly hasConfidence: boolean;
  readonly hasEntropy: boolean;
  readonly #levels: number;
  readonly #thinning: Thinning;
  readonly #beforeSave: (() => Promise<void>) | undefined;
  readonly #store: ChunkStore;
  readonly #cache = new Map<string, CachedChunk>();
  readonly #loading = new Map<string, Promise<CachedChunk>>();
  #writes: Promise<unknown> = Promise.resolve();
  #isWriting = false;

  private constructor(
    folder: string,
    size: PixelSize,
    kept: { readonly confidence: boolean; readonly entropy: boolean },
    { thinning = "most-frequent", beforeSave }: Pick<ClassGridOptions, "thinning" | "beforeSave">,
  ) {
    this.folder = folder;
    this.width = size.width;
    this.height = size.height;
    this.hasConfidence = kept.confidence;
    this.hasEntropy = kept.entropy;
    this.#levels = levelCount(size.width, size.height);
    this.#thinning = thinning;
    this.#beforeSave = beforeSave;
    this.#store = new ChunkStore(folder, { ids: unlabelledId, confidence: 0, entropy: 0 });
  }

  /** Creates a grid full of 255 in a folder that doesn't hold one yet. */
  static async create(folder: string, options: ClassGridOptions): Promise<ClassGrid> {
    const { width, height, confidence = false, entropy = false } = options;
    try {
      if (await exists(join(folder, "zarr.json"))) {
        throw new RasterError("invalid-request", folder, "a class grid is there already");
      }
      for (const array of arraysOf({ confidence, entropy })) {
        for (let level = 0; level < levelCount(width, height); level += 1) {
          const path = join(folder, array, String(level));
          await mkdir(path, { recursive: true });
          await writeFile(
            join(path, "zarr.json"),
            arrayMetadata(width, height, level, array === "ids" ? unlabelledId : 0),
          );
        }
      }
      // Last, since a grid exists from the moment that this file does.
      await writeFile(join(folder, "zarr.json"), groupMetadata(width, height, { confidence, entropy }));
    } catch (error) {
      throw writeError(error, folder);
    }
    return new ClassGrid(folder, { width, height }, { confidence, entropy }, options);
  }

  /** Opens a grid, checking that its files say what a class grid's would. `thinning` is how what is written makes coarser levels. */
  static async open(
    folder: string,
    options: Pick<ClassGridOptions, "thinning" | "beforeSave"> = {},
  ): Promise<ClassGrid> {
    const { attributes } = await readMetadata(join(folder, "zarr.json"), groupMetadataSchema);
    const { width, height, confidence, entropy, levels } = attributes.orthomask;
    for (const array of arraysOf({ confidence, entropy })) {
      for (let level = 0; level < levels; level += 1) {
        const path = join(folder, array, String(level), "zarr.json");
        const { shape } = await readMetadata(path, arrayMetadataSchema);
        const size = levelSize(width, height, level);
        if (shape[0] !== size.height || shape[1] !== size.width) {
          throw new RasterError(
            "damaged",
            path,
            `expected ${size.width} × ${size.height} pixels, found ${shape[1]} × ${shape[0]}`,
          );
        }
      }
    }
    if (levels !== levelCount(width, height)) {
      throw new RasterError(
        "damaged",
        folder,
        `expected ${levelCount(width, height)} resolutions, found ${levels}`,
      );
    }
    return new ClassGrid(folder, { width, height }, { confidence, entropy }, options);
  }

  /**
   * Writes ids, and confidence and entropy if the grid keeps them, into a window; parts outside the grid are ignored.
   *
   * It is visible to `readWindow` when the promise resolves and safe on disk after `flush`.
   */
  writeWindow(
    pixelWindow: PixelWindow,
    ids: Uint8Array,
    confidence: Uint8Array | null = null,
    entropy: Uint8Array | null = null,
  ): Promise<void> {
    const expected = pixelWindow.width * pixelWindow.height;
    if ([ids, confidence, entropy].some((values) => values !== null && values.length !== expected)) {
      throw new RasterError(
        "invalid-request",
        this.folder,
        `expected ${expected} values for the window, got ${ids.length}`,
      );
    }
    return this.#inTurn(async () => {
      const inside = windowIntersection(pixelWindow, { x: 0, y: 0, width: this.width, height: this.height });
      if (inside === null) {
        return;
      }
      await this.#copyIn("ids", inside, pixelWindow, ids);
      await (this.#thinning === "nearest" ? this.#pickNearest(inside) : this.#decimate("ids", inside));
      if (this.hasConfidence && confidence !== null) {
        await this.#copyIn("confidence", inside, pixelWindow, confidence);
        await this.#decimate("confidence", inside);
      }
      if (this.hasEntropy && entropy !== null) {
        await this.#copyIn("entropy", inside, pixelWindow, entropy);
        await this.#decimate("entropy", inside);
      }
      await this.#shrinkCache();
      this.#keepAllSmall();
    });
  }

  /** Reads a window at the given size from the level that fits; nearest pixels, since ids can't be mixed. */
  async readWindow(
    request: {
      readonly pixelWindow: PixelWindow;
      readonly outputSize?: PixelSize | undefined;
      /** Whether confidences are wanted too, where there are any; they are unless `false`. */
      readonly confidence?: boolean | undefined;
      /** Whether entropies are wanted too, which few readers need. */
      readonly entropy?: boolean | undefined;
    },
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<ClassWindow> {
    const { pixelWindow } = request;
    const output = request.outputSize ?? { width: pixelWindow.width, height: pixelWindow.height };
    const level = this.#levelFor(pixelWindow, output);
    const size = levelSize(this.width, this.height, level);
    const columns = sourcePositions(pixelWindow.x, pixelWindow.width, output.width, level, size.width);
    const rows = sourcePositions(pixelWindow.y, pixelWindow.height, output.height, level, size.height);
    const ids = await this.#gather("ids", level, columns, rows, unlabelledId, options.signal);
    const confidence =
      this.hasConfidence && request.confidence !== false
        ? await this.#gather("confidence", level, columns, rows, 0, options.signal)
        : null;
    const entropy =
      this.hasEntropy && request.entropy === true
        ? await this.#gather("entropy", level, columns, rows, 0, options.signal)
        : null;
    return { width: output.width, height: output.height, ids, confidence, entropy };
  }

  /** The coarsest level that still has a pixel for each of the output; of ids thinned by nearest pixels the finest, unless a coarser one has the same or it is too much to read. */
  #levelFor({ x, y, width, height }: PixelWindow, output: PixelSize): number {
    const [across, down] = [width / output.width, height / output.height];
    const wanted = Math.max(0, Math.floor(Math.log2(Math.min(across, down)) + 1e-9));
    const level = Math.min(this.#levels - 1, wanted);
    const step = 2 ** level;
    const isSame = across === step && down === step && x % step === 0 && y % step === 0;
    const chunks = Math.ceil(width / chunkSide + 1) * Math.ceil(height / chunkSide + 1);
    return this.#thinning === "nearest" && !isSame && chunks <= mostChunksThinned ? 0 : level;
  }

  /** Writes every changed chunk to the disk. */
  flush(): Promise<void> {
    return this.#inTurn(async () => {
      const chunks = [...this.#cache.values()];
      // Several at a time: what takes long is waiting for the disk, and it waits for all of them at once.
      for (let first = 0; first < chunks.length; first += savedAtOnce) {
        await Promise.all(chunks.slice(first, first + savedAtOnce).map((chunk) => this.#save(chunk)));
      }
    });
  }

  async #copyIn(
    array: GridArray,
    inside: PixelWindow,
    whole: PixelWindow,
    values: Uint8Array,
  ): Promise<void> {
    await this.#eachChunk(array, 0, inside, (chunk, part) => {
      for (let row = 0; row < part.height; row += 1) {
        const from = (part.y + row - whole.y) * whole.width + part.x - whole.x;
        const to = ((part.y + row) % chunkSide) * chunkSide + (part.x % chunkSide);
        chunk.values.set(values.subarray(from, from + part.width), to);
      }
      chunk.changes += 1;
    });
  }

  /** Brings the coarser ids under a window of the finest up to date: of each, the pixel in its middle. */
  async #pickNearest(inside: PixelWindow): Promise<void> {
    for (let level = 1; level < this.#levels; level += 1) {
      const step = 2 ** level;
      const middle = step / 2;
      const first = (start: number): number => Math.max(0, Math.ceil((start - middle) / step));
      const end = (finerEnd: number): number => Math.floor((finerEnd - 1 - middle) / step) + 1;
      const [x, y] = [first(inside.x), first(inside.y)];
      const width = end(inside.x + inside.width) - x;
      const height = end(inside.y + inside.height) - y;
      if (width <= 0 || height <= 0) {
        continue;
      }
      await this.#eachChunk("ids", level, { x, y, width, height }, async (chunk, part) => {
        const finest = {
          x: part.x * step + middle,
          y: part.y * step + middle,
          width: (part.width - 1) * step + 1,
          height: (part.height - 1) * step + 1,
        };
        await this.#eachChunk("ids", 0, finest, (source, area) => {
          for (let row = first(area.y); row < end(area.y + area.height); row += 1) {
            const from = ((row * step + middle) % chunkSide) * chunkSide;
            const to = (row % chunkSide) * chunkSide;
            for (let column = first(area.x); column < end(area.x + area.width); column += 1) {
              chunk.values[to + (column % chunkSide)] = source.values[
                from + ((column * step + middle) % chunkSide)
              ] as number;
            }
          }
        });
        chunk.changes += 1;
      });
    }
  }

  /** Brings the coarser levels under a window of the finest up to date. */
  async #decimate(array: GridArray, inside: PixelWindow): Promise<void> {
    let changed = inside;
    for (let level = 1; level < this.#levels; level += 1) {
      const finerSize = levelSize(this.width, this.height, level - 1);
      const left = changed.x >> 1;
      const top = changed.y >> 1;
      const right = (changed.x + changed.width + 1) >> 1;
      const bottom = (changed.y + changed.height + 1) >> 1;
      changed = { x: left, y: top, width: right - left, height: bottom - top };
      // A coarse chunk lies over exactly four finer ones.
      await this.#eachChunk(array, level, changed, async (chunk, part) => {
        const finer = windowIntersection(
          { x: part.x * 2, y: part.y * 2, width: part.width * 2, height: part.height * 2 },
          { x: 0, y: 0, ...finerSize },
        );
        if (finer === null) {
          return;
        }
        await this.#eachChunk(array, level - 1, finer, (source, area) => {
          halveChunk(source.values, chunk.values, area, array);
        });
        chunk.changes += 1;
      });
    }
  }

  /** Visits the chunks under a window of a level with the part of the window in each, in the level's pixels. */
  async #eachChunk(
    array: GridArray,
    level: number,
    window: PixelWindow,
    visit: (chunk: CachedChunk, part: PixelWindow) => void | Promise<void>,
  ): Promise<void> {
    const lastRow = Math.floor((window.y + window.height - 1) / chunkSide);
    const lastColumn = Math.floor((window.x + window.width - 1) / chunkSide);
    for (let row = Math.floor(window.y / chunkSide); row <= lastRow; row += 1) {
      for (let column = Math.floor(window.x / chunkSide); column <= lastColumn; column += 1) {
        const area = { x: column * chunkSide, y: row * chunkSide, width: chunkSide, height: chunkSide };
        const part = windowIntersection(window, area);
        if (part !== null) {
          await visit(await this.#chunk({ array, level, row, column }), part);
        }
      }
    }
  }

  async #gather(
    array: GridArray,
    level: number,
    columns: Int32Array,
    rows: Int32Array,
    outside: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const output = new Uint8Array(columns.length * rows.length).fill(outside);
    const chunkRows = [...new Set(rows.filter((row) => row >= 0).map((row) => Math.floor(row / chunkSide)))];
    const chunkColumns = [
      ...new Set(columns.filter((column) => column >= 0).map((column) => Math.floor(column / chunkSide))),
    ];
    const runs = isRising(columns) ? chunkColumns.map((column) => columnRun(columns, column)) : null;
    for (const row of chunkRows) {
      signal?.throwIfAborted();
      // A row of chunks at once: what takes long is inflating, which goes on beside us.
      const chunks = await Promise.all(
        chunkColumns.map((column) => this.#chunk({ array, level, row, column })),
      );
      for (let y = 0; y < rows.length; y += 1) {
        const sourceRow = rows[y] as number;
        if (sourceRow < 0 || Math.floor(sourceRow / chunkSide) !== row) {
          continue;
        }
        const line = (sourceRow % chunkSide) * chunkSide;
        const target = y * columns.length;
        if (runs !== null) {
          for (const [index, { start, end, source }] of runs.entries()) {
            const from = line + source;
            output.set(
              (chunks[index] as CachedChunk).values.subarray(from, from + end - start),
              target + start,
            );
          }
          continue;
        }
        for (const [index, { values }] of chunks.entries()) {
          const column = chunkColumns[index] as number;
          for (let x = 0; x < columns.length; x += 1) {
            const sourceColumn = columns[x] as number;
            if (sourceColumn >= 0 && Math.floor(sourceColumn / chunkSide) === column) {
              output[target + x] = values[line + (sourceColumn % chunkSide)] as number;
            }
          }
        }
      }
    }
    this.#forgetUnchanged(maxCachedChunks);
    this.#keepAllSmall();
    return output;
  }

  async #chunk(address: ChunkAddress): Promise<CachedChunk> {
    const key = `${address.array}/${address.level}/${address.row}/${address.column}`;
    const cached = this.#cache.get(key);
    if (cached !== undefined) {
      this.#cache.delete(key);
      this.#cache.set(key, cached);
      return cached;
    }
    const loading = this.#loading.get(key);
    if (loading !== undefined) {
      return loading;
    }
    const load = this.#store
      .read(address)
      .then((values) => {
        const chunk: CachedChunk = { address, values, changes: 0, written: 0 };
        this.#cache.set(key, chunk);
        return chunk;
      })
      .finally(() => this.#loading.delete(key));
    this.#loading.set(key, load);
    return load;
  }

  async #save(chunk: CachedChunk): Promise<void> {
    if (chunk.changes > chunk.written) {
      await this.#beforeSave?.();
      const { changes } = chunk;
      await this.#store.write(chunk.address, chunk.values);
      chunk.written = changes;
    }
  }

  async #shrinkCache(): Promise<void> {
    const surplus = [...this.#cache.entries()].slice(0, Math.max(0, this.#cache.size - maxCachedChunks));
    for (const [key, chunk] of surplus) {
      await this.#save(chunk);
      this.#cache.delete(key);
    }
  }

  /** Has the other grids let go of what they needn't keep, the ones used longest ago first. */
  #keepAllSmall(): void {
    holders.delete(this);
    holders.add(this);
    let surplus = -maxChunksOfAll;
    for (const grid of holders) {
      surplus += grid.#cache.size;
    }
    for (const grid of holders) {
      if (surplus <= 0) {
        return;
      }
      const before = grid.#cache.size;
      grid.#forgetUnchanged(Math.max(0, before - surplus));
      surplus -= before - grid.#cache.size;
      if (grid.#cache.size === 0) {
        holders.delete(grid);
      }
    }
  }

  /**
   * Lets go of chunks until no more than so many are left. Readers may only drop what the disk has, and nothing while a write is on: it may be about to change
   * what it holds.
   */
  #forgetUnchanged(most: number): void {
    if (this.#isWriting) {
      return;
    }
    for (const [key, chunk] of this.#cache) {
      if (this.#cache.size <= most) {
        return;
      }
      if (chunk.changes === chunk.written) {
        this.#cache.delete(key);
      }
    }
  }

  /** Runs writes one after the other: the halving of a level must not meet another write half-way. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#writes.then(async () => {
      this.#isWriting = true;
      try {
        return await work();
      } finally {
        this.#isWriting = false;
      }
    });
    this.#writes = result.catch(() => undefined);
    return result;
  }
}

/** Which pixel of a level each output pixel shows, -1 outside. */
function sourcePositions(
  start: number,
  length: number,
  count: number,
  level: number,
  limit: number,
): Int32Array {
  const factor = 2 ** level;
  return Int32Array.from({ length: count }, (_, index) => {
    const position = Math.floor((start + ((index + 0.5) * length) / count) / factor);
    return position < 0 || position >= limit ? -1 : position;
  });
}

/** Whether the columns inside the grid follow each other one by one, as they do at a level's own resolution. */
function isRising(columns: Int32Array): boolean {
  const first = columns.findIndex((column) => column >= 0);
  const last = columns.findLastIndex((column) => column >= 0);
  return first >= 0 && (columns[last] as number) - (columns[first] as number) === last - first;
}

/** Where the columns of one chunk lie in the output (from `start` up to `end`), and at which of its own columns they begin. */
function columnRun(
  columns: Int32Array,
  chunkColumn: number,
): { readonly start: number; readonly end: number; readonly source: number } {
  const isInside = (column: number): boolean => Math.floor(column / chunkSide) === chunkColumn && column >= 0;
  const start = columns.findIndex(isInside);
  return { start, end: columns.findLastIndex(isInside) + 1, source: (columns[start] as number) % chunkSide };
}

/** Halves the part of a fine chunk given in its level's pixels into the coarse chunk above it. */
function halveChunk(fine: Uint8Array, coarse: Uint8Array, area: PixelWindow, array: GridArray): void {
  const four = new Uint8Array(4);
  for (let y = area.y; y < area.y + area.height; y += 2) {
    for (let x = area.x; x < area.x + area.width; x += 2) {
      let count = 0;
      for (let quarter = 0; quarter < 4; quarter += 1) {
        const column = x + (quarter & 1);
        const row = y + (quarter >> 1);
        if (column < area.x + area.width && row < area.y + area.height) {
          const value = fine[(row % chunkSide) * chunkSide + (column % chunkSide)] as number;
          if (array !== "ids" || value !== unlabelledId) {
            four[count] = value;
            count += 1;
          }
        }
      }
      const target = ((y >> 1) % chunkSide) * chunkSide + ((x >> 1) % chunkSide);
      if (array === "ids") {
        coarse[target] = count === 0 ? unlabelledId : modeOf(four, count);
      } else {
        let sum = 0;
        for (let index = 0; index < count; index += 1) {
          sum += four[index] as number;
        }
        coarse[target] = count === 0 ? 0 : Math.round(sum / count);
      }
    }
  }
}

/** The arrays of a grid that keeps these. */
function arraysOf(kept: { readonly confidence: boolean; readonly entropy: boolean }): GridArray[] {
  return ["ids", ...(["confidence", "entropy"] as const).filter((array) => kept[array])];
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function readMetadata<Metadata>(
  path: string,
  schema: { parse(value: unknown): Metadata },
): Promise<Metadata> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new RasterError("not-found", path, "expected a class grid, but this file is missing", error);
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new RasterError("damaged", path, "expected the metadata of a class grid", error);
  }
}
