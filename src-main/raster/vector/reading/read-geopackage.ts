import { stat } from "node:fs/promises";
import type { Crs } from "#shared/geo/crs.ts";
import type { ByteSource } from "../../byte-source.ts";
import { crsFromEpsg } from "../../crs/epsg.ts";
import { crsFromWkt } from "../../crs/from-wkt.ts";
import { wgs84 } from "../../crs/transformer.ts";
import { RasterError } from "../../raster-error.ts";
import { columnsOf, type SqlColumn } from "./sql-columns.ts";
import { SqliteReader, type SqliteCell, type SqliteRow, type SqliteTable } from "./sqlite-reader.ts";
import type {
  FeatureOptions,
  VectorFeature,
  VectorFile,
  VectorGeometry,
  VectorLayer,
  VectorValue,
} from "./vector-layer.ts";
import { geometryFromWkb } from "./wkb.ts";

/** Rows of the tables that describe layers: EPSG has some ten thousand systems. */
const mostDescribingRows = 1 << 16;

/** Opens a GeoPackage (OGC 12-128r18) with all its feature tables; layers that are views are left out. */
export async function openGeoPackage(
  source: ByteSource,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<VectorFile> {
  const { filePath } = source;
  const waiting = await stat(`${filePath}-wal`).catch(() => null);
  if (waiting !== null && waiting.size > 0) {
    throw new RasterError(
      "unsupported",
      filePath,
      "its latest changes are still in a -wal file beside it; close it in the program that has it open",
    );
  }
  const database = await SqliteReader.open(source);
  const tables = new Map((await database.tables(options)).map((table) => [table.name.toLowerCase(), table]));
  const read = (name: string, columns: readonly string[]): Promise<Record<string, SqliteCell>[]> =>
    allRows(database, tables.get(name), columns, filePath, options);
  const geometries = new Map(
    (await read("gpkg_geometry_columns", ["table_name", "column_name", "srs_id"]))
      .reverse()
      .map((row) => [textOf(row["table_name"]).toLowerCase(), row] as const),
  );
  const contents = await read("gpkg_contents", ["table_name", "data_type"]);
  const systems = new Map(
    (
      await read("gpkg_spatial_ref_sys", ["srs_id", "organization", "organization_coordsys_id", "definition"])
    ).map((row) => [row["srs_id"], row] as const),
  );
  const layers = contents.flatMap((entry): VectorLayer[] => {
    const name = textOf(entry["table_name"]);
    const table = tables.get(name.toLowerCase());
    const geometry = geometries.get(name.toLowerCase());
    return entry["data_type"] !== "features" || table === undefined || geometry === undefined
      ? []
      : [
          {
            name,
            crs: crsOf(systems.get(geometry["srs_id"] ?? null)),
            features: (options) =>
              readLayer(
                { database, table, geometryColumn: textOf(geometry["column_name"]), filePath },
                options,
              ),
          },
        ];
  });
  if (layers.length === 0) {
    throw new RasterError(
      "unsupported",
      filePath,
      tables.has("gpkg_contents")
        ? "this GeoPackage has no table of features"
        : "a SQLite database without the tables of a GeoPackage",
    );
  }
  return { filePath, format: "GeoPackage", layers, close: () => source.close() };
}

interface LayerPlace {
  readonly database: SqliteReader;
  readonly table: SqliteTable;
  readonly geometryColumn: string;
  readonly filePath: string;
}

async function* readLayer(
  { database, table, geometryColumn, filePath }: LayerPlace,
  { signal, onProgress }: FeatureOptions = {},
): AsyncGenerator<VectorFeature> {
  const columns = columnsOf(table.sql);
  let pages = 0;
  const rows = database.rows(table.rootPage, {
    signal,
    onPage: () => {
      pages += 1;
      onProgress?.(Math.min(1, pages / database.pageCount));
    },
  });
  for await (const row of rows) {
    const values = new Map<string, VectorValue>();
    let geometry: VectorGeometry = { kind: "none" };
    columns.forEach((column, index) => {
      const { name, isRowId } = column;
      const cell = cellOf(row, column, index);
      if (name.toLowerCase() === geometryColumn.toLowerCase()) {
        geometry = geometryOf(cell, filePath, table.name, row.rowId);
      } else if (!isRowId && !(cell instanceof Uint8Array)) {
        values.set(name, cell);
      }
    });
    yield { values, geometry };
  }
}

/** Geometry as GeoPackage packs it: "GP", flags, box, then well-known binary (section 2.1.3). */
function geometryOf(cell: SqliteCell, filePath: string, table: string, rowId: number): VectorGeometry {
  if (cell === null) {
    return { kind: "none" };
  }
  const refuse = (found: string): never => {
    throw new RasterError(
      "damaged",
      filePath,
      `the geometry of row ${rowId} in ${table} is damaged: ${found}`,
    );
  };
  if (!(cell instanceof Uint8Array) || cell.length < 8 || cell[0] !== 0x47 || cell[1] !== 0x50) {
    return refuse("expected GeoPackage's own form, found other bytes");
  }
  const flags = cell[3] as number;
  if ((flags & 0x10) !== 0) {
    return { kind: "none" };
  }
  const boxBytes = [0, 32, 48, 48, 64][(flags >> 1) & 7];
  if (boxBytes === undefined) {
    return refuse("an unknown kind of box");
  }
  try {
    return geometryFromWkb(cell.subarray(8 + boxBytes));
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

/** Some columns of a table that is held whole. */
async function allRows(
  database: SqliteReader,
  table: SqliteTable | undefined,
  wanted: readonly string[],
  filePath: string,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<Record<string, SqliteCell>[]> {
  if (table === undefined) {
    return [];
  }
  const columns = columnsOf(table.sql)
    .map((column, index) => ({ ...column, name: column.name.toLowerCase(), index }))
    .filter(({ name }) => wanted.includes(name));
  const rows: Record<string, SqliteCell>[] = [];
  for await (const row of database.rows(table.rootPage, options)) {
    if (rows.length === mostDescribingRows) {
      throw new RasterError(
        "damaged",
        filePath,
        `expected at most ${mostDescribingRows} rows in ${table.name}, found more`,
      );
    }
    rows.push(Object.fromEntries(columns.map((column) => [column.name, cellOf(row, column, column.index)])));
  }
  return rows;
}

/** What a row has in a column; one that was written before the column was added ends before it. */
function cellOf({ rowId, cells }: SqliteRow, { isRowId, byDefault }: SqlColumn, index: number): SqliteCell {
  return isRowId ? rowId : index < cells.length ? (cells[index] ?? null) : byDefault;
}

function crsOf(row: Readonly<Record<string, SqliteCell>> | undefined): Crs {
  if (row === undefined) {
    return { kind: "unknown", reason: "its coordinate system isn't in the file" };
  }
  // -1 and 0 stand for unknown systems, of the plane and of the globe.
  if (row["srs_id"] === -1) {
    return { kind: "none" };
  }
  if (row["srs_id"] === 0) {
    return wgs84;
  }
  const code = Number(row["organization_coordsys_id"]);
  if (textOf(row["organization"]).toUpperCase() === "EPSG") {
    const crs = crsFromEpsg(code);
    if (crs.kind !== "unknown") {
      return crs;
    }
  }
  return crsFromWkt(textOf(row["definition"]));
}

function textOf(cell: SqliteCell | undefined): string {
  return typeof cell === "string" ? cell : typeof cell === "number" ? String(cell) : "";
}
