import { z } from "zod";
import { geotransformSchema } from "./affine.ts";
import { crsSchema } from "./crs.ts";

/** The sample types a raster can have. */
export const rasterDtypes = [
  "uint8",
  "int8",
  "uint16",
  "int16",
  "uint32",
  "int32",
  "float32",
  "float64",
] as const;
export const rasterDtypeSchema = z.enum(rasterDtypes);
export type RasterDtype = z.infer<typeof rasterDtypeSchema>;

/** A number that may be NaN or infinite, which JSON can't carry but our transports and files must. */
export const nodataSchema = z.union([z.number(), z.nan(), z.literal(Infinity), z.literal(-Infinity)]);

/** Everything about a raster but its pixels; crosses to the page and is what `orthomask info` prints. */
export const rasterDescriptionSchema = z.object({
  /** The container: the file's own words for what it is. */
  format: z.enum(["GeoTIFF", "PNG", "JPEG"]),
  width: z.int().positive(),
  height: z.int().positive(),
  bands: z.int().positive(),
  dtype: rasterDtypeSchema,
  /** Significant bits of a sample: 8 for uint8, 12 for a 12-bit camera stored in uint16, 1 for a bitmap. */
  bitsPerSample: z.int().positive(),
  crs: crsSchema,
  /** Pixel to map, rasterio's order; null where the file has none. */
  geotransform: geotransformSchema.nullable(),
  /** The value that stands for "no data" in every band, or null. */
  nodata: nodataSchema.nullable(),
  /** Width and height of the file's own blocks in pixels. */
  blockSize: z.tuple([z.int().positive(), z.int().positive()]),
  compression: z.string(),
  interleave: z.enum(["pixel", "band"]),
  photometric: z.string(),
  /** Decimation factors of what can be read without the full resolution, smallest first: 2, 4, 8. */
  overviews: z.array(z.number()),
  /** Colour of each id as "#rrggbb" for palette rasters, else null. */
  colorTable: z.record(z.string(), z.string()).nullable(),
  /** One description a band, empty strings where the file has none. */
  bandNames: z.array(z.string()),
  /** Class names by id for class rasters that carry them, else null. */
  categoryNames: z.record(z.string(), z.string()).nullable(),
  /** The 0-based band that holds opacity, or null. */
  alphaBand: z.int().nonnegative().nullable(),
  /** Whether a mask beside the bands says which pixels are valid. */
  hasMaskBand: z.boolean(),
  /** What the reader had to give up on, in words for the user. */
  warnings: z.array(z.string()),
});
export type RasterDescription = z.infer<typeof rasterDescriptionSchema>;
