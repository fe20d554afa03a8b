import {
  cellWindow,
  reviewStates,
  type ReviewCellPixels,
  type ReviewState,
} from "#shared/labels/review-cells.ts";
import type { MosaicReview, UncertainCell, UncertaintyMeasure } from "#shared/labels/review-contract.ts";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import { sentenceOf, type HostAccess } from "./host-access.ts";
import { isSameCell, nextUnlabelledCell, type MosaicCell } from "./next-cell.ts";
import { watchStream } from "./watch-stream.ts";

/** Cells that are gone through by uncertainty at most. */
const MOST_UNCERTAIN = 2000;

/** Where the uncertain cells come from, so that another prediction has them looked for again. */
interface UncertainList {
  readonly key: string;
  readonly cells: readonly UncertainCell[];
}

/** What review needs of the window around it. */
export interface ReviewSurroundings {
  /** Ready mosaics in the project's order. */
  readonly mosaics: () => readonly { readonly id: string; readonly image: PixelSize }[];
  /** A mark of a run's finished predictions that changes with them. */
  readonly predictionMark: (runId: string) => string;
  readonly flyTo: (mosaicId: string, pixelWindow: PixelWindow) => void;
  readonly onNote: (sentence: string) => void;
  readonly onFailure: (sentence: string) => void;
}

/** The cells in which mosaics are labelled one by one: how far each is, and which comes next. */
export class ReviewProgress {
  readonly #host: HostAccess;
  readonly #projectId: string;
  readonly #surroundings: ReviewSurroundings;
  #cellPixels: ReviewCellPixels = $state(1024);
  #known: ReadonlyMap<string, MosaicReview> = $state.raw(new Map());
  /** The cell that the map was last taken to. */
  #visited: MosaicCell | null = $state.raw(null);
  #uncertain: UncertainList | null = $state.raw(null);
  /** True while uncertain cells are looked for. */
  #searching = $state(false);

  constructor(host: HostAccess, projectId: string, surroundings: ReviewSurroundings) {
    this.#host = host;
    this.#projectId = projectId;
    this.#surroundings = surroundings;
  }

  /** Follows what is labelled and what is decided, by whichever page, until the answer is called. */
  watch(): () => void {
    const ended = new AbortController();
    void watchStream(
      this.#host.link,
      (signal) => this.#host.client.review.watch({ projectId: this.#projectId }, { signal }),
      ({ cellPixels, mosaics }) => {
        const isResized = cellPixels !== this.#cellPixels;
        this.#cellPixels = cellPixels;
        this.#known = new Map([
          ...(isResized ? [] : this.#known),
          ...mosaics.map((mosaic): [string, MosaicReview] => [mosaic.mosaicId, mosaic]),
        ]);
        if (isResized) {
          this.#visited = null;
          this.#uncertain = null;
        }
      },
      {
        signal: ended.signal,
        onRefused: ({ message }) => {
          this.#surroundings.onFailure(message);
        },
      },
    );
    return () => {
      ended.abort();
    };
  }

  get cellPixels(): ReviewCellPixels {
    return this.#cellPixels;
  }

  get searching(): boolean {
    return this.#searching;
  }

  /** What is known of a mosaic's cells; null before it is. */
  of(mosaicId: string): MosaicReview | null {
    return this.#known.get(mosaicId) ?? null;
  }

  /** All mosaics that are known of, in the project's order. */
  get mosaics(): MosaicReview[] {
    return this.#surroundings.mosaics().flatMap(({ id }) => this.of(id) ?? []);
  }

  /** The state of a cell; null before it is known. */
  stateOf({ mosaicId, column, row }: MosaicCell): ReviewState | null {
    const mosaic = this.of(mosaicId);
    return reviewStates[mosaic?.states[row * mosaic.columns + column] ?? -1] ?? null;
  }

  /** What the last list of uncertain cells was made from; null before one was. */
  get measure(): UncertaintyMeasure | null {
    return this.#uncertain?.cells[0]?.measure ?? null;
  }

  /** The cell at a place of a mosaic. */
  cellAt(mosaicId: string, [x, y]: PixelPoint): MosaicCell {
    const side = this.#cellPixels;
    return { mosaicId, column: Math.floor(x / side), row: Math.floor(y / side) };
  }

  async setCellPixels(cellPixels: ReviewCellPixels): Promise<void> {
    await this.#attempt(() =>
      this.#host.client.review.setCellPixels({ projectId: this.#projectId, cellPixels }),
    );
  }

  async setState(cell: MosaicCell, state: ReviewState): Promise<void> {
    await this.#attempt(() =>
      this.#host.client.review.setState({
        projectId: this.#projectId,
        cellPixels: this.#cellPixels,
        ...cell,
        state,
      }),
    );
  }

  /** Gives a cell the state, or has it to do again where it has that one already. */
  async toggleState(cell: MosaicCell, state: ReviewState): Promise<void> {
    await this.setState(cell, this.stateOf(cell) === state ? "to-do" : state);
  }

  /** Takes the map to the next cell that is to do and not wholly labelled, from where it looks. */
  goToUnlabelled(from: MosaicCell | null, by: 1 | -1 = 1): void {
    const { mosaics } = this;
    const next = nextUnlabelledCell(mosaics, from, by);
    if (next !== null) {
      this.#visit(next);
      return;
    }
    const isCounting = mosaics.length === 0 || mosaics.some(({ counts }) => counts === null);
    this.#surroundings.onNote(
      isCounting
        ? "The labels are still being counted: try again in a moment."
        : "No cell that is to do has unlabelled imagery.",
    );
  }

  /** Takes the map to the cell that a run's prediction is least certain of, and from there on to the next. */
  async goToUncertain(runId: string | null, by: 1 | -1 = 1): Promise<void> {
    if (runId === null) {
      this.#surroundings.onNote(
        "Nothing is predicted yet: train a network, then predict a mosaic in Results.",
      );
      return;
    }
    const cells = await this.#uncertainCells(runId);
    if (cells === null) {
      return;
    }
    const open = cells.filter((cell) => this.stateOf(cell) !== "done" && this.stateOf(cell) !== "checked");
    const before = cells.findIndex((cell) => isSameCell(cell, this.#visited));
    // Of cells that have been done in the meantime, the place in the list still counts.
    const after = open.find((cell) => cells.indexOf(cell) > before);
    const earlier = open.filter((cell) => cells.indexOf(cell) < before).at(-1);
    const next = by === 1 ? (after ?? open[0]) : (earlier ?? open.at(-1));
    if (next === undefined) {
      this.#surroundings.onNote("Every predicted cell is done or checked.");
      return;
    }
    const { mosaicId, column, row } = next;
    this.#visit({ mosaicId, column, row });
  }

  /** The cells of a run's prediction, looked for anew where it has changed. Null where that failed. */
  async #uncertainCells(runId: string): Promise<readonly UncertainCell[] | null> {
    const key = `${runId} ${this.#cellPixels} ${this.#surroundings.predictionMark(runId)}`;
    if (this.#uncertain?.key !== key) {
      this.#searching = true;
      try {
        const cells = await this.#host.client.review.uncertain({
          projectId: this.#projectId,
          runId,
          most: MOST_UNCERTAIN,
        });
        this.#uncertain = { key, cells };
        this.#visited = null;
      } catch (thrown) {
        this.#surroundings.onFailure(sentenceOf(thrown));
        return null;
      } finally {
        this.#searching = false;
      }
    }
    return this.#uncertain.cells;
  }

  #visit(cell: MosaicCell): void {
    const image = this.#surroundings.mosaics().find(({ id }) => id === cell.mosaicId)?.image;
    if (image !== undefined) {
      this.#visited = cell;
      this.#surroundings.flyTo(cell.mosaicId, cellWindow(image, this.#cellPixels, cell));
    }
  }

  async #attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (thrown) {
      this.#surroundings.onFailure(sentenceOf(thrown));
    }
  }
}
