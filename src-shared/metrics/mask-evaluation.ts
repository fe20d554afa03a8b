import { z } from "zod";
import { classIdSchema } from "../project/land-class.ts";
import { evaluationDetailSchema } from "./evaluation-detail.ts";

/** What a raster's values mean as classes: id by value, null for none. Values that aren't in it are ids as they stand. */
export const classMappingSchema = z.record(z.string().regex(/^\d{1,3}$/), classIdSchema.nullable());

/** What masks from anywhere came to, against the labels of a project. */
export const maskEvaluationSchema = z.strictObject({
  detail: evaluationDetailSchema,
  /** Names of the mosaics that had a mask. */
  compared: z.array(z.string()),
  /** Names of labelled mosaics that had none. */
  withoutMask: z.array(z.string()),
  /** Names of the mosaics whose mask lies on another grid, and was resampled. */
  resampled: z.array(z.string()),
  /** Values on labelled ground that are no class of the project, the most frequent first. */
  unknown: z.array(z.strictObject({ id: z.int(), pixels: z.number() })),
  /** Ids that a mask's file calls by another name than the project. */
  renamed: z.array(z.strictObject({ id: z.int(), truth: z.string(), prediction: z.string() })),
});
export type MaskEvaluation = z.infer<typeof maskEvaluationSchema>;
