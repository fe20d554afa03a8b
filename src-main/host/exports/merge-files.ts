import { access } from "node:fs/promises";
import path from "node:path";
import type { RasterDescription } from "#shared/geo/raster-description.ts";
import type { MergeRule } from "#shared/project/export-options.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { geoTagsFor, geoTagsLike, openRaster, type GeoTags, type Raster } from "../../raster/index.ts";
import { openMask } from "../projects/index.ts";
import { categorySidecar } from "./category-sidecar.ts";
import { maskSource } from "./class-source.ts";
import { classesBeside, classesIn } from "./export-polygons.ts";
import { confidencePath, refuseConfidence } from "./merge-inputs.ts";
import { mergeGrid, mergeMasks, type MergeGrid, type PlacedSource } from "./merge-masks.ts";
import { maskStyle, type StyledClass } from "./qgis-style.ts";
import { classBandOptions } from "./write-export.ts";
import { writeWithCompanions, type Companion } from "./write-with-companions.ts";

/** What a merged mask is like. */
export interface MergedFile {
  readonly width: number;
  readonly height: number;
}

/**
 * Merges mask files into one on the first one's grid. `NAME_confidence.tif` beside a mask says how sure it is.
 */
export async function mergeMaskFiles(
  maskPaths: readonly string[],
  outputPath: string,
  options: {
    readonly rule: MergeRule;
    readonly version: string;
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: (share: number) => void;
  },
): Promise<MergedFile> {
  const opened: Raster[] = [];
  const descriptions: RasterDescription[] = [];
  try {
    const placed: PlacedSource[] = [];
    for (const maskPath of maskPaths) {
      const mask = await openMask(maskPath, { signal: options.signal });
      opened.push(mask);
      descriptions.push(mask.description);
      refuseConfidence(maskPath, mask.metadata);
      const { geotransform, crs } = mask.description;
      if (geotransform === null) {
        throw new RpcError(
          "invalid-input",
          `${maskPath} has no place on the map, so it can't be merged with others.`,
        );
      }
      const confidence = await confidenceOf(maskPath);
      if (confidence !== null) {
        opened.push(confidence);
      }
      placed.push({ name: maskPath, source: maskSource(mask, confidence), geotransform, crs });
    }
    const classes = mergedClasses(descriptions);
    const told = classes.length > 0 ? classes : await classesBeside(maskPaths[0] ?? "");
    return await writeWithCompanions(outputPath, (stage) =>
      mergePlaced(outputPath, placed, told, {
        ...options,
        first: opened[0] as Raster,
        beforeRename: () => stage(maskCompanions(outputPath, told)),
      }),
    );
  } finally {
    for (const raster of opened) {
      await raster.close();
    }
  }
}

async function confidenceOf(maskPath: string): Promise<Raster | null> {
  const beside = confidencePath(maskPath);
  return access(beside).then(
    () => openRaster(beside),
    () => null,
  );
}

/** Every class that any of the masks tells of, the first one's word counting. */
function mergedClasses(descriptions: readonly RasterDescription[]): StyledClass[] {
  const byId = new Map<number, StyledClass>();
  for (const description of descriptions) {
    for (const landClass of classesIn(description)) {
      if (!byId.has(landClass.id)) {
        byId.set(landClass.id, landClass);
      }
    }
  }
  return [...byId.values()].sort((first, second) => first.id - second.id);
}

/** Merges masks wherever they come from into one file, with nothing beside it. `first` is the raster of the first one's CRS, whose tags the merged file takes over. */
export async function mergePlaced(
  outputPath: string,
  placed: readonly PlacedSource[],
  classes: readonly StyledClass[],
  options: {
    readonly first: Raster;
    readonly rule: MergeRule;
    readonly version: string;
    readonly metadata?: Readonly<Record<string, string>>;
    readonly beforeRename?: (() => Promise<void>) | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: (share: number) => void;
  },
): Promise<MergedFile> {
  const grid = mergeGrid(placed);
  await mergeMasks(
    outputPath,
    placed,
    options.rule,
    grid,
    classBandOptions(tagsOf(grid, options.first), classes, {
      ...options.metadata,
      ORTHOMASK_VERSION: options.version,
      ORTHOMASK_MERGED: String(placed.length),
      ORTHOMASK_MERGE_RULE: options.rule,
    }),
    options,
  );
  return { width: grid.width, height: grid.height };
}

/** The first mask's own words for its CRS, on the new grid. */
function tagsOf({ geotransform, crs }: MergeGrid, first: Raster): GeoTags {
  const own = geoTagsLike(first);
  const grid = geoTagsFor(geotransform, crs);
  return {
    ...grid,
    geoKeyDirectory: own.geoKeyDirectory === null ? grid.geoKeyDirectory : pixelIsArea(own.geoKeyDirectory),
    geoDoubleParams: own.geoDoubleParams,
    geoAsciiParams: own.geoAsciiParams,
  };
}

/** GTRasterTypeGeoKey says area: the new tie point names a corner. */
function pixelIsArea(directory: Float64Array): Float64Array {
  const changed = directory.slice();
  for (let at = 4; at + 3 < changed.length; at += 4) {
    if (changed[at] === 1025) {
      changed[at + 3] = 1;
    }
  }
  return changed;
}

/** What belongs beside a mask: its style for QGIS, and its classes as GDAL reads them. */
export function maskCompanions(maskPath: string, classes: readonly StyledClass[]): Companion[] {
  if (classes.length === 0) {
    return [];
  }
  const { dir, name } = path.parse(maskPath);
  return [
    { filePath: path.join(dir, `${name}.qml`), text: maskStyle(classes) },
    { filePath: `${maskPath}.aux.xml`, text: categorySidecar(classes) },
  ];
}
