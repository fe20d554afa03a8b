import type { TracedPolygon } from "../polygons/traced-polygon.ts";
import type { BeforeRename } from "../write/atomic-file.ts";
import { wktOfCrs } from "./crs-wkt.ts";
import { areaMeasure, toMap, type AreaMeasure, type MapPolygon, type MapRings } from "./polygon-geometry.ts";
import { classNameIn, type PolygonLayer, type PolygonWriter } from "./polygon-layer.ts";
import { RtreeLeaves } from "./rtree-leaves.ts";
import { writeRtree } from "./rtree-tables.ts";
import { SqliteFile, type SchemaEntry, type TableWriter } from "./sqlite-file.ts";
import type { SqliteValue } from "./sqlite-record.ts";
import { encodeRecordAround } from "./sqlite-record.ts";
import { rtreeSchema, tablesSql } from "./geopackage-schema.ts";

/** "GPKG" and version 1.3, as the database's header says them. */
const identity = { applicationId: 0x47504b47, userVersion: 10_300 };

/**
 * Starts a GeoPackage 1.3 (OGC 12-128r17) of one layer in the raster's own CRS, with a spatial index.
 *
 * A CRS without an EPSG code is defined in the file; one that we know nothing of is "undefined Cartesian", which GIS ask about.
 */
export async function createGeoPackage(filePath: string, layer: PolygonLayer): Promise<PolygonWriter> {
  const file = await SqliteFile.create(filePath);
  try {
    return new GeoPackageWriter(file, await RtreeLeaves.create(filePath), layer);
  } catch (error) {
    await file.discard();
    throw error;
  }
}

class GeoPackageWriter implements PolygonWriter {
  readonly #file: SqliteFile;
  readonly #layer: PolygonLayer;
  readonly #features: TableWriter;
  readonly #measure: AreaMeasure | null;
  readonly #srs: Srs;
  readonly #leaves: RtreeLeaves;
  /** For the bytes of most rings: millions of pieces of memory would wait for the garbage collector. */
  readonly #spare = new Uint8Array(1 << 16);
  #count = 0;

  constructor(file: SqliteFile, leaves: RtreeLeaves, layer: PolygonLayer) {
    this.#file = file;
    this.#leaves = leaves;
    this.#layer = layer;
    this.#features = file.table();
    this.#measure = areaMeasure(layer.crs, layer.geotransform);
    this.#srs = srsOf(layer);
  }

  write(polygon: TracedPolygon): void {
    const map = toMap(polygon, this.#layer.geotransform);
    this.#count += 1;
    const { head, tail } = encodeRecordAround([null], geometryBytes(map), [
      { integer: polygon.classId },
      classNameIn(this.#layer, polygon.classId),
      this.#measure === null ? null : { real: this.#measure(polygon, map) },
    ]);
    const { id } = this.#srs;
    const spare = this.#spare;
    const pieces = function* (): Generator<Uint8Array> {
      yield head;
      yield geometryHead(map, id);
      for (const rings of map.batches) {
        yield ringBytes(rings, spare);
      }
      yield tail;
    };
    this.#features.addPieces(this.#count, head.length + geometryBytes(map) + tail.length, pieces());
    this.#leaves.add(map.box);
  }

  async finish(beforeRename?: BeforeRename): Promise<void> {
    try {
      await this.#finish(beforeRename);
    } finally {
      await this.#leaves.discard();
    }
  }

  async discard(): Promise<void> {
    await this.#leaves.discard();
    await this.#file.discard();
  }

  async #finish(beforeRename?: BeforeRename): Promise<void> {
    const { name } = this.#layer;
    const featuresRoot = this.#features.finish();
    const index = writeRtree(this.#file, this.#leaves);
    const box = this.#leaves.extent();
    const systems = [undefinedSystem(-1, "Cartesian"), undefinedSystem(0, "geographic"), wgs84System];
    if (!systems.some(({ id }) => id === this.#srs.id)) {
      systems.push(this.#srs);
    }
    const roots: Record<string, number> = {
      gpkg_spatial_ref_sys: this.#table(
        systems
          .sort((first, second) => first.id - second.id)
          .map(({ id, name: title, organization, code, definition, description }) => [
            id,
            [title, null, organization, { integer: code }, definition, description],
          ]),
      ),
      gpkg_contents: this.#table([
        [
          1,
          [
            name,
            "features",
            name,
            "",
            new Date().toISOString(),
            ...(box ?? [0, 0, 0, 0]).map((real) => ({ real })),
            { integer: this.#srs.id },
          ],
        ],
      ]),
      gpkg_geometry_columns: this.#table([
        [1, [name, "geom", "POLYGON", { integer: this.#srs.id }, { integer: 0 }, { integer: 0 }]],
      ]),
      gpkg_extensions: this.#table([
        [
          1,
          [
            name,
            "geom",
            "gpkg_rtree_index",
            "http://www.geopackage.org/spec120/#extension_rtree",
            "write-only",
          ],
        ],
      ]),
      [name]: featuresRoot,
    };
    const one = { integer: 1 };
    const indices: Record<string, readonly number[]> = {
      gpkg_contents: [this.#file.index([[name, one]]), this.#file.index([[name, one]])],
      gpkg_geometry_columns: [this.#file.index([[name, "geom", one]]), this.#file.index([[name, one]])],
      gpkg_extensions: [this.#file.index([[name, "geom", "gpkg_rtree_index", one]])],
    };
    const schema: SchemaEntry[] = tablesSql(name).flatMap(({ table, sql }): SchemaEntry[] => [
      { type: "table", name: table, table, rootPage: roots[table] ?? 0, sql },
      ...(indices[table] ?? []).map((rootPage, number): SchemaEntry => ({
        type: "index",
        name: `sqlite_autoindex_${table}_${number + 1}`,
        table,
        rootPage,
        sql: null,
      })),
    ]);
    await this.#file.finish([...schema, ...rtreeSchema(name, index)], identity, beforeRename);
  }

  /** Writes a small table; the column that is the row's own number is null in `values`, since SQLite keeps it elsewhere. */
  #table(rows: readonly (readonly [rowId: number, values: readonly SqliteValue[]])[]): number {
    const writer = this.#file.table();
    for (const [id, values] of rows) {
      writer.add(id, values);
    }
    return writer.finish();
  }
}

interface Srs {
  readonly id: number;
  readonly name: string;
  readonly organization: string;
  readonly code: number;
  readonly definition: string;
  readonly description: string;
}

function undefinedSystem(id: number, kind: string): Srs {
  return {
    id,
    name: `Undefined ${kind} SRS`,
    organization: "NONE",
    code: id,
    definition: "undefined",
    description: `undefined ${kind} coordinate reference system`,
  };
}

const wgs84System: Srs = {
  id: 4326,
  name: "WGS 84 geodetic",
  organization: "EPSG",
  code: 4326,
  definition:
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]',
  description: "longitude/latitude coordinates in decimal degrees on the WGS 84 spheroid",
};

/** Numbers from 100000 on are free for systems that nobody else has numbered. */
const ownSystem = 100_000;

function srsOf({ crs }: PolygonLayer): Srs {
  switch (crs.kind) {
    case "epsg":
      return crs.code === 4326
        ? wgs84System
        : {
            id: crs.code,
            name: crs.name,
            organization: "EPSG",
            code: crs.code,
            definition: wktOfCrs(crs) ?? "undefined",
            description: crs.name,
          };
    case "custom":
      return {
        id: ownSystem,
        name: crs.name,
        organization: "NONE",
        code: ownSystem,
        definition: wktOfCrs(crs) ?? "undefined",
        description: crs.proj4,
      };
    case "unknown":
    case "none":
      return undefinedSystem(-1, "Cartesian");
  }
}

/** Bytes of a GeoPackage geometry: its header with the box, then well-known binary, little-endian. */
function geometryBytes({ positionCount, ringCount }: MapPolygon): number {
  return geometryHeadBytes + ringCount * 4 + positionCount * 16;
}

const geometryHeadBytes = 8 + 32 + 9;

function geometryHead({ ringCount, box: [minX, minY, maxX, maxY] }: MapPolygon, srsId: number): Uint8Array {
  const bytes = new Uint8Array(geometryHeadBytes);
  const view = new DataView(bytes.buffer);
  bytes.set([0x47, 0x50, 0, 0b011]);
  view.setInt32(4, srsId, true);
  [minX, maxX, minY, maxY].forEach((value, index) => {
    view.setFloat64(8 + index * 8, value, true);
  });
  bytes[40] = 1;
  view.setUint32(41, 3, true);
  view.setUint32(45, ringCount, true);
  return bytes;
}

/** Rings as well-known binary, in the spare memory where they fit. */
function ringBytes({ positions, ringEnds }: MapRings, spare: Uint8Array): Uint8Array {
  const length = ringEnds.length * 4 + positions.length * 8;
  const bytes = length <= spare.length ? spare.subarray(0, length) : new Uint8Array(length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  let at = 0;
  let from = 0;
  for (const end of ringEnds) {
    view.setUint32(at, end - from, true);
    at += 4;
    for (let index = from * 2; index < end * 2; index += 1) {
      view.setFloat64(at, positions[index] as number, true);
      at += 8;
    }
    from = end;
  }
  return bytes;
}
