import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import { windowIntersection } from "#shared/geo/pixel-window.ts";
// Not by the index, which loads native decoders that labels never need.
import { ClassGrid, RasterError } from "../../raster/class-grid/index.ts";
import { IdCounts } from "./id-counts.ts";
import type { LabelBase } from "./label-base.ts";
import type { CountChanges } from "./label-records.ts";

/** The chunks of a class grid. */
export const CHUNK_SIDE = 512;

/** As a mask without overviews is read, so that nothing jumps at the borders of what was edited. */
const thinning = "nearest";

interface Options {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Labels of which only the chunks that were edited are ours: all others are read from the mask. A chunk is taken over whole, with the mask's
 * pixels in it, when the first of them changes.
 */
export class LabelGrid {
  readonly #grid: ClassGrid;
  readonly #base: LabelBase;
  readonly #columns: number;
  /** Chunks that are ours, by row · columns + column. */
  readonly #taken: Set<number>;

  private constructor(grid: ClassGrid, base: LabelBase, taken: Set<number>) {
    this.#grid = grid;
    this.#base = base;
    this.#columns = Math.ceil(base.width / CHUNK_SIDE);
    this.#taken = taken;
  }

  /**
   * Opens the grid in a folder, or makes an empty one. `beforeSave` is waited for before chunks are written to the disk. Throws a RasterError when it is of another size
   * or damaged.
   */
  static async open(
    folder: string,
    base: LabelBase,
    options: { readonly beforeSave?: () => Promise<void> } = {},
  ): Promise<LabelGrid> {
    const isThere = await stat(path.join(folder, "zarr.json")).then(
      () => true,
      () => false,
    );
    const grid = isThere
      ? await ClassGrid.open(folder, { ...options, thinning })
      : await ClassGrid.create(folder, { ...options, width: base.width, height: base.height, thinning });
    if (grid.width !== base.width || grid.height !== base.height) {
      throw new RasterError(
        "invalid-request",
        folder,
        `what was painted is ${grid.width}×${grid.height} px, its image is ${base.width}×${base.height}`,
      );
    }
    const taken = isThere
      ? await listChunks(path.join(folder, "ids", "0", "c"), Math.ceil(base.width / CHUNK_SIDE))
      : new Set<number>();
    return new LabelGrid(grid, base, taken);
  }

  get width(): number {
    return this.#grid.width;
  }

  get height(): number {
    return this.#grid.height;
  }

  /** Whether any chunk is ours. */
  get isEdited(): boolean {
    return this.#taken.size > 0;
  }

  /** Ids of a window, 255 outside; where it is made smaller, the nearest pixels. */
  async read(
    request: { readonly pixelWindow: PixelWindow; readonly outputSize?: PixelSize | undefined },
    options: Options = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    const inside = this.#inside(request.pixelWindow);
    const keys = inside === null ? [] : [...this.#chunksUnder(inside)].map(({ key }) => key);
    const ours = keys.filter((key) => this.#taken.has(key)).length;
    if (ours === 0) {
      return this.#base.read(request, options);
    }
    const { ids } = await this.#grid.readWindow(request, options);
    return ours === keys.length ? ids : this.#mix(ids, await this.#base.read(request, options), request);
  }

  /** Writes ids into a window that lies in one chunk. They are on disk after `flush`. */
  async write(window: PixelWindow, ids: Uint8Array): Promise<void> {
    const [chunk] = this.#chunksUnder(window);
    if (chunk === undefined) {
      return;
    }
    if (this.#taken.has(chunk.key)) {
      await this.#grid.writeWindow(window, ids);
      return;
    }
    const whole = await this.#base.read({ pixelWindow: chunk.window });
    for (let row = 0; row < window.height; row++) {
      const to = (window.y + row - chunk.window.y) * chunk.window.width + window.x - chunk.window.x;
      whole.set(ids.subarray(row * window.width, (row + 1) * window.width), to);
    }
    await this.#grid.writeWindow(chunk.window, whole);
    this.#taken.add(chunk.key);
  }

  /** Makes the coarser resolutions of a chunk anew, in case a crash came between it and them. */
  async renew(chunkKey: number): Promise<void> {
    const pixelWindow = this.#chunkWindow(chunkKey);
    if (this.#taken.has(chunkKey)) {
      await this.#grid.writeWindow(pixelWindow, (await this.#grid.readWindow({ pixelWindow })).ids);
    }
  }

  /** The parts of a window in each chunk, those outside the raster left out. */
  partsOf(window: PixelWindow): PixelWindow[] {
    const inside = this.#inside(window);
    return inside === null
      ? []
      : [...this.#chunksUnder(inside)].flatMap((chunk) => windowIntersection(chunk.window, inside) ?? []);
  }

  chunkKey({ x, y }: Pick<PixelWindow, "x" | "y">): number {
    return Math.floor(y / CHUNK_SIDE) * this.#columns + Math.floor(x / CHUNK_SIDE);
  }

  /** Counts anew how many pixels of each id there are beyond the mask's: only chunks that are ours are read. */
  async countChanges(options: Options = {}): Promise<CountChanges> {
    const counts = new IdCounts();
    for (const key of this.#taken) {
      options.signal?.throwIfAborted();
      const pixelWindow = this.#chunkWindow(key);
      const [before, { ids }] = await Promise.all([
        this.#base.read({ pixelWindow }, options),
        this.#grid.readWindow({ pixelWindow }, options),
      ]);
      counts.addDifference(before, ids);
    }
    return counts.changes();
  }

  flush(): Promise<void> {
    return this.#grid.flush();
  }

  #inside(window: PixelWindow): PixelWindow | null {
    return windowIntersection(window, { x: 0, y: 0, width: this.width, height: this.height });
  }

  #chunkWindow(key: number): PixelWindow {
    const x = (key % this.#columns) * CHUNK_SIDE;
    const y = Math.floor(key / this.#columns) * CHUNK_SIDE;
    return {
      x,
      y,
      width: Math.min(CHUNK_SIDE, this.width - x),
      height: Math.min(CHUNK_SIDE, this.height - y),
    };
  }

  *#chunksUnder(inside: PixelWindow): Generator<{ readonly key: number; readonly window: PixelWindow }> {
    const lastRow = Math.floor((inside.y + inside.height - 1) / CHUNK_SIDE);
    const lastColumn = Math.floor((inside.x + inside.width - 1) / CHUNK_SIDE);
    for (let row = Math.floor(inside.y / CHUNK_SIDE); row <= lastRow; row++) {
      for (let column = Math.floor(inside.x / CHUNK_SIDE); column <= lastColumn; column++) {
        const key = row * this.#columns + column;
        yield { key, window: this.#chunkWindow(key) };
      }
    }
  }

  /** Ours where the chunk is ours, the mask's elsewhere: each output pixel belongs to the chunk that its centre lies in. */
  #mix(
    ours: Uint8Array<ArrayBuffer>,
    base: Uint8Array<ArrayBuffer>,
    request: { readonly pixelWindow: PixelWindow; readonly outputSize?: PixelSize | undefined },
  ): Uint8Array<ArrayBuffer> {
    const { x, y, width, height } = request.pixelWindow;
    const output = request.outputSize ?? request.pixelWindow;
    for (let row = 0; row < output.height; row++) {
      const sourceY = Math.floor(y + ((row + 0.5) * height) / output.height);
      for (let column = 0; column < output.width; column++) {
        const sourceX = Math.floor(x + ((column + 0.5) * width) / output.width);
        const isInside = sourceX >= 0 && sourceY >= 0 && sourceX < this.width && sourceY < this.height;
        if (!isInside || !this.#taken.has(this.chunkKey({ x: sourceX, y: sourceY }))) {
          const pixel = row * output.width + column;
          ours[pixel] = base[pixel] as number;
        }
      }
    }
    return ours;
  }
}

/** Removes what a crash left of chunks that were being written; only for who alone may write them. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch((): string[] => []);
  for (const name of names) {
    if (name.endsWith(".partial")) {
      await rm(path.join(folder, name), { force: true });
    }
  }
}

/** Which chunks have a file. */
async function listChunks(folder: string, columns: number): Promise<Set<number>> {
  const found = new Set<number>();
  const rows = await readdir(folder).catch((): string[] => []);
  for (const row of rows.filter((name) => /^\d+$/.test(name))) {
    for (const name of await readdir(path.join(folder, row))) {
      if (/^\d+$/.test(name)) {
        found.add(Number(row) * columns + Number(name));
      }
    }
  }
  return found;
}
