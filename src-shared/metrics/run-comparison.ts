import { z } from "zod";
import { evaluationReportSchema } from "./evaluation-report.ts";

/** A measure of both runs with the range that chance leaves their difference; null where it is undefined. */
export const comparedMeasureSchema = z.strictObject({
  first: z.number().nullable(),
  second: z.number().nullable(),
  /** Second minus first with its 95 % interval, from resampled blocks; null with fewer than two blocks. */
  difference: z.strictObject({ difference: z.number(), low: z.number(), high: z.number() }).nullable(),
});
export type ComparedMeasure = z.infer<typeof comparedMeasureSchema>;

/** Two runs judged on the same pixels. */
export const runComparisonSchema = z.strictObject({
  first: evaluationReportSchema,
  second: evaluationReportSchema,
  meanIou: comparedMeasureSchema,
  accuracy: comparedMeasureSchema,
  /** IoU, one a class in the reports' order. */
  classIou: z.array(comparedMeasureSchema),
  /** Blocks of ground that were resampled. */
  blocks: z.int(),
  /** Of the labelled pixels on which the two differ: how many each has right. */
  disagreement: z.strictObject({
    firstRight: z.int(),
    secondRight: z.int(),
    bothWrong: z.int(),
  }),
  /** Whether the numbers of their own trainings were measured on the same tiles and labels. */
  data: z.enum(["same", "other-ground", "other-labels", "unknown"]),
  /** What to beware of, in plain sentences; null where both were measured on the same. */
  beware: z.string().nullable(),
});
export type RunComparison = z.infer<typeof runComparisonSchema>;
