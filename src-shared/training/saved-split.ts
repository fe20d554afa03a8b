import { z } from "zod";
import { pixelWindowSchema } from "../geo/pixel-window.ts";
import { idSchema } from "../project/mosaic.ts";

/** What a piece of ground is for. Unused ground is neither learned from nor measured on. */
export const splitPartSchema = z.enum(["training", "validation", "test", "unused"]);
export type SplitPart = z.infer<typeof splitPartSchema>;

/** A part's outline in a mosaic's own pixels. */
export const splitShapeSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("window"), pixelWindow: pixelWindowSchema }),
  /** Closed by itself; by the even-odd rule where it crosses itself. */
  z.strictObject({
    kind: z.literal("polygon"),
    ring: z
      .array(z.tuple([z.number(), z.number()]))
      .min(3)
      .max(10_000),
  }),
]);
export type SplitShape = z.infer<typeof splitShapeSchema>;

export const splitAreaSchema = z.strictObject({
  mosaicId: idSchema,
  part: splitPartSchema,
  shape: splitShapeSchema,
});
export type SplitArea = z.infer<typeof splitAreaSchema>;

/** Ground divided by areas; where several lie over each other, the last counts. */
export const groundSplitSchema = z.strictObject({
  areas: z.array(splitAreaSchema).max(200_000),
  /** What lies in no area. */
  rest: splitPartSchema,
  /** Training ground this near to validation or test ground is left unused. */
  guardMeters: z.number().min(0).max(100_000),
});
export type GroundSplit = z.infer<typeof groundSplitSchema>;

/** A split with a name, kept with the project and used by any number of runs; its id is made from its content, so that it never changes. */
export const savedSplitSchema = groundSplitSchema.extend({
  version: z.literal(1),
  id: idSchema,
  name: z.string().trim().min(1).max(120),
  createdAt: z.iso.datetime(),
});
export type SavedSplit = z.infer<typeof savedSplitSchema>;
