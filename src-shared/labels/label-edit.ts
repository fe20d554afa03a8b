import { z } from "zod";
import { classIdSchema, UNLABELLED_ID } from "../project/land-class.ts";
import { pixelWindowSchema } from "../geo/pixel-window.ts";

/** A place in mosaic pixels, [column, row]; the corner of the first pixel is 0,0, its centre 0.5,0.5. */
export const pixelPointSchema = z.tuple([z.number(), z.number()]);
export type PixelPoint = z.infer<typeof pixelPointSchema>;

/** The tip that is moved along a path. */
export const brushTipSchema = z.enum(["round", "square"]);
export type BrushTip = z.infer<typeof brushTipSchema>;

/** More points than a gesture makes; beyond it a page is at fault. */
const MOST_POINTS = 200_000;

/** Which pixels an edit touches, in mosaic pixel coordinates: those whose centre lies inside. */
export const labelShapeSchema = z.discriminatedUnion("kind", [
  /** All that a tip touches on its way along a path; one point is a dab. */
  z.strictObject({
    kind: z.literal("stroke"),
    tip: brushTipSchema,
    /** Half the tip's width. */
    radius: z.number().positive().max(10_000),
    points: z.array(pixelPointSchema).min(1).max(MOST_POINTS),
  }),
  /** Rings by the even-odd rule, so that a ring within another is a hole; closed by themselves. */
  z.strictObject({
    kind: z.literal("polygon"),
    rings: z.array(z.array(pixelPointSchema).min(3).max(MOST_POINTS)).min(1).max(MOST_POINTS),
  }),
  /** Any pixels of a window: lengths of runs, row-major, outside and inside in turn (`encodeRuns`). */
  z.strictObject({
    kind: z.literal("bitmap"),
    pixelWindow: pixelWindowSchema,
    runs: z.instanceof(Uint8Array),
  }),
]);
export type LabelShape = z.infer<typeof labelShapeSchema>;

/** Which pixels may not be changed. */
export const paintRulesSchema = z.strictObject({
  /** Pixels of these classes keep their class. */
  lockedIds: z.array(classIdSchema),
  /** Labelled pixels keep theirs. */
  onlyUnlabelled: z.boolean(),
});
export type PaintRules = z.infer<typeof paintRulesSchema>;

/** What pixels become; 255 takes their label away. */
export const paintIdSchema = z.int().min(0).max(UNLABELLED_ID);

/** One step of labelling, done and undone as a whole; later parts paint over earlier ones. */
export const labelEditSchema = z.strictObject({
  /** What the user did, for "Undo …". */
  name: z.string().min(1).max(80),
  parts: z
    .array(z.strictObject({ paintId: paintIdSchema, shape: labelShapeSchema }))
    .min(1)
    .max(256),
  rules: paintRulesSchema,
});
export type LabelEdit = z.infer<typeof labelEditSchema>;
