import { z } from "zod";
import { pixelWindowSchema } from "../geo/pixel-window.ts";
import { idSchema } from "../project/mosaic.ts";
import { evaluationReportSchema } from "./evaluation-report.ts";

const estimateSchema = z.strictObject({ value: z.number(), standardError: z.number() });

/** One class's area on the ground in square metres, as mapped and as estimated (see `area-estimate.ts`). */
export const classAreaSchema = z.strictObject({
  classId: z.int(),
  mapped: z.number(),
  estimated: z.number().nullable(),
  standardError: z.number().nullable(),
  usersAccuracy: estimateSchema.nullable(),
  producersAccuracy: estimateSchema.nullable(),
});
export type ClassArea = z.infer<typeof classAreaSchema>;

/** A part of a mosaic with its own numbers, so that the worst can be gone to. */
export const evaluatedBlockSchema = z.strictObject({
  mosaicId: idSchema,
  pixelWindow: pixelWindowSchema,
  labelledPixels: z.int(),
  rightPixels: z.int(),
  /** Over the classes that occur in the block; null where nothing is labelled. */
  meanIou: z.number().nullable(),
});
export type EvaluatedBlock = z.infer<typeof evaluatedBlockSchema>;

const shareSchema = z.number().nullable();

/** Everything that comparing whole predicted mosaics with their labels tells. */
export const evaluationDetailSchema = z.strictObject({
  report: evaluationReportSchema,
  /** Null where the size of a pixel on the ground isn't known. */
  areas: z
    .strictObject({ classes: z.array(classAreaSchema), overallAccuracy: estimateSchema.nullable() })
    .nullable(),
  /** Null where predictions kept no confidence. */
  calibration: z
    .strictObject({
      bins: z.array(
        z.strictObject({
          from: z.number(),
          to: z.number(),
          pixels: z.number(),
          meanConfidence: shareSchema,
          accuracy: shareSchema,
        }),
      ),
      expectedCalibrationError: shareSchema,
    })
    .nullable(),
  /** For two classes; the second is the positive one. */
  precisionRecall: z
    .strictObject({
      positiveClassId: z.int(),
      averagePrecision: z.number(),
      points: z.array(
        z.strictObject({
          threshold: z.number(),
          precision: shareSchema,
          recall: z.number(),
          iou: z.number(),
        }),
      ),
    })
    .nullable(),
  /** Blocks with labels, worst first. */
  blocks: z.array(evaluatedBlockSchema),
});
export type EvaluationDetail = z.infer<typeof evaluationDetailSchema>;

/** Which compared pixels are looked for. */
export const placeSelectionSchema = z.discriminatedUnion("kind", [
  /** One cell of the confusion matrix. */
  z.strictObject({ kind: z.literal("cell"), truthId: z.int(), predictionId: z.int() }),
  /** Called this class, but are another. */
  z.strictObject({ kind: z.literal("false-positives"), classId: z.int() }),
  /** Are this class, but called another. */
  z.strictObject({ kind: z.literal("false-negatives"), classId: z.int() }),
  z.strictObject({ kind: z.literal("errors") }),
]);
export type PlaceSelection = z.infer<typeof placeSelectionSchema>;

/** Connected areas of chosen pixels, the largest first. */
export const foundPlacesSchema = z.strictObject({
  largest: z.array(
    z.strictObject({
      mosaicId: idSchema,
      pixelWindow: pixelWindowSchema,
      pixels: z.int(),
      /** In pixels of the mosaic, inside the area. */
      anchor: z.tuple([z.number(), z.number()]),
    }),
  ),
  places: z.int(),
  pixels: z.int(),
});
export type FoundPlaces = z.infer<typeof foundPlacesSchema>;

/** Whether a compared pixel is one of the chosen. */
export function isSelected(selection: PlaceSelection, truthId: number, predictionId: number): boolean {
  switch (selection.kind) {
    case "cell":
      return truthId === selection.truthId && predictionId === selection.predictionId;
    case "false-positives":
      return predictionId === selection.classId && truthId !== selection.classId;
    case "false-negatives":
      return truthId === selection.classId && predictionId !== selection.classId;
    case "errors":
      return truthId !== predictionId;
  }
}
