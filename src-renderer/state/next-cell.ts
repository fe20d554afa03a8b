import type { CellPlace } from "#shared/labels/review-cells.ts";
import type { MosaicReview } from "#shared/labels/review-contract.ts";

/** A cell of one of the mosaics. */
export interface MosaicCell extends CellPlace {
  readonly mosaicId: string;
}

/** Whether two are the same cell. */
export function isSameCell(first: MosaicCell | null, second: MosaicCell | null): boolean {
  return (
    first?.mosaicId === second?.mosaicId && first?.column === second?.column && first?.row === second?.row
  );
}

/** Whether a cell is to do, has imagery, and not all of that is labelled. */
function isUnlabelled({ states, counts }: MosaicReview, index: number): boolean {
  return states[index] === 0 && counts?.imagery[index] === 1 && counts.labelledShares[index] !== 255;
}

/**
 * The next cell after `from` that is to do and has unlabelled imagery: in reading order, mosaic after mosaic, and from the last on to the first again.
 * `from` itself comes last of all; null when there is none.
 */
export function nextUnlabelledCell(
  mosaics: readonly MosaicReview[],
  from: MosaicCell | null,
  by: 1 | -1 = 1,
): MosaicCell | null {
  const cells = mosaics.flatMap(({ mosaicId, columns, states }) =>
    Array.from(states, (_, index): MosaicCell & { readonly index: number } => ({
      mosaicId,
      column: index % columns,
      row: Math.floor(index / columns),
      index,
    })),
  );
  const byId = new Map(mosaics.map((mosaic) => [mosaic.mosaicId, mosaic]));
  const start = from === null ? -1 : cells.findIndex((cell) => isSameCell(cell, from));
  for (let step = 1; step <= cells.length; step += 1) {
    const offset = start < 0 && by < 0 ? cells.length - step : start + by * step;
    const cell = cells[(offset + cells.length * 2) % cells.length];
    const mosaic = cell === undefined ? undefined : byId.get(cell.mosaicId);
    if (cell !== undefined && mosaic !== undefined && isUnlabelled(mosaic, cell.index)) {
      const { mosaicId, column, row } = cell;
      return { mosaicId, column, row };
    }
  }
  return null;
}

/** How many cells with imagery are in each state; while a mosaic isn't counted, all of its cells. */
export function cellCounts(
  mosaics: readonly MosaicReview[],
): readonly [toDo: number, done: number, checked: number] {
  const counted: [number, number, number] = [0, 0, 0];
  for (const { states, counts } of mosaics) {
    for (const [index, state] of states.entries()) {
      if ((state === 0 || state === 1 || state === 2) && (counts === null || counts.imagery[index] === 1)) {
        counted[state] += 1;
      }
    }
  }
  return counted;
}
