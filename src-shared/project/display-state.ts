import { z } from "zod";
import { imageryDisplaysSchema, usualDisplays } from "./imagery-display.ts";
import { idSchema } from "./mosaic.ts";

/**
 * What is drawn of every mosaic, bottom first. `other` is the prediction of the run that the shown one is compared with, `disagreement` where the two
 * differ and which of them is right.
 */
export const layerKinds = [
  "imagery",
  "labels",
  "prediction",
  "other",
  "confidence",
  "uncertainty",
  "errors",
  "disagreement",
  "unlabelled",
] as const;
export const layerKindSchema = z.enum(layerKinds);
export type LayerKind = z.infer<typeof layerKindSchema>;

/** How classes are drawn over imagery. */
export const classDrawingSchema = z.enum(["fill", "outline"]);
export type ClassDrawing = z.infer<typeof classDrawingSchema>;

/** Whether a layer is shown, and how densely. */
export const layerLookSchema = z.strictObject({
  visible: z.boolean(),
  /** 0–1. */
  opacity: z.number().min(0).max(1),
});
export type LayerLook = z.infer<typeof layerLookSchema>;

/** One side of a swipe: a layer of one mosaic, or of all of them where `mosaicId` is null. */
export const swipeSideSchema = z.strictObject({ kind: layerKindSchema, mosaicId: idSchema.nullable() });
export type SwipeSide = z.infer<typeof swipeSideSchema>;

/** Two layers side by side. */
export const swipeSchema = z.strictObject({ left: swipeSideSchema, right: swipeSideSchema });
export type Swipe = z.infer<typeof swipeSchema>;

/** How the page left its layers and selections: kept with the project so that it opens as it was. */
export const displayStateSchema = z.strictObject({
  /** How a kind of layer is shown on all mosaics. */
  layers: z.record(
    layerKindSchema,
    z.strictObject({ ...layerLookSchema.shape, drawing: classDrawingSchema }),
  ),
  /** How imagery is turned into colours. */
  imagery: imageryDisplaysSchema,
  /** Mosaics whose own layers are set apart from the others'; their opacity multiplies the kind's. */
  mosaicLayers: z.record(idSchema, z.record(layerKindSchema, layerLookSchema)),
  /** Mosaics taken off the map. */
  hiddenMosaicIds: z.array(idSchema),
  swipe: swipeSchema.nullable(),
  /** Where the swipe divides the map, 0–1 of its width. */
  swipePosition: z.number().min(0).max(1),
  selectedMosaicId: idSchema.nullable(),
  /** The run that the panels are about; null for the newest. */
  selectedRunId: idSchema.nullable(),
  /** The run whose prediction is on the map; null for the one that predicted last. */
  predictionRunId: idSchema.nullable(),
});
export type DisplayState = z.infer<typeof displayStateSchema>;

/** How the layers of a project that nobody has touched are shown. */
export const initialDisplay: DisplayState = {
  layers: {
    imagery: { visible: true, opacity: 1, drawing: "fill" },
    labels: { visible: true, opacity: 0.6, drawing: "fill" },
    prediction: { visible: true, opacity: 0.6, drawing: "fill" },
    other: { visible: false, opacity: 0.6, drawing: "fill" },
    confidence: { visible: false, opacity: 0.8, drawing: "fill" },
    uncertainty: { visible: false, opacity: 0.8, drawing: "fill" },
    errors: { visible: false, opacity: 0.9, drawing: "fill" },
    disagreement: { visible: false, opacity: 0.9, drawing: "fill" },
    unlabelled: { visible: false, opacity: 0.7, drawing: "fill" },
  },
  imagery: usualDisplays,
  mosaicLayers: {},
  hiddenMosaicIds: [],
  swipe: null,
  swipePosition: 0.5,
  selectedMosaicId: null,
  selectedRunId: null,
  predictionRunId: null,
};
