import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import type { Run } from "#shared/training/run.ts";
import { createGeoTiffWriter, geoTagsLike } from "../../raster/index.ts";
import type { ClassGrid, GeoTiffOptions, Raster } from "../../raster/index.ts";
import { RUN_TAG } from "./export-plan.ts";
import type { PlannedFile } from "./export-plan.ts";

const TILE_SIZE = 512;

/** What goes into one exported file. */
export interface ExportSource {
  readonly image: Raster;
  readonly grid: ClassGrid;
  readonly run: Run;
  readonly version: string;
}

/**
 * Writes a prediction as a Cloud Optimized GeoTIFF on exactly the image's grid, tile by tile. Nothing is left behind when it fails or is
 * aborted.
 */
export async function writeExport(
  filePath: string,
  content: PlannedFile["content"],
  source: ExportSource,
  options: { readonly signal: AbortSignal; readonly onProgress: (share: number) => void },
): Promise<void> {
  const { grid } = source;
  const writer = await createGeoTiffWriter(filePath, fileOptions(content, source));
  try {
    const total = writer.tilesAcross * writer.tilesDown;
    for (let row = 0; row < writer.tilesDown; row++) {
      for (let column = 0; column < writer.tilesAcross; column++) {
        options.signal.throwIfAborted();
        const pixelWindow = {
          x: column * TILE_SIZE,
          y: row * TILE_SIZE,
          width: TILE_SIZE,
          height: TILE_SIZE,
        };
        const { ids, confidence } = await grid.readWindow({ pixelWindow }, { signal: options.signal });
        await writer.writeTile(
          column,
          row,
          content === "classes" ? ids : (confidence ?? new Uint8Array(ids.length)),
        );
        options.onProgress((row * writer.tilesAcross + column + 1) / total);
      }
    }
    await writer.finish({ signal: options.signal });
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** What the GeoTIFF of a prediction is like: the image's grid, with colours, names and nodata for classes. */
export function fileOptions(
  content: PlannedFile["content"],
  { image, run, version }: Pick<ExportSource, "image" | "run" | "version">,
): GeoTiffOptions {
  const { width, height } = image.description;
  const shared = {
    width,
    height,
    bands: 1,
    dtype: "uint8",
    geoTags: geoTagsLike(image),
    tileSize: TILE_SIZE,
    compression: "deflate",
    metadata: exportTags(content, run, version),
  } as const;
  if (content === "confidence") {
    return { ...shared, nodata: null, bandNames: ["confidence, 0 to 255"], overviews: "average" };
  }
  return {
    ...shared,
    nodata: UNLABELLED_ID,
    colorTable: Object.fromEntries(run.classes.map(({ id, color }) => [String(id), color])),
    categoryNames: Object.fromEntries(run.classes.map(({ id, name }) => [String(id), name])),
    bandNames: ["class"],
    overviews: "mode",
  };
}

/** What the file says about where it came from. */
export function exportTags(
  content: PlannedFile["content"],
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
