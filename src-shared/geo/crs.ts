import { z } from "zod";

/**
 * What is known about the coordinate system of a raster.
 *
 * `proj4` strings are in proj4js' language, axes always easting (or longitude) first; the page registers them
 * as they are. `unknown` is a CRS that is stated in the file but that we can't compute with: the raster is
 * shown in its own coordinates with `reason` as the warning. `none` is an image in pixel coordinates.
 */
export const crsSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("epsg"),
    code: z.int().positive(),
    name: z.string(),
    proj4: z.string(),
  }),
  z.object({ kind: z.literal("custom"), name: z.string(), proj4: z.string() }),
  z.object({ kind: z.literal("unknown"), reason: z.string() }),
  z.object({ kind: z.literal("none") }),
]);
export type Crs = z.infer<typeof crsSchema>;

/** Whether positions in this CRS can be computed with. */
export function isProjectable(crs: Crs): crs is Extract<Crs, { kind: "epsg" | "custom" }> {
  return crs.kind === "epsg" || crs.kind === "custom";
}

/** Whether two rasters state the same coordinate system. */
export function sameCrs(first: Crs, second: Crs): boolean {
  if (first.kind === "epsg" && second.kind === "epsg") {
    return first.code === second.code;
  }
  if (isProjectable(first) && isProjectable(second)) {
    return first.proj4 === second.proj4;
  }
  return first.kind === second.kind;
}

/** A name for a CRS that fits a status bar. */
export function crsLabel(crs: Crs): string {
  switch (crs.kind) {
    case "epsg":
      return `EPSG:${crs.code} ${crs.name}`;
    case "custom":
      return crs.name;
    case "unknown":
      return `unknown (${crs.reason})`;
    case "none":
      return "pixel coordinates";
  }
}
