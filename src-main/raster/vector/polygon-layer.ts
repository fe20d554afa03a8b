import type { Geotransform } from "#shared/geo/affine.ts";
import type { Crs } from "#shared/geo/crs.ts";
import type { TracedPolygon } from "../polygons/traced-polygon.ts";
import type { BeforeRename } from "../write/atomic-file.ts";

/** The layer that a vector file is to hold: one polygon a feature, with its class's id and name and its area. */
export interface PolygonLayer {
  /** Name of the layer inside the file. */
  readonly name: string;
  /** Of the raster that the polygons were traced on. */
  readonly geotransform: Geotransform;
  readonly crs: Crs;
  readonly classNames: Readonly<Record<string, string>>;
}

/** Writes polygons one after another to one file, which appears under its name only with `finish`. */
export interface PolygonWriter {
  /** Takes a polygon; what it keeps of it is bounded. */
  write(polygon: TracedPolygon): void;
  finish(beforeRename?: BeforeRename): Promise<void>;
  /** Gives up and removes what was written; harmless after `finish`. */
  discard(): Promise<void>;
}

/** The columns of every vector file, besides the geometry. */
export const polygonColumns = { classId: "class_id", className: "class_name", area: "area_m2" } as const;

/** The name of a class, or its number where it has none. */
export function classNameIn({ classNames }: PolygonLayer, classId: number): string {
  return classNames[String(classId)] ?? `class ${classId}`;
}
