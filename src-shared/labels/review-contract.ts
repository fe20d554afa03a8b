import { z } from "zod";
import { idSchema } from "../project/mosaic.ts";
import { call, stream } from "../rpc/contract.ts";
import { reviewCellPixelsSchema, reviewStateSchema } from "./review-cells.ts";

const cellPlace = { column: z.int().nonnegative(), row: z.int().nonnegative() };
const byCell = z.instanceof(Uint8Array);

/** How far the labels of a mosaic are, by cell; arrays are row-major, one byte a cell of `columns`×`rows`. */
export const mosaicReviewSchema = z.strictObject({
  mosaicId: idSchema,
  columns: z.int().positive(),
  rows: z.int().positive(),
  /** 0 to do, 1 done, 2 checked. */
  states: byCell,
  /** Null until the mosaic's labels have been counted. */
  counts: z
    .strictObject({
      /** Pixels with data. */
      imageryPixels: z.number(),
      /** Of those, pixels that carry a class. */
      labelledPixels: z.number(),
      /** Which share of a cell's imagery carries a class, 0–255 for 0–1: 0 only for none of it, 255 only for all. */
      labelledShares: byCell,
      /** 1 where a cell has imagery. */
      imagery: byCell,
    })
    .nullable(),
});
export type MosaicReview = z.infer<typeof mosaicReviewSchema>;

/** Mosaics whose cells are new or have changed since the item before: all of them in the first, and when cells have got another size. */
export const reviewEventSchema = z.strictObject({
  cellPixels: reviewCellPixelsSchema,
  mosaics: z.array(mosaicReviewSchema),
});
export type ReviewEvent = z.infer<typeof reviewEventSchema>;

/** What uncertainty was computed from: entropies kept with the prediction, or 1 − confidence where an older one has none. */
export const uncertaintyMeasureSchema = z.enum(["entropy", "confidence"]);
export type UncertaintyMeasure = z.infer<typeof uncertaintyMeasureSchema>;

/** A cell and how unsure the network was of it. */
export const uncertainCellSchema = z.strictObject({
  mosaicId: idSchema,
  ...cellPlace,
  /** Mean over the cell's unlabelled pixels, or over all where it has none; 0–1. */
  uncertainty: z.number().min(0).max(1),
  measure: uncertaintyMeasureSchema,
});
export type UncertainCell = z.infer<typeof uncertainCellSchema>;

/** Cells of the mosaics that are gone through one by one: what has been labelled, looked at, and what to look at next. */
export const reviewContract = {
  /** Counts labels for as long as somebody watches; what is known is sent first. */
  watch: stream(z.strictObject({ projectId: idSchema }), reviewEventSchema),
  /** Changes the side of all cells; states set with another size are kept. */
  setCellPixels: call(z.strictObject({ projectId: idSchema, cellPixels: reviewCellPixelsSchema }), z.void()),
  /** Gives a cell a state; it is on the disk when the answer comes. `conflict` when cells have another size by now. */
  setState: call(
    z.strictObject({
      projectId: idSchema,
      mosaicId: idSchema,
      cellPixels: reviewCellPixelsSchema,
      ...cellPlace,
      state: reviewStateSchema,
    }),
    z.void(),
  ),
  /** Cells that are to do, by a run's finished predictions, the most uncertain first. `not-found` where it has finished none. */
  uncertain: call(
    z.strictObject({ projectId: idSchema, runId: idSchema, most: z.int().min(1).max(10_000) }),
    z.array(uncertainCellSchema),
  ),
};
