import { z } from "zod";

/** Formats of polygons, by the ending of their files. */
export const vectorFormatSchema = z.enum(["gpkg", "geojson", "fgb"]);
export type VectorFormat = z.infer<typeof vectorFormatSchema>;

/** Which mask counts where several have a class. */
export const mergeRuleSchema = z.enum(["first", "last", "most-confident"]);
export type MergeRule = z.infer<typeof mergeRuleSchema>;

/** What an export writes, for each mosaic unless it is merged. */
export const exportOptionsSchema = z.strictObject({
  /** Class masks as Cloud Optimized GeoTIFFs. */
  mask: z.boolean(),
  /** NAME_confidence.tif; only predictions have it. */
  confidence: z.boolean(),
  /** NAME_polygons.* with a QGIS style. */
  vector: z
    .strictObject({
      format: vectorFormatSchema,
      /** How far borders may move; pixels where the CRS is not known. */
      simplifyMeters: z.number().min(0).max(1e6),
      /** Smaller areas go to a neighbour; pixels where the CRS is not known. */
      minAreaSquareMeters: z.number().min(0).max(1e12),
    })
    .nullable(),
  /** One mask, and one file of polygons, of all mosaics together. */
  merge: mergeRuleSchema.nullable(),
});
export type ExportOptions = z.infer<typeof exportOptionsSchema>;

/** One file that an export would write; sizes are estimates from samples. */
export const plannedFileSchema = z.strictObject({
  content: z.enum(["classes", "labels", "confidence", "polygons"]),
  fileName: z.string(),
  width: z.int(),
  height: z.int(),
  crs: z.string(),
  estimatedBytes: z.number(),
  /** Polygons; null for rasters. */
  estimatedFeatures: z.number().nullable(),
});
export type PlannedExportFile = z.infer<typeof plannedFileSchema>;

/** What an export would write, and where. */
export const exportPlanSchema = z.strictObject({
  files: z.array(plannedFileSchema),
  displayPath: z.string(),
  /** What is left on that disk; null where the system doesn't say. */
  freeBytes: z.number().nullable(),
});
export type ExportPlan = z.infer<typeof exportPlanSchema>;
