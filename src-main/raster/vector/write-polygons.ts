import { extname } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { RingSpool, SpillLimits } from "../polygons/ring-spool.ts";
import { PolygonTracer } from "../polygons/polygon-tracer.ts";
import { RowSieve } from "../polygons/row-sieve.ts";
import { RasterError } from "../raster-error.ts";
import { createFlatGeobuf } from "./flatgeobuf.ts";
import { createGeoJson } from "./geojson.ts";
import { createGeoPackage } from "./geopackage.ts";
import { groundSteps } from "./ground-steps.ts";
import type { PolygonLayer, PolygonWriter } from "./polygon-layer.ts";
import { RingFile } from "./ring-file.ts";

/** The vector formats by the ending of a file's name. */
const writers: ReadonlyMap<string, (filePath: string, layer: PolygonLayer) => Promise<PolygonWriter>> =
  new Map([
    [".gpkg", createGeoPackage],
    [".geojson", createGeoJson],
    [".fgb", createFlatGeobuf],
  ]);

/** Endings of the vector files that can be written. */
export const vectorExtensions = [...writers.keys()];

/** Class ids that are read row by row from top to bottom. */
export interface ClassRows {
  readonly width: number;
  readonly height: number;
  /** `rows` whole rows from `firstRow` on, one id a pixel. */
  read(
    firstRow: number,
    rows: number,
    options: { readonly signal?: AbortSignal | undefined },
  ): Promise<Uint8Array>;
}

/** How polygons are made. */
export interface PolygonOptions {
  /** Ids that become no polygon: "not labelled", nodata. */
  readonly withoutClass: readonly number[];
  /** How far a border may move, in metres on the ground (in pixels where the CRS is not known); 0 leaves pixels as they are. */
  readonly simplify?: number;
  /** Regions smaller than this, in square metres (or pixels), are given to the neighbour with the longest common border. */
  readonly minArea?: number;
  /** Waited for when the file is on the disk whole, but not under its name yet; gets the ids that occur. */
  readonly beforeRename?: ((classIds: readonly number[]) => Promise<void>) | undefined;
  /** How much of open regions may be in memory; only tests need others than the usual. */
  readonly spillLimits?: SpillLimits | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (share: number) => void;
}

/**
 * Writes the polygons of a class raster to a GeoPackage, GeoJSON or FlatGeobuf file, by the ending of its name.
 *
 * @returns how many polygons were written
 * @throws RasterError when the ending is another, the disk refuses, or GeoJSON can't be had of the CRS; nothing is left behind then
 */
export async function writePolygons(
  filePath: string,
  rows: ClassRows,
  layer: PolygonLayer,
  options: PolygonOptions,
): Promise<{ readonly features: number }> {
  const create = writers.get(extname(filePath).toLowerCase());
  if (create === undefined) {
    throw new RasterError(
      "invalid-request",
      filePath,
      `expected a name that ends with ${vectorExtensions.join(", ")}, got "${extname(filePath)}"`,
    );
  }
  const writer = await create(filePath, layer);
  let spool: RingFile | null = null;
  try {
    spool = await RingFile.create(filePath);
    const classIds = new Set<number>();
    const features = await tracePolygons(
      rows,
      layer,
      options,
      (polygon) => {
        classIds.add(polygon.classId);
        writer.write(polygon);
      },
      spool,
    );
    options.signal?.throwIfAborted();
    const occurring = [...classIds].sort((first, second) => first - second);
    await writer.finish(() => options.beforeRename?.(occurring) ?? Promise.resolve());
    return { features };
  } catch (error) {
    await writer.discard();
    throw error;
  } finally {
    await spool?.discard();
  }
}

/** Polygons of one band that take about a tenth of a second. */
const manyPolygons = 30_000;
const fewestRows = 4;

/** Traces the polygons of a class raster, and hands each on; answers how many there were. Without a spool all open regions are in memory. */
export async function tracePolygons(
  rows: ClassRows,
  layer: Pick<PolygonLayer, "geotransform" | "crs">,
  { withoutClass, simplify = 0, minArea = 0, spillLimits, signal, onProgress }: PolygonOptions,
  onPolygon: ConstructorParameters<typeof PolygonTracer>[1],
  spool: RingSpool | null = null,
): Promise<number> {
  const { width, height } = rows;
  const ground = groundSteps(layer, { width, height });
  const minPixels = Math.ceil(minArea / ground.pixelArea - 1e-9);
  let features = 0;
  const tracer = new PolygonTracer(
    {
      width,
      withoutClass,
      simplify: simplify > 0 ? { tolerance: simplify, column: ground.column, row: ground.row } : null,
      spool,
      ...(spillLimits === undefined ? {} : { spillLimits }),
    },
    (polygon) => {
      features += 1;
      onPolygon(polygon);
    },
  );
  const sieve = minPixels > 1 ? new RowSieve({ width, minPixels, withoutClass }) : null;
  const mostRows = PolygonTracer.bandRows(width);
  // Few rows first: what they hold isn't known yet.
  let bandRows = simplify === 0 ? Math.min(mostRows, fewestRows) : mostRows;
  for (let row = 0, count = 0; row < height; row += count) {
    signal?.throwIfAborted();
    const before = features;
    count = Math.min(bandRows, height - row);
    const ids = await rows.read(row, count, { signal });
    const ready = sieve === null ? { ids, rows: count } : sieve.addRows(ids, count);
    if (ready.rows > 0) {
      tracer.addRows(ready.ids, ready.rows);
    }
    if (simplify === 0) {
      // Specks take long: others wait for a band. Simplified borders would depend on where bands begin.
      const found = features - before;
      bandRows =
        found > manyPolygons
          ? Math.max(fewestRows, bandRows >> 1)
          : found < manyPolygons / 4
            ? Math.min(mostRows, bandRows * 2)
            : bandRows;
    }
    onProgress?.((row + count) / height);
    // Others in this process get their turn between bands.
    await setImmediate();
  }
  if (sieve !== null) {
    const rest = sieve.finish();
    if (rest.rows > 0) {
      tracer.addRows(rest.ids, rest.rows);
    }
  }
  tracer.finish();
  return features;
}
