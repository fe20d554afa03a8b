import { z } from "zod";

/** The id that stands for "no label here" in every label, prediction and export; never a class. */
export const UNLABELLED_ID = 255;

/** A class's id is the value its pixels have in label and prediction rasters, 0–254. */
export const classIdSchema = z.int().min(0).max(254);

/** A colour is written as `#rrggbb`, lower case. */
export const hexColorSchema = z.string().regex(/^#[0-9a-f]{6}$/, "a colour as #rrggbb in lower case");

/** One land-cover class: what a pixel can be called, with the one colour it has everywhere. */
export const landClassSchema = z.strictObject({
  id: classIdSchema,
  name: z.string().trim().min(1).max(80),
  color: hexColorSchema,
  /** Pixels of an ignored class count neither in the loss nor in any metric. */
  ignore: z.boolean(),
});
export type LandClass = z.infer<typeof landClassSchema>;

/** The classes of a project in their display order; ids and names are unique. */
export const landClassesSchema = z
  .array(landClassSchema)
  .max(255)
  .refine((classes) => new Set(classes.map((item) => item.id)).size === classes.length, {
    error: "two classes have the same id",
  })
  .refine((classes) => new Set(classes.map((item) => item.name.toLowerCase())).size === classes.length, {
    error: "two classes have the same name",
  });
