import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import type { Crs } from "#shared/geo/crs.ts";
import { openFileSource, type ByteSource } from "../../byte-source.ts";
import { crsFromWkt } from "../../crs/from-wkt.ts";
import { RasterError } from "../../raster-error.ts";
import { BufferedSource, viewOf } from "./buffered-source.ts";
import { DbfTable } from "./dbf.ts";
import { groupRings } from "./group-rings.ts";
import {
  mostFeatureBytes,
  type FeatureOptions,
  type VectorFeature,
  type VectorFile,
  type VectorGeometry,
} from "./vector-layer.ts";

const headerBytes = 100;
/** A .prj file has a kilobyte or two, a .cpg file a word. */
const mostTextBytes = 64 * 1024;

/**
 * Opens a shapefile (ESRI, July 1998): NAME.shp, and beside it NAME.dbf with the fields, NAME.prj with the coordinate system, NAME.cpg with the
 * fields' encoding, each in any case; without a NAME.dbf there are no fields. The index NAME.shx isn't needed.
 */
export async function openShapefile(source: ByteSource): Promise<VectorFile> {
  const { filePath } = source;
  const header = source.size < headerBytes ? null : viewOf(await source.read(0, headerBytes));
  if (header === null || header.getInt32(0) !== 9994) {
    throw new RasterError("damaged", filePath, "expected a shapefile, found other bytes");
  }
  const [table, projection, encoding] = await Promise.all([
    beside(filePath, ".dbf"),
    beside(filePath, ".prj"),
    beside(filePath, ".cpg"),
  ]);
  const encodingName = encoding === null ? null : (await textOf(encoding, "latin1")).trim();
  const dbf = table === null ? null : await openTable(table, encodingName);
  const crs: Crs =
    projection === null
      ? { kind: "unknown", reason: "there is no .prj file beside it" }
      : crsFromWkt(await textOf(projection, "utf8"));
  return {
    filePath,
    format: "Shapefile",
    layers: [
      {
        name: basename(filePath, extname(filePath)),
        crs,
        features: (options) => readFeatures(source, dbf, options),
      },
    ],
    close: async () => {
      await source.close();
      await dbf?.close();
    },
  };
}

async function openTable(filePath: string, encodingName: string | null): Promise<DbfTable> {
  const source = await openFileSource(filePath);
  try {
    return await DbfTable.open(source, encodingName);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function textOf(filePath: string, encoding: "latin1" | "utf8"): Promise<string> {
  const found = await stat(filePath);
  if (!found.isFile() || found.size > mostTextBytes) {
    throw new RasterError(
      "damaged",
      filePath,
      found.isFile()
        ? `expected a line of text, at most ${mostTextBytes} bytes, found ${found.size} bytes`
        : "expected a file, found a folder or device",
    );
  }
  return readFile(filePath, encoding);
}

/** A file of the same name with another ending, whatever the case of either. */
async function beside(filePath: string, ending: string): Promise<string | null> {
  const wanted = `${basename(filePath, extname(filePath))}${ending}`.toLowerCase();
  const folder = dirname(filePath);
  const entries = await readdir(folder).catch(() => []);
  const found = entries.find((name) => name.toLowerCase() === wanted);
  if (found === undefined) {
    return null;
  }
  // Who may read this folder may not be meant to read where a link leads.
  const real = await realpath(join(folder, found)).catch(() => null);
  return real !== null && dirname(real) === (await realpath(folder)) ? real : null;
}

async function* readFeatures(
  source: ByteSource,
  dbf: DbfTable | null,
  { signal, onProgress }: FeatureOptions = {},
): AsyncGenerator<VectorFeature> {
  const buffered = new BufferedSource(source);
  let at = headerBytes;
  for (let index = 0; at < source.size; index++) {
    signal?.throwIfAborted();
    const refuse = (what: string): RasterError =>
      new RasterError("damaged", source.filePath, `record ${index + 1} is cut short or damaged: ${what}`);
    if (at + 8 > source.size) {
      throw refuse(`expected 8 bytes at ${at}, but the file ends at ${source.size}`);
    }
    const bytes = viewOf(await buffered.take(at, 8, signal)).getInt32(4) * 2;
    if (bytes < 4 || bytes > mostFeatureBytes || at + 8 + bytes > source.size) {
      throw refuse(`it would take ${bytes} bytes at ${at}, and the file ends at ${source.size}`);
    }
    const record = viewOf(await buffered.take(at + 8, bytes, signal));
    const geometry = await geometryOf(record, refuse, signal);
    at += 8 + bytes;
    onProgress?.(at / source.size);
    const values = dbf === null ? new Map<string, null>() : await dbf.row(index, signal);
    if (values !== null) {
      yield { values, geometry };
    }
  }
}

async function geometryOf(
  record: DataView,
  refuse: (what: string) => RasterError,
  signal: AbortSignal | undefined,
): Promise<VectorGeometry> {
  const type = record.getInt32(0, true);
  if (type === 0) {
    return { kind: "none" };
  }
  // Polygon, and with heights or measures, which stand behind the positions.
  if (type !== 5 && type !== 15 && type !== 25) {
    return { kind: "other" };
  }
  if (record.byteLength < 44) {
    throw refuse(`a polygon of ${record.byteLength} bytes`);
  }
  const parts = record.getInt32(36, true);
  const points = record.getInt32(40, true);
  if (parts < 0 || points < 0 || 44 + parts * 4 + points * 16 > record.byteLength) {
    throw refuse(`${parts} rings of ${points} points in ${record.byteLength} bytes`);
  }
  const start = 44 + parts * 4;
  const rings: Float64Array[] = [];
  for (let part = 0; part < parts; part++) {
    const first = record.getInt32(44 + part * 4, true);
    const last = part + 1 < parts ? record.getInt32(48 + part * 4, true) : points;
    if (first < 0 || last < first || last > points) {
      throw refuse(`a ring from point ${first} to ${last} of ${points}`);
    }
    if (last === first) {
      continue;
    }
    const ring = new Float64Array((last - first) * 2);
    for (let value = 0; value < ring.length; value++) {
      ring[value] = record.getFloat64(start + first * 16 + value * 8, true);
    }
    rings.push(ring);
  }
  const polygons = await groupRings(rings, { signal });
  return polygons.length === 0 ? { kind: "none" } : { kind: "polygons", polygons };
}
