import { deflateSync } from "node:zlib";
import { crsLabel } from "#shared/geo/crs.ts";
import { pixelGeotransform } from "#shared/geo/affine.ts";
import type { ExportOptions, PlannedExportFile } from "#shared/project/export-options.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import { tracePolygons } from "../../raster/index.ts";
import type { ClassSource } from "./class-source.ts";
import { rowsOf } from "./class-source.ts";
import type { PlannedFile } from "./export-plan.ts";
import { mergeGrid } from "./merge-masks.ts";

/** Samples of a whole export, so that a plan comes at once however many mosaics there are. */
const samplesInAll = 16;
const sampleSide = 256;
/** After this long each mosaic gets one sample more at most: masks of nothing but specks take long to trace. */
const longEnoughMilliseconds = 500;
/** Overviews add a third at most. */
const overviewShare = 4 / 3;
/** Bytes of a feature besides its positions, and of a position, in each vector format. */
const featureBytes = { gpkg: [190, 16], geojson: [130, 26], fgb: [170, 16] } as const;

/** How large the planned files will be, from a few windows of each mosaic. */
export async function estimateFiles(
  files: readonly PlannedFile[],
  sourceOf: (mosaicId: string) => Promise<ClassSource>,
  { vector }: ExportOptions,
): Promise<PlannedExportFile[]> {
  const mosaics = new Set(files.flatMap((file) => file.mosaics));
  const each = Math.max(1, Math.floor(samplesInAll / Math.max(1, mosaics.size)));
  const deadline = performance.now() + longEnoughMilliseconds;
  const densities = new Map<string, Density>();
  for (const mosaic of mosaics) {
    densities.set(
      mosaic.id,
      await densityOf(await sourceOf(mosaic.id), mosaic.image, { samples: each, deadline }, vector),
    );
  }
  return files.map(({ mosaics: own, content, fileName }) => {
    let bytes = 0;
    let features = 0;
    for (const { id, image } of own) {
      const pixels = image.width * image.height;
      const density = densities.get(id) as Density;
      if (content === "polygons" && vector !== null) {
        const [feature, position] = featureBytes[vector.format];
        features += density.featuresPerPixel * pixels;
        bytes += (density.featuresPerPixel * feature + density.positionsPerPixel * position) * pixels;
      } else {
        bytes += pixels * overviewShare * (content === "confidence" ? 0.35 : density.bytesPerPixel);
      }
    }
    const [first] = own;
    const size = sizeOf(own);
    return {
      content,
      fileName,
      ...size,
      crs: first === undefined ? "" : crsLabel(first.image.crs),
      estimatedBytes: Math.round(bytes) + 2048,
      estimatedFeatures: content === "polygons" ? Math.max(own.length, Math.round(features)) : null,
    };
  });
}

function sizeOf(mosaics: PlannedFile["mosaics"]): { readonly width: number; readonly height: number } {
  const [first] = mosaics;
  if (first === undefined || mosaics.length === 1) {
    return { width: first?.image.width ?? 0, height: first?.image.height ?? 0 };
  }
  const { width, height } = mergeGrid(
    mosaics.map(({ name, image }) => ({
      name,
      source: { width: image.width, height: image.height },
      geotransform: image.geotransform ?? pixelGeotransform,
      crs: image.crs,
    })),
  );
  return { width, height };
}

interface Density {
  readonly bytesPerPixel: number;
  readonly featuresPerPixel: number;
  readonly positionsPerPixel: number;
}

async function densityOf(
  source: ClassSource,
  image: PlannedFile["mosaics"][number]["image"],
  { samples, deadline }: { readonly samples: number; readonly deadline: number },
  vector: ExportOptions["vector"],
): Promise<Density> {
  let pixels = 0;
  let bytes = 0;
  let features = 0;
  let positions = 0;
  for (let index = 0; index < samples && (index === 0 || performance.now() < deadline); index += 1) {
    // Along the diagonal, in the middle when there is only one.
    const share = (index + 0.5) / samples;
    const width = Math.min(sampleSide, source.width);
    const height = Math.min(sampleSide, source.height);
    const ids = await source.readIds(
      {
        x: Math.floor((source.width - width) * share),
        y: Math.floor((source.height - height) * share),
        width,
        height,
      },
      {},
    );
    pixels += ids.length;
    bytes += deflateSync(ids).length;
    if (vector !== null) {
      const rows = rowsOf({
        ...source,
        width,
        height,
        readIds: ({ y, height: count }) => Promise.resolve(ids.slice(y * width, (y + count) * width)),
      });
      features += await tracePolygons(
        rows,
        { geotransform: image.geotransform ?? pixelGeotransform, crs: image.crs },
        {
          withoutClass: [UNLABELLED_ID],
          simplify: vector.simplifyMeters,
          minArea: vector.minAreaSquareMeters,
        },
        ({ positionCount, ringCount }) => {
          positions += positionCount + ringCount;
        },
      );
    }
  }
  return {
    bytesPerPixel: bytes / pixels,
    featuresPerPixel: features / pixels,
    positionsPerPixel: positions / pixels,
  };
}
