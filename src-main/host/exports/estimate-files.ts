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

/** Samples of a whole export, so that a plan comes at once however many mosaics there are; many small ones, since specks stand in some places only. */
const samplesInAll = 64;
const sampleSide = 128;
/** After this long mosaics that have their first samples get no more: masks of nothing but specks take long to trace. */
const LONG_ENOUGH_MILLISECONDS = 500;
const fewestSamples = 4;
/** Overviews add a third at most. */
const overviewShare = 4 / 3;
/** Bytes of a feature besides its positions, and of a position, in each vector format. */
const featureBytes = { gpkg: [190, 16], geojson: [130, 26], fgb: [170, 16] } as const;

/** How large the planned files will be, from a few windows of each mosaic. */
export async function estimateFiles(
  files: readonly PlannedFile[],
  sourceOf: (mosaicId: string) => Promise<ClassSource>,
  { vector }: Pick<ExportOptions, "vector">,
  { longEnoughMilliseconds = LONG_ENOUGH_MILLISECONDS }: { readonly longEnoughMilliseconds?: number } = {},
): Promise<PlannedExportFile[]> {
  const mosaics = new Set(files.flatMap((file) => file.mosaics));
  const each = Math.max(1, Math.floor(samplesInAll / Math.max(1, mosaics.size)));
  const deadline = performance.now() + longEnoughMilliseconds;
  const tallies = new Map<string, Tally>();
  for (const { id } of mosaics) {
    tallies.set(id, { pixels: 0, bytes: 0, features: 0, positions: 0 });
  }
  // In turns, so that no mosaic spends the time of another.
  for (let index = 0; index < each && (index < fewestSamples || performance.now() < deadline); index += 1) {
    for (const { id, image } of mosaics) {
      await addSample(tallies.get(id) as Tally, await sourceOf(id), image, index, vector);
    }
  }
  return files.map(({ mosaics: own, content, fileName }) => {
    let bytes = 0;
    let features = 0;
    for (const { id, image } of own) {
      const pixels = image.width * image.height;
      const tally = tallies.get(id) as Tally;
      const scale = pixels / tally.pixels;
      if (content === "polygons" && vector !== null) {
        const [feature, position] = featureBytes[vector.format];
        features += tally.features * scale;
        bytes += (tally.features * feature + tally.positions * position) * scale;
      } else {
        bytes += overviewShare * (content === "confidence" ? 0.35 * pixels : tally.bytes * scale);
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

/** What samples of a mosaic came to. */
interface Tally {
  pixels: number;
  bytes: number;
  features: number;
  positions: number;
}

/** Adds the window of that number: the first in the middle, the others evenly over the mosaic however many follow (Halton 1960). */
async function addSample(
  tally: Tally,
  source: ClassSource,
  image: PlannedFile["mosaics"][number]["image"],
  index: number,
  vector: ExportOptions["vector"],
): Promise<void> {
  const width = Math.min(sampleSide, source.width);
  const height = Math.min(sampleSide, source.height);
  const x = Math.floor((source.width - width) * halton(index + 1, 2));
  const y = Math.floor((source.height - height) * (index === 0 ? 0.5 : halton(index + 1, 3)));
  const ids = await source.readIds({ x, y, width, height }, {});
  tally.pixels += ids.length;
  tally.bytes += deflateSync(ids).length;
  if (vector === null) {
    return;
  }
  const rows = rowsOf({
    ...source,
    width,
    height,
    readIds: ({ y: from, height: count }) => Promise.resolve(ids.slice(from * width, (from + count) * width)),
  });
  await tracePolygons(
    rows,
    { geotransform: image.geotransform ?? pixelGeotransform, crs: image.crs },
    { withoutClass: [UNLABELLED_ID], simplify: vector.simplifyMeters, minArea: vector.minAreaSquareMeters },
    ({ positionCount, ringCount, batches }) => {
      const [first] = batches;
      const exterior = first?.coordinates.subarray(0, first.ringEnds[0]) ?? new Int32Array(0);
      tally.features += isCounted(exterior, { left: x > 0, top: y > 0 }) ? 1 : 0;
      tally.positions += positionCount + ringCount;
    },
  );
}

/** Whether a polygon is one of a sample's own: those that the window cuts at its left or its top are its neighbours' (Gundersen 1977). */
function isCounted(exterior: Int32Array, cut: { readonly left: boolean; readonly top: boolean }): boolean {
  for (let index = 0; index < exterior.length; index += 2) {
    if ((cut.left && exterior[index] === 0) || (cut.top && exterior[index + 1] === 0)) {
      return false;
    }
  }
  return true;
}

/** The element of that number, from 1, of the van der Corput sequence in a base: between 0 and 1. */
function halton(number: number, base: number): number {
  let sum = 0;
  for (let rest = number, digit = 1 / base; rest > 0; rest = Math.floor(rest / base), digit /= base) {
    sum += (rest % base) * digit;
  }
  return sum;
}
