import { extname } from "node:path";
import { openFileSource } from "../../byte-source.ts";
import { RasterError } from "../../raster-error.ts";
import { openFlatGeobuf } from "./read-flatgeobuf.ts";
import { openGeoJson } from "./read-geojson.ts";
import { openGeoPackage } from "./read-geopackage.ts";
import { openShapefile } from "./read-shapefile.ts";
import type { VectorFile } from "./vector-layer.ts";

const readers = {
  ".geojson": openGeoJson,
  ".geojsonl": openGeoJson,
  ".json": openGeoJson,
  ".gpkg": openGeoPackage,
  ".shp": openShapefile,
  ".fgb": openFlatGeobuf,
} as const;

/** Endings of the vector files that can be read, with their dots. */
export const readVectorExtensions: readonly string[] = Object.keys(readers);

/** Opens a file of polygons by its name's ending. Throws a RasterError that names the file, what was expected and what came. */
export async function openVectors(
  filePath: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<VectorFile> {
  const ending = extname(filePath).toLowerCase();
  const reader = Object.entries(readers).find(([known]) => known === ending)?.[1];
  if (reader === undefined) {
    throw new RasterError(
      "unsupported",
      filePath,
      `expected a name that ends with ${readVectorExtensions.join(", ")}, found "${ending}"`,
    );
  }
  const source = await openFileSource(filePath);
  try {
    return await reader(source, options);
  } catch (error) {
    await source.close();
    throw error;
  }
}
