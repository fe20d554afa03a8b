import { basename, extname } from "node:path";
import type { Crs } from "#shared/geo/crs.ts";
import type { ByteSource } from "../../byte-source.ts";
import { crsFromEpsg } from "../../crs/epsg.ts";
import { crsFromWkt } from "../../crs/from-wkt.ts";
import { RasterError } from "../../raster-error.ts";
import { BufferedSource, viewOf } from "./buffered-source.ts";
import { FlatTable } from "./flat-buffer-reader.ts";
import {
  mostFeatureBytes,
  type FeatureOptions,
  type PolygonRings,
  type VectorFeature,
  type VectorFile,
  type VectorGeometry,
  type VectorValue,
} from "./vector-layer.ts";

const magicBytes = 8;
const nodeItemBytes = 40;
const deepest = 8;

interface Column {
  readonly name: string;
  readonly type: number;
}

/** Opens a FlatGeobuf (version 3, https://flatgeobuf.org); its index is passed over, and features are read from the first to the last. */
export async function openFlatGeobuf(source: ByteSource): Promise<VectorFile> {
  const { filePath } = source;
  const buffered = new BufferedSource(source);
  const damaged = (error: unknown): RasterError =>
    new RasterError(
      "damaged",
      filePath,
      `expected a FlatGeobuf, or it is damaged: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  const start = source.size < magicBytes + 4 ? null : await buffered.take(0, magicBytes + 4);
  if (start === null || Buffer.from(start.subarray(0, 4)).toString("latin1") !== "fgb\x03") {
    throw new RasterError("damaged", filePath, "expected a FlatGeobuf of version 3, found other bytes");
  }
  const headerBytes = viewOf(start).getUint32(magicBytes, true);
  if (headerBytes > mostFeatureBytes || magicBytes + 4 + headerBytes > source.size) {
    throw damaged(new RangeError(`a header of ${headerBytes} bytes`));
  }
  const bytes = Uint8Array.from(await buffered.take(magicBytes + 4, headerBytes));
  try {
    const header = FlatTable.root(bytes);
    const columns = columnsOf(header);
    const type = header.u8(2, 0);
    const firstFeature = magicBytes + 4 + headerBytes + treeBytes(header.u64(8, 0), header.u16(9, 16));
    return {
      filePath,
      format: "FlatGeobuf",
      layers: [
        {
          name: header.text(0) ?? basename(filePath, extname(filePath)),
          crs: crsOf(header.table(10)),
          features: (options) => readFeatures(source, { columns, type, firstFeature }, options),
        },
      ],
      close: () => source.close(),
    };
  } catch (error) {
    throw error instanceof RangeError ? damaged(error) : error;
  }
}

function columnsOf(table: FlatTable, field = 7): Column[] {
  return table.tables(field).map((column) => ({ name: column.text(0) ?? "", type: column.u8(1, 0) }));
}

/** Bytes of the packed R-tree before the features; 0 without one. */
function treeBytes(features: number, nodeItems: number): number {
  if (nodeItems < 2 || features === 0) {
    return 0;
  }
  let nodes = features;
  let level = features;
  do {
    level = Math.ceil(level / nodeItems);
    nodes += level;
  } while (level > 1);
  return nodes * nodeItemBytes;
}

async function* readFeatures(
  source: ByteSource,
  layer: { readonly columns: readonly Column[]; readonly type: number; readonly firstFeature: number },
  { signal, onProgress }: FeatureOptions = {},
): AsyncGenerator<VectorFeature> {
  const buffered = new BufferedSource(source);
  let at = layer.firstFeature;
  for (let number = 1; at < source.size; number++) {
    signal?.throwIfAborted();
    const refuse = (what: string, cause?: unknown): RasterError =>
      new RasterError(
        "damaged",
        source.filePath,
        `feature ${number} is cut short or damaged: ${what}`,
        cause,
      );
    if (at + 4 > source.size) {
      throw refuse(`expected its size at ${at}, but the file ends at ${source.size}`);
    }
    const bytes = viewOf(await buffered.take(at, 4, signal)).getUint32(0, true);
    if (bytes < 8 || bytes > mostFeatureBytes || at + 4 + bytes > source.size) {
      throw refuse(`it would take ${bytes} bytes at ${at}, and the file ends at ${source.size}`);
    }
    const piece = await buffered.take(at + 4, bytes, signal);
    at += 4 + bytes;
    onProgress?.(at / source.size);
    try {
      const feature = FlatTable.root(piece);
      const own = columnsOf(feature, 2);
      const geometry = feature.table(0);
      yield {
        values: valuesOf(feature.bytes(1), own.length > 0 ? own : layer.columns),
        geometry: geometry === null ? { kind: "none" } : geometryOf(geometry, layer.type),
      };
    } catch (error) {
      throw error instanceof RangeError ? refuse(error.message, error) : error;
    }
  }
}

function geometryOf(geometry: FlatTable, layerType: number): VectorGeometry {
  const polygons: PolygonRings[] = [];
  const hasOthers = collect(geometry, layerType, polygons, 0);
  if (polygons.length > 0) {
    return { kind: "polygons", polygons };
  }
  return hasOthers ? { kind: "other" } : { kind: "none" };
}

/** Adds polygons to the list; answers whether there is anything else. */
function collect(geometry: FlatTable, layerType: number, polygons: PolygonRings[], depth: number): boolean {
  if (depth > deepest) {
    throw new RangeError("geometries within geometries, too deep");
  }
  const type = layerType === 0 || depth > 0 ? geometry.u8(6, layerType) : layerType;
  switch (type) {
    case 3: {
      const rings = ringsOf(geometry);
      if (rings.length > 0) {
        polygons.push(rings);
      }
      return false;
    }
    case 6:
    case 7: {
      let hasOthers = false;
      for (const part of geometry.tables(7)) {
        hasOthers = collect(part, type === 6 ? 3 : 0, polygons, depth + 1) || hasOthers;
      }
      return hasOthers;
    }
    default:
      return true;
  }
}

function ringsOf(geometry: FlatTable): Float64Array[] {
  const positions = geometry.doubles(1) ?? new Float64Array(0);
  const ends = geometry.uints(0) ?? Uint32Array.of(positions.length / 2);
  const rings: Float64Array[] = [];
  let start = 0;
  for (const end of ends) {
    if (end < start || end * 2 > positions.length) {
      throw new RangeError(`a ring up to position ${end} of ${positions.length / 2}`);
    }
    if (end > start) {
      rings.push(positions.slice(start * 2, end * 2));
    }
    start = end;
  }
  return rings;
}

/** The fields of a feature: number of the column, then its value, as often as there are some. */
function valuesOf(bytes: Uint8Array | null, columns: readonly Column[]): Map<string, VectorValue> {
  const values = new Map<string, VectorValue>(columns.map(({ name }) => [name, null]));
  const view = viewOf(bytes ?? new Uint8Array(0));
  for (let at = 0; at < view.byteLength;) {
    const column = columns[view.getUint16(at, true)];
    if (column === undefined) {
      throw new RangeError("a value of a column that isn't there");
    }
    const [value, length] = valueAt(view, at + 2, column.type);
    values.set(column.name, value);
    at += 2 + length;
  }
  return values;
}

function valueAt(view: DataView, at: number, type: number): readonly [value: VectorValue, bytes: number] {
  switch (type) {
    case 0:
      return [view.getInt8(at), 1];
    case 1:
      return [view.getUint8(at), 1];
    case 2:
      return [view.getUint8(at) !== 0, 1];
    case 3:
      return [view.getInt16(at, true), 2];
    case 4:
      return [view.getUint16(at, true), 2];
    case 5:
      return [view.getInt32(at, true), 4];
    case 6:
      return [view.getUint32(at, true), 4];
    case 7:
      return [Number(view.getBigInt64(at, true)), 8];
    case 8:
      return [Number(view.getBigUint64(at, true)), 8];
    case 9:
      return [view.getFloat32(at, true), 4];
    case 10:
      return [view.getFloat64(at, true), 8];
    case 11:
    case 12:
    case 13:
    case 14: {
      const length = view.getUint32(at, true);
      if (at + 4 + length > view.byteLength) {
        throw new RangeError(`a text of ${length} bytes beyond the end`);
      }
      const text = Buffer.from(view.buffer, view.byteOffset + at + 4, length);
      return [type === 14 ? null : text.toString("utf8"), 4 + length];
    }
    default:
      throw new RangeError(`a column of type ${type}`);
  }
}

function crsOf(stated: FlatTable | null): Crs {
  if (stated === null) {
    return { kind: "unknown", reason: "the file names no coordinate system" };
  }
  const code = stated.i32(1, 0);
  const organization = stated.text(0) ?? "EPSG";
  if (code > 0 && organization.toUpperCase() === "EPSG") {
    const crs = crsFromEpsg(code);
    if (crs.kind !== "unknown") {
      return crs;
    }
  }
  const wkt = stated.text(4);
  return wkt === null ? { kind: "unknown", reason: "the file names no coordinate system" } : crsFromWkt(wkt);
}
