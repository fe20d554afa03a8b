import { z } from "zod";
import { pixelWindowSchema } from "../geo/pixel-window.ts";
import { idSchema } from "../project/mosaic.ts";
import { groundSplitSchema, splitPartSchema } from "./saved-split.ts";

const shareSchema = z.number().min(0).max(0.95);
/** Shares of the labelled ground; the rest is trained on. */
const heldShares = { validation: shareSchema, test: shareSchema };

/** A way to divide the ground, before it is one: what the editor's fields say. */
export const splitDraftSchema = z.discriminatedUnion("kind", [
  /** Whole mosaics; those that show the same ground stay together. `fixed` says of some what they are for. */
  z.strictObject({
    kind: z.literal("mosaic"),
    ...heldShares,
    stratified: z.boolean(),
    fixed: z.record(idSchema, splitPartSchema),
  }),
  /** Square blocks. Metres are pixels where the ground isn't known. */
  z.strictObject({
    kind: z.literal("blocks"),
    ...heldShares,
    stratified: z.boolean(),
    blockMeters: z.number().positive().max(1e6),
    guardMeters: z.number().min(0).max(100_000),
  }),
  /** Single tiles, wherever they lie. */
  z.strictObject({ kind: z.literal("random"), ...heldShares, stratified: z.boolean() }),
  /** Published lists: names as `listedTile` has them, or of whole mosaics. */
  z.strictObject({
    kind: z.literal("list"),
    training: z.array(z.string()).max(1_000_000),
    validation: z.array(z.string()).max(1_000_000),
    test: z.array(z.string()).max(1_000_000),
  }),
  /** Areas as they were drawn. */
  z.strictObject({ kind: z.literal("areas"), ...groundSplitSchema.shape }),
  z.strictObject({ kind: z.literal("saved"), splitId: idSchema }),
]);
export type SplitDraft = z.infer<typeof splitDraftSchema>;

/** What a split comes to with tiles of one size. */
export const splitPreviewSchema = z.strictObject({
  split: groundSplitSchema,
  /** Every tile with what it is used for; tiles without a label are unused. */
  tiles: z.array(
    z.strictObject({ mosaicId: idSchema, pixelWindow: pixelWindowSchema, part: splitPartSchema }),
  ),
  parts: z.array(
    z.strictObject({
      part: splitPartSchema,
      tiles: z.int().nonnegative(),
      /** Of all labelled pixels in tiles of this part, each class's share, 0–1; null where it has none. */
      classShares: z.array(z.strictObject({ classId: z.int(), share: z.number() })).nullable(),
    }),
  ),
  /** Tiles of one part that touch or overlap one of another, in the same mosaic or on the same ground. */
  leaks: z.array(
    z.strictObject({
      first: splitPartSchema,
      second: splitPartSchema,
      touching: z.int().nonnegative(),
      overlapping: z.int().nonnegative(),
    }),
  ),
  /** How far held-back tiles are from the nearest training tile of their mosaic; null where there is none. In metres, or pixels where the ground isn't known. */
  nearest: z.strictObject({ least: z.number(), median: z.number(), unit: z.enum(["m", "px"]) }).nullable(),
  warnings: z.array(z.string()),
});
export type SplitPreview = z.infer<typeof splitPreviewSchema>;

/** A saved split as lists show it. */
export const splitSummarySchema = z.strictObject({
  id: idSchema,
  name: z.string(),
  createdAt: z.iso.datetime(),
  areas: z.int().nonnegative(),
  guardMeters: z.number(),
});
export type SplitSummary = z.infer<typeof splitSummarySchema>;
