import type { SchemaEntry } from "./sqlite-file.ts";
import { polygonColumns } from "./polygon-layer.ts";
import type { RtreeRoots } from "./rtree-tables.ts";

/** The tables of a GeoPackage with one layer, as its standard words them. */
export function tablesSql(layer: string): { readonly table: string; readonly sql: string }[] {
  return [
    {
      table: "gpkg_spatial_ref_sys",
      sql: "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL,srs_id INTEGER PRIMARY KEY,organization TEXT NOT NULL,organization_coordsys_id INTEGER NOT NULL,definition TEXT NOT NULL,description TEXT)",
    },
    {
      table: "gpkg_contents",
      sql: "CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY,data_type TEXT NOT NULL,identifier TEXT UNIQUE,description TEXT DEFAULT '',last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),min_x DOUBLE,min_y DOUBLE,max_x DOUBLE,max_y DOUBLE,srs_id INTEGER,CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id))",
    },
    {
      table: "gpkg_geometry_columns",
      sql: "CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL,column_name TEXT NOT NULL,geometry_type_name TEXT NOT NULL,srs_id INTEGER NOT NULL,z TINYINT NOT NULL,m TINYINT NOT NULL,CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),CONSTRAINT uk_gc_table_name UNIQUE (table_name),CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id))",
    },
    {
      table: "gpkg_extensions",
      sql: "CREATE TABLE gpkg_extensions (table_name TEXT,column_name TEXT,extension_name TEXT NOT NULL,definition TEXT NOT NULL,scope TEXT NOT NULL,CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))",
    },
    {
      table: layer,
      sql: `CREATE TABLE ${quoted(layer)} (fid INTEGER PRIMARY KEY NOT NULL,geom POLYGON,${polygonColumns.classId} INTEGER,${polygonColumns.className} TEXT,${polygonColumns.area} REAL)`,
    },
  ];
}

/** A name as SQL has it. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The spatial index with the triggers by which the standard's extension keeps it true when others edit the layer. */
export function rtreeSchema(layer: string, roots: RtreeRoots): SchemaEntry[] {
  const name = `rtree_${layer}_geom`;
  const index = quoted(name);
  const table = quoted(layer);
  const filled = (row: string): string => `${row}.geom NOTNULL AND NOT ST_IsEmpty(${row}.geom)`;
  const insert = `INSERT OR REPLACE INTO ${index} VALUES (NEW.fid,ST_MinX(NEW.geom), ST_MaxX(NEW.geom),ST_MinY(NEW.geom), ST_MaxY(NEW.geom));`;
  const remove = `DELETE FROM ${index} WHERE id = OLD.fid;`;
  const triggers: readonly (readonly [string, string])[] = [
    ["insert", `AFTER INSERT ON ${table} WHEN (${filled("NEW")}) BEGIN ${insert} END`],
    [
      "update1",
      `AFTER UPDATE OF geom ON ${table} WHEN OLD.fid = NEW.fid AND (${filled("NEW")}) BEGIN ${insert} END`,
    ],
    [
      "update2",
      `AFTER UPDATE OF geom ON ${table} WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom)) BEGIN ${remove} END`,
    ],
    [
      "update3",
      `AFTER UPDATE ON ${table} WHEN OLD.fid != NEW.fid AND (${filled("NEW")}) BEGIN ${remove} ${insert} END`,
    ],
    [
      "update4",
      `AFTER UPDATE ON ${table} WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom)) BEGIN DELETE FROM ${index} WHERE id IN (OLD.fid, NEW.fid); END`,
    ],
    ["delete", `AFTER DELETE ON ${table} WHEN OLD.geom NOT NULL BEGIN ${remove} END`],
  ];
  const shadow = (suffix: string, columns: string, rootPage: number): SchemaEntry => ({
    type: "table",
    name: `${name}_${suffix}`,
    table: `${name}_${suffix}`,
    rootPage,
    sql: `CREATE TABLE ${quoted(`${name}_${suffix}`)}(${columns})`,
  });
  return [
    {
      type: "table",
      name,
      table: name,
      rootPage: 0,
      sql: `CREATE VIRTUAL TABLE ${index} USING rtree(id, minx, maxx, miny, maxy)`,
    },
    shadow("rowid", "rowid INTEGER PRIMARY KEY,nodeno", roots.rowid),
    shadow("node", "nodeno INTEGER PRIMARY KEY,data", roots.node),
    shadow("parent", "nodeno INTEGER PRIMARY KEY,parentnode", roots.parent),
    ...triggers.map(([suffix, sql]): SchemaEntry => ({
      type: "trigger",
      name: `${name}_${suffix}`,
      table: layer,
      rootPage: 0,
      sql: `CREATE TRIGGER ${quoted(`${name}_${suffix}`)} ${sql}`,
    })),
  ];
}
