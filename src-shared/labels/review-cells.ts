import { z } from "zod";
import type { PixelSize, PixelWindow } from "../geo/pixel-window.ts";
import { idSchema } from "../project/mosaic.ts";

/** Side of the squares whose states are kept, in mosaic pixels: the smallest cell, so that another cell size loses nothing. */
export const REVIEW_UNIT_PIXELS = 256;

/** Sides that cells may have, in mosaic pixels: each some units of the one before. */
export const reviewCellSides = [256, 512, 1024, 2048, 4096] as const;
export const reviewCellPixelsSchema = z.literal(reviewCellSides);
export type ReviewCellPixels = z.infer<typeof reviewCellPixelsSchema>;

/** How far a cell is, from nothing to a second look; the index is the number that messages and files carry. */
export const reviewStates = ["to-do", "done", "checked"] as const;
export const reviewStateSchema = z.enum(reviewStates);
export type ReviewState = z.infer<typeof reviewStateSchema>;

/** What `review.json` remembers of a project's cells. */
export const reviewFileSchema = z.strictObject({
  version: z.literal(1),
  cellPixels: reviewCellPixelsSchema,
  /** For each mosaic where a state was set, rows of units from the top: one digit a unit, the index of its state. */
  mosaics: z.record(idSchema, z.array(z.string().regex(/^[0-2]*$/))),
});
export type ReviewFile = z.infer<typeof reviewFileSchema>;
export const REVIEW_FILE_VERSION = 1;

/** A review in which nothing has been decided. */
export const emptyReview: ReviewFile = { version: 1, cellPixels: 1024, mosaics: {} };

/** A cell by its place in its mosaic's grid. */
export interface CellPlace {
  readonly column: number;
  readonly row: number;
}

/** How many squares of a side cover a mosaic; the last of each row and column may reach over its edge. */
export function gridOf(
  { width, height }: PixelSize,
  side: number,
): { readonly columns: number; readonly rows: number } {
  return { columns: Math.ceil(width / side), rows: Math.ceil(height / side) };
}

/** The pixels of a cell, cut off at the mosaic's edge. */
export function cellWindow(size: PixelSize, side: number, { column, row }: CellPlace): PixelWindow {
  const x = column * side;
  const y = row * side;
  return { x, y, width: Math.min(side, size.width - x), height: Math.min(side, size.height - y) };
}

/** The states of a mosaic's cells, row-major: of a cell, the least of its units, since it is no further than its worst part. */
export function statesOfCells(
  unitRows: readonly string[],
  size: PixelSize,
  cellPixels: ReviewCellPixels,
): Uint8Array<ArrayBuffer> {
  const { columns, rows } = gridOf(size, cellPixels);
  const units = gridOf(size, REVIEW_UNIT_PIXELS);
  const factor = cellPixels / REVIEW_UNIT_PIXELS;
  const states = new Uint8Array(columns * rows).fill(reviewStates.length - 1);
  for (let row = 0; row < units.rows; row += 1) {
    for (let column = 0; column < units.columns; column += 1) {
      const cell = Math.floor(row / factor) * columns + Math.floor(column / factor);
      const state = Number(unitRows[row]?.[column] ?? 0);
      states[cell] = Math.min(states[cell] ?? 0, state);
    }
  }
  return states;
}

/** The rows of units after a cell was given a state; rows and digits that are missing were to do. */
export function withCellState(
  unitRows: readonly string[],
  size: PixelSize,
  cellPixels: ReviewCellPixels,
  { column, row }: CellPlace,
  state: ReviewState,
): string[] {
  const units = gridOf(size, REVIEW_UNIT_PIXELS);
  const factor = cellPixels / REVIEW_UNIT_PIXELS;
  const digit = String(reviewStates.indexOf(state));
  return Array.from({ length: units.rows }, (_, unitRow) => {
    const before = (unitRows[unitRow] ?? "").padEnd(units.columns, "0").slice(0, units.columns);
    if (Math.floor(unitRow / factor) !== row) {
      return before;
    }
    const from = column * factor;
    const to = Math.min(units.columns, from + factor);
    return before.slice(0, from) + digit.repeat(Math.max(0, to - from)) + before.slice(to);
  });
}
