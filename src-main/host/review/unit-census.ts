import { setImmediate } from "node:timers/promises";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import { gridOf, REVIEW_UNIT_PIXELS } from "#shared/labels/review-cells.ts";
import type { Project } from "../projects/index.ts";
import { countUnit, findImagery, type ImageryUnits } from "./imagery-units.ts";

/** Pixels with imagery, and those of them that carry a class, by unit, row-major. */
export interface UnitCounts {
  readonly columns: number;
  readonly rows: number;
  readonly imagery: Uint32Array;
  readonly labelled: Uint32Array;
}

interface Known {
  /** What the counts are of: files, classes. */
  readonly key: string;
  readonly version: string | null;
  readonly counts: UnitCounts;
  readonly imagery: ImageryUnits;
}

/** Waits until nobody needs the processor more, or the signal aborts. */
export type UntilQuiet = (signal: AbortSignal) => Promise<void>;

/**
 * How many pixels of each unit of a project's mosaics are labelled, kept up to date while somebody wants to know.
 *
 * A mosaic is read once, whole, when tiles leave time for it; then only the units under what is painted.
 */
export class UnitCensus {
  readonly #project: Project;
  readonly #untilQuiet: UntilQuiet;
  readonly #onCounted: (mosaicId: string) => void;
  readonly #known = new Map<string, Known>();
  /** Units to count again, by mosaic. */
  readonly #outdated = new Map<string, Set<number>>();
  /** What is being counted for the first time: what is painted meanwhile is counted again after it. */
  #counting: { readonly mosaicId: string; readonly counts: UnitCounts } | null = null;
  #wake: () => void = () => undefined;

  constructor(given: {
    readonly project: Project;
    readonly untilQuiet: UntilQuiet;
    readonly onCounted: (mosaicId: string) => void;
  }) {
    this.#project = given.project;
    this.#untilQuiet = given.untilQuiet;
    this.#onCounted = given.onCounted;
  }

  /** Null until the mosaic has been counted as its files and the classes are now. */
  counts(mosaicId: string): UnitCounts | null {
    const known = this.#known.get(mosaicId);
    return known !== undefined && known.key === this.#key(mosaicId) ? known.counts : null;
  }

  /** Counts what isn't known and what changes, until the signal aborts. Never rejects; a mosaic that can't be read stays uncounted. */
  async keepUp(signal: AbortSignal): Promise<void> {
    const unreadable = new Set<string>();
    const stops = [
      this.#project.labels.onChange(({ mosaicId, windows }) => {
        this.#notice(mosaicId, windows);
      }),
      this.#project.onChange(() => {
        this.#wake();
      }),
    ];
    const stop = (): void => {
      this.#wake();
    };
    signal.addEventListener("abort", stop);
    try {
      while (!signal.aborted) {
        const mosaicId = this.#next(unreadable);
        if (mosaicId === null) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        try {
          await this.#count(mosaicId, signal);
          this.#onCounted(mosaicId);
        } catch {
          if (!signal.aborted) {
            // The project's own problems say why.
            unreadable.add(`${mosaicId} ${this.#key(mosaicId)}`);
          }
        }
      }
    } finally {
      signal.removeEventListener("abort", stop);
      for (const each of stops) {
        each();
      }
    }
  }

  /** The mosaic to count next: what was painted before what has never been read. */
  #next(unreadable: ReadonlySet<string>): string | null {
    const ready = this.#project.snapshot().mosaics.filter(({ kind }) => kind === "ready");
    const missing = ready.filter(({ id }) => {
      const known = this.#known.get(id);
      const key = this.#key(id);
      const isKnown =
        known?.key === key && (this.#outdated.has(id) || known.version === this.#project.labelsVersion(id));
      return !isKnown && !unreadable.has(`${id} ${key}`);
    });
    const painted = ready.find(({ id }) => this.#outdated.has(id) && !missing.some((item) => item.id === id));
    return (painted ?? missing[0])?.id ?? null;
  }

  async #count(mosaicId: string, signal: AbortSignal): Promise<void> {
    const known = this.#known.get(mosaicId);
    const key = this.#key(mosaicId);
    const version = this.#project.labelsVersion(mosaicId);
    const units = this.#outdated.get(mosaicId);
    this.#outdated.delete(mosaicId);
    if (known?.key === key && units !== undefined) {
      for (const unit of units) {
        await this.#countUnits(mosaicId, known, {
          row: Math.floor(unit / known.counts.columns),
          from: unit % known.counts.columns,
          to: (unit % known.counts.columns) + 1,
        });
      }
      this.#known.set(mosaicId, { ...known, version });
      return;
    }
    const pause = (): Promise<void> => this.#untilQuiet(signal);
    const { image } = this.#project.mosaic(mosaicId);
    const { columns, rows } = gridOf(image, REVIEW_UNIT_PIXELS);
    const imagery = await findImagery(await this.#project.image(mosaicId), { signal, pause });
    const counts = {
      columns,
      rows,
      imagery: new Uint32Array(columns * rows),
      labelled: new Uint32Array(columns * rows),
    };
    const fresh: Known = { key, version, counts, imagery };
    this.#counting = { mosaicId, counts };
    try {
      for (let row = 0; row < rows; row += 1) {
        await pause();
        // Quiet is told at once, and rows without labels are counted without reading: tiles must get their turn in between.
        await setImmediate();
        signal.throwIfAborted();
        await this.#countUnits(mosaicId, fresh, { row, from: 0, to: columns });
      }
    } finally {
      this.#counting = null;
    }
    this.#known.set(mosaicId, fresh);
  }

  /** Counts units of one row, `to` left out. */
  async #countUnits(
    mosaicId: string,
    { counts, imagery, version }: Known,
    { row, from, to }: { readonly row: number; readonly from: number; readonly to: number },
  ): Promise<void> {
    const { image } = this.#project.mosaic(mosaicId);
    const x = from * REVIEW_UNIT_PIXELS;
    const y = row * REVIEW_UNIT_PIXELS;
    const width = Math.min(to * REVIEW_UNIT_PIXELS, image.width) - x;
    const height = Math.min(REVIEW_UNIT_PIXELS, image.height - y);
    const isBlank = version === null && this.#project.labelsVersion(mosaicId) === null;
    const labels = isBlank
      ? null
      : await this.#project.readLabels(mosaicId, { pixelWindow: { x, y, width, height } });
    for (let column = from; column < to; column += 1) {
      const start = (column - from) * REVIEW_UNIT_PIXELS;
      const counted = countUnit(
        labels,
        { start, stride: width, width: Math.min(REVIEW_UNIT_PIXELS, width - start), height },
        imagery.blocksOf(column, row),
      );
      counts.imagery[row * counts.columns + column] = counted.imagery;
      counts.labelled[row * counts.columns + column] = counted.labelled;
    }
  }

  #notice(mosaicId: string, windows: readonly PixelWindow[]): void {
    const counts =
      this.#counting?.mosaicId === mosaicId ? this.#counting.counts : this.#known.get(mosaicId)?.counts;
    if (counts !== undefined) {
      const { columns, rows } = counts;
      const units = this.#outdated.get(mosaicId) ?? new Set();
      for (const { x, y, width, height } of windows) {
        const lastRow = Math.min(rows - 1, Math.floor((y + height - 1) / REVIEW_UNIT_PIXELS));
        const lastColumn = Math.min(columns - 1, Math.floor((x + width - 1) / REVIEW_UNIT_PIXELS));
        for (let row = Math.max(0, Math.floor(y / REVIEW_UNIT_PIXELS)); row <= lastRow; row += 1) {
          for (
            let column = Math.max(0, Math.floor(x / REVIEW_UNIT_PIXELS));
            column <= lastColumn;
            column += 1
          ) {
            units.add(row * columns + column);
          }
        }
      }
      this.#outdated.set(mosaicId, units);
    }
    this.#wake();
  }

  /** What counts depend on besides what is painted, which is told apart from it: the mosaic's size, its mask's version and which ids are classes. */
  #key(mosaicId: string): string {
    const { classes, mosaics } = this.#project.snapshot();
    const mosaic = mosaics.find(({ id }) => id === mosaicId);
    const size = mosaic?.kind === "ready" ? `${mosaic.image.width}×${mosaic.image.height}` : "";
    const version = this.#project.labelsVersion(mosaicId)?.replace(/\+\d+$/, "") ?? "none";
    return `${size} ${version} ${classes
      .map(({ id }) => id)
      .sort((first, second) => first - second)
      .join(",")}`;
  }
}
