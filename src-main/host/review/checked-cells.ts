import { gridOf, REVIEW_UNIT_PIXELS, reviewStates, statesOfCells } from "#shared/labels/review-cells.ts";
import type { Project } from "../projects/index.ts";
import { ReviewStore } from "./review-file.ts";

const CHECKED = reviewStates.indexOf("checked");
/** More units in a row than any mosaic has. */
const ROW = 2 ** 24;

/** In which of a mosaic's squares of review something has changed. */
export class ChangedUnits {
  readonly #units = new Set<number>();
  /** Pixels come one beside the other: most are in the unit of the one before. */
  #last = -1;

  /** Something has changed at a pixel. */
  add(x: number, y: number): void {
    const unit = Math.floor(y / REVIEW_UNIT_PIXELS) * ROW + Math.floor(x / REVIEW_UNIT_PIXELS);
    if (unit !== this.#last) {
      this.#last = unit;
      this.#units.add(unit);
    }
  }

  /** How many cells are marked checked in which something has changed. A review that can't be read marks none: whoever opens it is told so. */
  async checkedCells(
    project: Pick<Project, "storageDirectory" | "mosaic">,
    mosaicId: string,
  ): Promise<number> {
    if (this.#units.size === 0) {
      return 0;
    }
    const review = await new ReviewStore(project.storageDirectory).load().catch(() => null);
    const unitRows = review?.mosaics[mosaicId];
    if (review === null || unitRows === undefined) {
      return 0;
    }
    const { image } = project.mosaic(mosaicId);
    const { columns } = gridOf(image, review.cellPixels);
    const states = statesOfCells(unitRows, image, review.cellPixels);
    const factor = review.cellPixels / REVIEW_UNIT_PIXELS;
    const cells = new Set(
      [...this.#units].map(
        (unit) => Math.floor(Math.floor(unit / ROW) / factor) * columns + Math.floor((unit % ROW) / factor),
      ),
    );
    return [...cells].filter((cell) => states[cell] === CHECKED).length;
  }
}
