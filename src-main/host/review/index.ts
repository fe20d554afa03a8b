import type { AppContract } from "#shared/contract.ts";
import {
  gridOf,
  REVIEW_UNIT_PIXELS,
  reviewStates,
  statesOfCells,
  withCellState,
  type CellPlace,
  type ReviewCellPixels,
  type ReviewState,
} from "#shared/labels/review-cells.ts";
import type { MosaicReview, ReviewEvent, UncertainCell } from "#shared/labels/review-contract.ts";
import type { PixelSize } from "#shared/geo/pixel-window.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { ClassGrid } from "../../raster/index.ts";
import { EventQueue } from "../event-queue.ts";
import { lookEveryFewSeconds } from "../outside-changes.ts";
import type { Project } from "../projects/index.ts";
import { ReviewStore } from "./review-file.ts";
import { uncertainCells } from "./uncertain-cells.ts";
import { UnitCensus, type UnitCounts, type UntilQuiet } from "./unit-census.ts";

export { ChangedUnits } from "./checked-cells.ts";

export interface ReviewOptions {
  readonly projects: { get(projectId: string): Project };
  readonly predictions: {
    /** Null where the run has not finished predicting the mosaic. */
    readFinished(projectId: string, mosaicId: string, runId: string): Promise<ClassGrid | null>;
  };
  /** Counting waits for it before each part of a mosaic. */
  readonly untilQuiet: UntilQuiet;
}

/** What is kept of an open project. */
interface ProjectReview {
  readonly project: Project;
  readonly store: ReviewStore;
  readonly census: UnitCensus;
  readonly watchers: Set<EventQueue<ReviewEvent>>;
  /** Ends counting when the last watcher has left. */
  counting: AbortController | null;
}

/** The cells in which mosaics are labelled and checked one by one, and how far each is. */
export class Review {
  readonly #options: ReviewOptions;
  readonly #open = new Map<string, ProjectReview>();

  constructor(options: ReviewOptions) {
    this.#options = options;
  }

  /** All mosaics' cells, then those that change; labels are counted as long as anyone watches. */
  async *watch(
    projectId: string,
    options: { readonly signal: AbortSignal },
  ): AsyncGenerator<ReviewEvent, void, undefined> {
    const review = this.#of(projectId);
    const queue = new EventQueue<ReviewEvent>(merged);
    await review.store.load();
    let known = readyIds(review.project);
    const stop = review.project.onChange(() => {
      const now = readyIds(review.project);
      if (now !== known) {
        known = now;
        queue.push(wholeEvent(review));
      }
    });
    const stopLooking = lookEveryFewSeconds(async () => {
      const before = review.store.current;
      if ((await review.store.load()) !== before) {
        tell(review, wholeEvent(review));
      }
    });
    review.watchers.add(queue);
    if (review.counting === null) {
      review.counting = new AbortController();
      void review.census.keepUp(review.counting.signal);
    }
    try {
      yield wholeEvent(review);
      yield* queue.items(options);
    } finally {
      stop();
      stopLooking();
      review.watchers.delete(queue);
      if (review.watchers.size === 0) {
        review.counting.abort();
        review.counting = null;
      }
    }
  }

  /** Changes the side of all cells. */
  async setCellPixels(projectId: string, cellPixels: ReviewCellPixels): Promise<void> {
    const review = this.#of(projectId);
    await review.store.change((before) => ({ ...before, cellPixels }));
    tell(review, wholeEvent(review));
  }

  /** Gives a cell a state. Throws `conflict` when cells have another size by now, `invalid-input` for a cell that isn't there. */
  async setState(
    projectId: string,
    mosaicId: string,
    cell: CellPlace & { readonly cellPixels: ReviewCellPixels },
    state: ReviewState,
  ): Promise<void> {
    const review = this.#of(projectId);
    const { image, name } = review.project.mosaic(mosaicId);
    const { columns, rows } = gridOf(image, cell.cellPixels);
    if (cell.column >= columns || cell.row >= rows) {
      throw new RpcError(
        "invalid-input",
        `${name} has ${columns}×${rows} cells; there is none at column ${cell.column}, row ${cell.row}.`,
      );
    }
    await review.store.change((before) => {
      if (before.cellPixels !== cell.cellPixels) {
        throw new RpcError(
          "conflict",
          `Cells are ${before.cellPixels} px wide by now, not ${cell.cellPixels}: nothing was changed.`,
        );
      }
      const rowsBefore = before.mosaics[mosaicId] ?? [];
      return {
        ...before,
        mosaics: {
          ...before.mosaics,
          [mosaicId]: withCellState(rowsBefore, image, cell.cellPixels, cell, state),
        },
      };
    });
    this.#tellOf(review, mosaicId);
  }

  /** Cells that are to do and of which a run's finished predictions are least certain, those first. Throws `not-found` without one. */
  async uncertain(
    projectId: string,
    runId: string,
    most: number,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<UncertainCell[]> {
    const review = this.#of(projectId);
    const { cellPixels } = await review.store.load();
    const found: UncertainCell[] = [];
    let isPredicted = false;
    for (const { id, image } of readyMosaics(review.project)) {
      const prediction = await this.#options.predictions.readFinished(projectId, id, runId);
      if (prediction === null) {
        continue;
      }
      isPredicted = true;
      const states = statesOf(review, id, image);
      const { columns } = gridOf(image, cellPixels);
      const cells = await uncertainCells(review.project, id, prediction, cellPixels, options);
      found.push(...cells.filter(({ column, row }) => states[row * columns + column] === 0));
    }
    if (!isPredicted) {
      throw new RpcError("not-found", "This run has finished no prediction yet: predict a mosaic first.");
    }
    return found.toSorted((first, second) => second.uncertainty - first.uncertainty).slice(0, most);
  }

  implementation(): Implementation<AppContract>["review"] {
    return {
      watch: ({ projectId }, context) => this.watch(projectId, context),
      setCellPixels: ({ projectId, cellPixels }) => this.setCellPixels(projectId, cellPixels),
      setState: ({ projectId, mosaicId, state, ...cell }) => this.setState(projectId, mosaicId, cell, state),
      uncertain: ({ projectId, runId, most }, context) => this.uncertain(projectId, runId, most, context),
    };
  }

  /** Ends all counting. */
  close(): void {
    for (const { counting } of this.#open.values()) {
      counting?.abort();
    }
  }

  #of(projectId: string): ProjectReview {
    const project = this.#options.projects.get(projectId);
    const known = this.#open.get(projectId);
    if (known?.project === project) {
      return known;
    }
    const review: ProjectReview = {
      project,
      store: new ReviewStore(project.storageDirectory),
      census: new UnitCensus({
        project,
        untilQuiet: this.#options.untilQuiet,
        onCounted: (mosaicId) => {
          this.#tellOf(review, mosaicId);
        },
      }),
      watchers: new Set(),
      counting: null,
    };
    this.#open.set(projectId, review);
    return review;
  }

  #tellOf(review: ProjectReview, mosaicId: string): void {
    const mosaic = readyMosaics(review.project).find(({ id }) => id === mosaicId);
    if (mosaic !== undefined) {
      tell(review, {
        cellPixels: review.store.current.cellPixels,
        mosaics: [reviewOf(review, mosaicId, mosaic.image)],
      });
    }
  }
}

function tell(review: ProjectReview, event: ReviewEvent): void {
  for (const watcher of review.watchers) {
    watcher.push(event);
  }
}

function readyMosaics(project: Project): { readonly id: string; readonly image: PixelSize }[] {
  return project
    .snapshot()
    .mosaics.flatMap((mosaic) => (mosaic.kind === "ready" ? [{ id: mosaic.id, image: mosaic.image }] : []));
}

function readyIds(project: Project): string {
  return readyMosaics(project)
    .map(({ id, image }) => `${id} ${image.width} ${image.height}`)
    .join("\n");
}

function wholeEvent(review: ProjectReview): ReviewEvent {
  return {
    cellPixels: review.store.current.cellPixels,
    mosaics: readyMosaics(review.project).map(({ id, image }) => reviewOf(review, id, image)),
  };
}

function statesOf({ store }: ProjectReview, mosaicId: string, size: PixelSize): Uint8Array<ArrayBuffer> {
  const { cellPixels, mosaics } = store.current;
  const unitRows = mosaics[mosaicId];
  const { columns, rows } = gridOf(size, cellPixels);
  return unitRows === undefined
    ? new Uint8Array(columns * rows).fill(reviewStates.indexOf("to-do"))
    : statesOfCells(unitRows, size, cellPixels);
}

function reviewOf(review: ProjectReview, mosaicId: string, size: PixelSize): MosaicReview {
  const { cellPixels } = review.store.current;
  const counts = review.census.counts(mosaicId);
  return {
    mosaicId,
    ...gridOf(size, cellPixels),
    states: statesOf(review, mosaicId, size),
    counts: counts === null ? null : countsOfCells(counts, size, cellPixels),
  };
}

/** Adds units up to cells. */
function countsOfCells(
  units: UnitCounts,
  size: PixelSize,
  cellPixels: ReviewCellPixels,
): NonNullable<MosaicReview["counts"]> {
  const { columns, rows } = gridOf(size, cellPixels);
  const factor = cellPixels / REVIEW_UNIT_PIXELS;
  const imagery = new Float64Array(columns * rows);
  const labelled = new Float64Array(columns * rows);
  for (let row = 0; row < units.rows; row += 1) {
    for (let column = 0; column < units.columns; column += 1) {
      const unit = row * units.columns + column;
      const cell = Math.floor(row / factor) * columns + Math.floor(column / factor);
      imagery[cell] = (imagery[cell] ?? 0) + (units.imagery[unit] ?? 0);
      labelled[cell] = (labelled[cell] ?? 0) + (units.labelled[unit] ?? 0);
    }
  }
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  return {
    imageryPixels: sum(imagery),
    labelledPixels: sum(labelled),
    labelledShares: Uint8Array.from(labelled, (pixels, cell) => {
      const whole = imagery[cell] ?? 0;
      // A pixel that is left is left, however large the cell.
      return pixels === 0
        ? 0
        : pixels === whole
          ? 255
          : Math.min(254, Math.max(1, Math.round((255 * pixels) / whole)));
    }),
    imagery: Uint8Array.from(imagery, (pixels) => (pixels > 0 ? 1 : 0)),
  };
}

/** For a page that is slower than the changes: of each mosaic the latest. */
function merged(last: ReviewEvent, next: ReviewEvent): ReviewEvent {
  const mosaics = new Map([...last.mosaics, ...next.mosaics].map((mosaic) => [mosaic.mosaicId, mosaic]));
  return { cellPixels: next.cellPixels, mosaics: [...mosaics.values()] };
}
