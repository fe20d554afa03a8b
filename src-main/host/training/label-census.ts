import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { LabelKnowledge } from "#shared/training/tile-split.ts";
import type { Project } from "../projects/index.ts";

/** Side of a census cell in mosaic pixels: fine enough for the smallest tile. */
const CELL_PIXELS = 32;
/** Rows read at once, a multiple of the cell. */
const BAND_ROWS = 512;

/** Pixels of each class in each cell of one mosaic's labels. */
export interface MosaicCensus extends PixelSize {
  readonly columns: number;
  readonly rows: number;
  readonly classIds: readonly number[];
  /** `rows · columns · classIds.length` counts, row-major, classes innermost; at most 1024 each. */
  readonly counts: Uint16Array;
}

/**
 * Counts labels once for each mosaic, mask and set of classes, so that a plan for any tile size, split and share is made without
 * reading the masks again. Keeps 2 bytes a class for each 32×32 pixels: 0.8 MB for a mosaic of 9000×9500 with 5 classes.
 */
export class LabelCensus {
  readonly #entries = new Map<string, Promise<MosaicCensus>>();
  readonly #finished = new Map<string, MosaicCensus>();

  /** The counts of these mosaics, read where they aren't known yet; one failing read fails the whole, and is tried again next time. */
  async count(
    project: Project,
    mosaicIds: readonly string[],
    classIds: readonly number[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<ReadonlyMap<string, MosaicCensus>> {
    const result = new Map<string, MosaicCensus>();
    for (const mosaicId of mosaicIds) {
      options.signal?.throwIfAborted();
      const key = censusKey(project, mosaicId, classIds);
      let entry = this.#entries.get(key);
      if (entry === undefined) {
        // Not aborted with its first caller: others may wait for the same counts.
        entry = readCensus(project, mosaicId, classIds);
        this.#forgetOlder(project, mosaicId);
        this.#entries.set(key, entry);
        entry.then(
          (census) => {
            if (this.#entries.has(key)) {
              this.#finished.set(key, census);
            }
          },
          () => this.#entries.delete(key),
        );
      }
      result.set(mosaicId, await entry);
    }
    return result;
  }

  /** The counts if all are known already, else null. */
  known(
    project: Project,
    mosaicIds: readonly string[],
    classIds: readonly number[],
  ): ReadonlyMap<string, MosaicCensus> | null {
    const result = new Map<string, MosaicCensus>();
    for (const mosaicId of mosaicIds) {
      const census = this.#finished.get(censusKey(project, mosaicId, classIds));
      if (census === undefined) {
        return null;
      }
      result.set(mosaicId, census);
    }
    return result;
  }

  /** Labels change with every stroke: counts of how they were are of no use to anyone. */
  #forgetOlder(project: Project, mosaicId: string): void {
    const current = censusKey(project, mosaicId, []);
    for (const key of this.#entries.keys()) {
      if (key.startsWith(`${project.id}/${mosaicId}/`) && !key.startsWith(current)) {
        this.#entries.delete(key);
        this.#finished.delete(key);
      }
    }
  }
}

/** What a split asks of the counts; `classes` are the counted ones, in the network's order. */
export function labelKnowledge(
  censuses: ReadonlyMap<string, MosaicCensus>,
  classes: readonly { readonly id: number; readonly name: string }[],
): LabelKnowledge {
  const remembered = new Map<string, readonly number[]>();
  return {
    classNames: classes.map(({ name }) => name),
    classPixels: (mosaicId, pixelWindow) => {
      const { x, y, width, height } = pixelWindow;
      const key = `${x},${y},${width},${height},${mosaicId}`;
      const known = remembered.get(key);
      if (known !== undefined) {
        return known;
      }
      const census = censuses.get(mosaicId);
      const counts = classes.map(({ id }) =>
        census === undefined ? 0 : pixelsInWindow(census, census.classIds.indexOf(id), pixelWindow),
      );
      remembered.set(key, counts);
      return counts;
    },
  };
}

/**
 * Pixels of a class in a window. A cell that the window cuts counts by the share inside, rounded up, so that a window is never taken for empty
 * when it isn't.
 */
function pixelsInWindow(
  census: MosaicCensus,
  classIndex: number,
  { x, y, width, height }: PixelWindow,
): number {
  if (classIndex < 0) {
    return 0;
  }
  const endColumn = Math.min(census.columns, Math.ceil((x + width) / CELL_PIXELS));
  const endRow = Math.min(census.rows, Math.ceil((y + height) / CELL_PIXELS));
  let pixels = 0;
  for (let row = Math.max(0, Math.floor(y / CELL_PIXELS)); row < endRow; row++) {
    const down = shareInside(row, census.height, y, height);
    for (let column = Math.max(0, Math.floor(x / CELL_PIXELS)); column < endColumn; column++) {
      const count = census.counts[(row * census.columns + column) * census.classIds.length + classIndex] ?? 0;
      if (count > 0) {
        pixels += Math.ceil(count * shareInside(column, census.width, x, width) * down);
      }
    }
  }
  return pixels;
}

/** How much of a cell, along one axis, a window covers: 0–1. The last cell ends where the mosaic does. */
function shareInside(cell: number, mosaicLength: number, start: number, length: number): number {
  const first = cell * CELL_PIXELS;
  const end = Math.min(first + CELL_PIXELS, mosaicLength);
  return (Math.min(end, start + length) - Math.max(first, start)) / (end - first);
}

function censusKey(project: Project, mosaicId: string, classIds: readonly number[]): string {
  return `${project.id}/${mosaicId}/${project.labelsVersion(mosaicId) ?? "no labels"}/${classIds.join(",")}`;
}

async function readCensus(
  project: Project,
  mosaicId: string,
  classIds: readonly number[],
): Promise<MosaicCensus> {
  const { width, height } = project.mosaic(mosaicId).image;
  const columns = Math.ceil(width / CELL_PIXELS);
  const rows = Math.ceil(height / CELL_PIXELS);
  const classCount = classIds.length;
  const counts = new Uint16Array(rows * columns * classCount);
  if (project.labelsVersion(mosaicId) === null || classCount === 0) {
    return { width, height, columns, rows, classIds, counts };
  }
  const indexOfId = new Int16Array(256).fill(-1);
  for (const [index, id] of classIds.entries()) {
    indexOfId[id] = index;
  }
  for (let y = 0; y < height; y += BAND_ROWS) {
    const bandRows = Math.min(BAND_ROWS, height - y);
    const labels = await project.readLabels(mosaicId, { pixelWindow: { x: 0, y, width, height: bandRows } });
    for (let line = 0; line < bandRows; line++) {
      const cellRow = Math.floor((y + line) / CELL_PIXELS) * columns;
      for (let column = 0; column < width; column++) {
        const index = indexOfId[labels[line * width + column] as number] as number;
        if (index >= 0) {
          const cell = (cellRow + Math.floor(column / CELL_PIXELS)) * classCount + index;
          counts[cell] = (counts[cell] as number) + 1;
        }
      }
    }
  }
  return { width, height, columns, rows, classIds, counts };
}
