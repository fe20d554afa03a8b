import { z } from "zod";
import { geotransformSchema } from "../geo/affine.ts";
import { rasterDescriptionSchema } from "../geo/raster-description.ts";

/** An id that the host gave out; the page can only hand it back. */
export const idSchema = z.string().min(1).max(200);

/** What sits in one place and needs the user's attention, in one sentence: what, why, what to do. */
export const problemSchema = z.strictObject({
  id: idSchema,
  severity: z.enum(["error", "warning"]),
  /** The file's name relative to the project's folder, or null where no single file is at fault. */
  file: z.string().nullable(),
  mosaicId: idSchema.nullable(),
  message: z.string(),
});
export type Problem = z.infer<typeof problemSchema>;

/**
 * A coordinate system the map can show: `code` is unique and stable (`EPSG:2180`, `CUSTOM:<hash>`, `PIXEL`).
 * `proj4` is null for pixel coordinates and for a CRS that could not be understood: neither can be transformed.
 */
export const mapProjectionSchema = z.strictObject({
  code: z.string(),
  name: z.string(),
  proj4: z.string().nullable(),
  units: z.enum(["metre", "foot", "us-foot", "degree", "pixel", "unknown"]),
});
export type MapProjection = z.infer<typeof mapProjectionSchema>;

/** Where a mosaic lies: `geotransform` maps pixel coordinates (corner of the first pixel is 0,0) to `projection`. */
export const placementSchema = z.strictObject({
  projection: mapProjectionSchema,
  geotransform: geotransformSchema,
});
export type Placement = z.infer<typeof placementSchema>;

/** The labels of a mosaic: the mask that came with it, or what was painted over that or over nothing. */
export const maskSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({
    kind: z.literal("matched"),
    fileName: z.string(),
    /** Pixels for each class id; null while they are being counted. */
    classPixels: z.record(z.string(), z.number()).nullable(),
  }),
  z.strictObject({
    kind: z.literal("edited"),
    /** The mask that the labels began from; null where they began from nothing. */
    basedOn: z.string().nullable(),
    /** Pixels for each class id; null while the mask's are being counted. */
    classPixels: z.record(z.string(), z.number()).nullable(),
  }),
  z.strictObject({ kind: z.literal("refused"), fileName: z.string(), reason: z.string() }),
]);
export type Mask = z.infer<typeof maskSchema>;
/** A mask with pixels in it, from a file or painted. */
export type LabelledMask = Extract<Mask, { kind: "matched" | "edited" }>;

/** Whether there are labels to show, train on and compare with. */
export function hasLabels(mask: Mask): mask is LabelledMask {
  return mask.kind === "matched" || mask.kind === "edited";
}

/** One image of a project: readable, or with the reason why it isn't. */
export const mosaicSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("ready"),
    id: idSchema,
    /** The file's name without extension: what the mosaic is called everywhere. */
    name: z.string(),
    fileName: z.string(),
    image: rasterDescriptionSchema,
    placement: placementSchema,
    mask: maskSchema,
  }),
  z.strictObject({
    kind: z.literal("failed"),
    id: idSchema,
    name: z.string(),
    fileName: z.string(),
    reason: z.string(),
  }),
]);
export type Mosaic = z.infer<typeof mosaicSchema>;
export type ReadyMosaic = Extract<Mosaic, { kind: "ready" }>;
