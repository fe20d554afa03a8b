import { z } from "zod";

/** One class's numbers; null where the class occurs in neither truth nor prediction, so that nothing is defined. */
export const classMetricsSchema = z.strictObject({
  id: z.int(),
  name: z.string(),
  iou: z.number().nullable(),
  dice: z.number().nullable(),
  /** User's accuracy. */
  precision: z.number().nullable(),
  /** Producer's accuracy. */
  recall: z.number().nullable(),
  truthPixels: z.int(),
  predictedPixels: z.int(),
});
export type ClassMetrics = z.infer<typeof classMetricsSchema>;

/** All that one integer confusion matrix says. Nodata, unlabelled pixels and ignored classes are not in it. */
export const evaluationReportSchema = z.strictObject({
  classes: z.array(z.strictObject({ id: z.int(), name: z.string(), color: z.string() })),
  /** confusion[truth row][prediction column], pixels. */
  confusion: z.array(z.array(z.int().nonnegative())),
  accuracy: z.number().nullable(),
  /** Mean over the classes that occur; `absentClassIds` says which were left out. */
  meanIou: z.number().nullable(),
  frequencyWeightedIou: z.number().nullable(),
  kappa: z.number().nullable(),
  perClass: z.array(classMetricsSchema),
  absentClassIds: z.array(z.int()),
  /** Labelled pixels that the prediction leaves empty (nodata or not yet predicted): counted in no cell. */
  unpredictedPixels: z.int().nonnegative(),
});
export type EvaluationReport = z.infer<typeof evaluationReportSchema>;
