import { z } from "zod";
import { idSchema } from "../project/mosaic.ts";
import { splitPartSchema } from "../training/saved-split.ts";

/** A part of a saved split. */
export const evaluatedSplitSchema = z.strictObject({
  kind: z.literal("split"),
  splitId: idSchema,
  part: splitPartSchema,
});
export type EvaluatedSplit = z.infer<typeof evaluatedSplitSchema>;

/** A part of the ground: as the run itself used it, or of a saved split. */
export const evaluatedGroundSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("run"), part: z.enum(["training", "validation", "test"]) }),
  evaluatedSplitSchema,
]);
export type EvaluatedGround = z.infer<typeof evaluatedGroundSchema>;

/** Pixels this near to a border between true classes count as unlabelled. */
export const borderToleranceSchema = z.int().min(0).max(32);

/** What is held against the labels of a mosaic, and where: a run's prediction, or masks as `evaluation.masks` has counted them. */
export const judgedSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("run"),
    runId: idSchema,
    borderTolerancePixels: borderToleranceSchema,
    /** Null for all that is labelled. */
    within: evaluatedGroundSchema.nullable(),
  }),
  /** Border and ground are those of the count. */
  z.strictObject({ kind: z.literal("masks"), masksId: idSchema }),
]);
export type Judged = z.infer<typeof judgedSchema>;
