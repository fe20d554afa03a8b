import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import type { Run } from "#shared/training/run.ts";
import { geoTagsLike } from "../../raster/index.ts";
import type { GeoTags, GeoTiffOptions, Raster } from "../../raster/index.ts";
import { RUN_TAG } from "./export-plan.ts";
import type { StyledClass } from "./qgis-style.ts";

/** What a file of class ids is like, wherever it lies: colours, names and nodata. */
export function classBandOptions(
  geoTags: GeoTags,
  classes: readonly StyledClass[],
  metadata: Readonly<Record<string, string>>,
): Omit<GeoTiffOptions, "width" | "height" | "tileSize"> {
  const has = classes.length > 0;
  return {
    bands: 1,
    dtype: "uint8",
    geoTags,
    compression: "deflate",
    nodata: UNLABELLED_ID,
    colorTable: has ? Object.fromEntries(classes.map(({ id, color }) => [String(id), color])) : null,
    categoryNames: has ? Object.fromEntries(classes.map(({ id, name }) => [String(id), name])) : null,
    bandNames: ["class"],
    overviews: "mode",
    metadata,
  };
}

/** What goes into one exported file. */
export interface ExportSource {
  readonly image: Raster;
  readonly run: Run;
  readonly version: string;
}

/** What the GeoTIFF of a prediction is like: the image's grid, with colours, names and nodata for classes. */
export function fileOptions(
  content: "classes" | "confidence",
  { image, run, version }: Pick<ExportSource, "image" | "run" | "version">,
): GeoTiffOptions {
  const { width, height } = image.description;
  const geoTags = geoTagsLike(image);
  const metadata = exportTags(content, run, version);
  const size = { width, height };
  if (content === "classes") {
    return { ...classBandOptions(geoTags, run.classes, metadata), ...size };
  }
  return {
    ...size,
    bands: 1,
    dtype: "uint8",
    geoTags,
    compression: "deflate",
    nodata: null,
    bandNames: ["confidence, 0 to 255"],
    overviews: "average",
    metadata,
  };
}

/** What the file says about where it came from. */
export function exportTags(
  content: "classes" | "confidence",
  run: Run,
  version: string,
): Record<string, string> {
  const { best, settings, classes } = run;
  return {
    [RUN_TAG]: run.id,
    ORTHOMASK_RUN_NAME: run.name,
    ORTHOMASK_CONTENT: content,
    ORTHOMASK_MODEL: settings.architecture,
    ORTHOMASK_VERSION: version,
    ORTHOMASK_CLASSES: JSON.stringify(classes.map(({ id, name }) => ({ id, name }))),
    ...(best === null
      ? {}
      : {
          ORTHOMASK_VALIDATION_EPOCH: String(best.epoch),
          ORTHOMASK_VALIDATION_MEAN_IOU: best.meanIou.toFixed(6),
          ORTHOMASK_VALIDATION_CONFUSION: JSON.stringify(best.confusion),
        }),
  };
}
