import { readFile } from "node:fs/promises";
import path from "node:path";
import { pixelGeotransform } from "#shared/geo/affine.ts";
import type { RasterDescription } from "#shared/geo/raster-description.ts";
import { defaultColor } from "#shared/project/default-palette.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { vectorExtensions, writePolygons } from "../../raster/index.ts";
import { CLASSES_FILE, openMask, readClassesFile } from "../projects/index.ts";
import { maskSource, rowsOf, type ClassSource } from "./class-source.ts";
import { refuseConfidence } from "./merge-inputs.ts";
import { polygonStyle, styleMark, type StyledClass } from "./qgis-style.ts";
import type { ReplacedFiles } from "./replaced-files.ts";
import { writeWithCompanions } from "./write-with-companions.ts";

export interface PolygonExportOptions {
  /** Metres on the ground that borders may move; pixels where the CRS is not known. */
  readonly simplify: number;
  /** Square metres below which a region is given to its neighbour; pixels where the CRS is not known. */
  readonly minArea: number;
  /** Where earlier files are kept, if not here. */
  readonly replaced?: ReplacedFiles | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (share: number) => void;
}

/** Writes the polygons of a class raster with a QGIS style beside them; nothing is left behind when it fails. */
export async function exportPolygons(
  filePath: string,
  source: ClassSource,
  image: Pick<RasterDescription, "geotransform" | "crs">,
  classes: readonly StyledClass[],
  options: PolygonExportOptions,
): Promise<{ readonly features: number }> {
  const { name } = path.parse(filePath);
  const layer = {
    name,
    geotransform: image.geotransform ?? pixelGeotransform,
    crs: image.crs,
    classNames: Object.fromEntries(classes.map((landClass) => [String(landClass.id), landClass.name])),
  };
  const stylePath = path.join(path.dirname(filePath), `${name}.qml`);
  const writesStyle = await isOursOrFree(stylePath);
  return writeWithCompanions(
    filePath,
    (stage) =>
      writePolygons(filePath, rowsOf(source), layer, {
        ...options,
        withoutClass: [UNLABELLED_ID],
        beforeRename: (classIds) =>
          stage(
            writesStyle
              ? [{ filePath: stylePath, text: polygonStyle(withUnnamed(classes, classIds), "class_id") }]
              : [],
          ),
      }),
    { replaced: options.replaced },
  );
}

/** The classes that are known, and those that only occur. */
function withUnnamed(classes: readonly StyledClass[], classIds: readonly number[]): StyledClass[] {
  const known = new Set(classes.map(({ id }) => id));
  return [
    ...classes,
    ...classIds
      .filter((id) => !known.has(id))
      .map((id) => ({ id, name: `class ${id}`, color: defaultColor(id) })),
  ];
}

/** A style of the user's own stays as it is, and so does that of a mask of the same name. */
async function isOursOrFree(stylePath: string): Promise<boolean> {
  const text = await readFile(stylePath, "utf8").catch(() => null);
  return text === null || (text.includes(`<!-- ${styleMark} -->`) && text.includes("renderer-v2"));
}

/** Writes the polygons of a mask file. Throws `invalid-input` when it is no class mask or the vector format is unknown. */
export async function exportMaskFile(
  maskPath: string,
  outputPath: string,
  options: PolygonExportOptions,
): Promise<{ readonly features: number }> {
  const extension = path.extname(outputPath).toLowerCase();
  if (!vectorExtensions.includes(extension)) {
    throw new RpcError(
      "invalid-input",
      `${outputPath}: expected a name that ends with ${vectorExtensions.join(" or ")}.`,
    );
  }
  const mask = await openMask(maskPath, { signal: options.signal });
  try {
    const { description } = mask;
    refuseConfidence(maskPath, mask.metadata);
    const classes = classesIn(description);
    const told = classes.length > 0 ? classes : await classesBeside(maskPath);
    return await exportPolygons(outputPath, maskSource(mask), description, told, options);
  } finally {
    await mask.close();
  }
}

/** The classes that a mask tells of, by its names and its colours. */
export function classesIn({
  categoryNames,
  colorTable,
}: Pick<RasterDescription, "categoryNames" | "colorTable">): StyledClass[] {
  const ids = categoryNames !== null ? Object.keys(categoryNames) : Object.keys(colorTable ?? {});
  return ids
    .map(Number)
    .filter((id) => id >= 0 && id < UNLABELLED_ID)
    .sort((first, second) => first - second)
    .map((id) => ({
      id,
      name: categoryNames?.[String(id)] ?? `class ${id}`,
      color: colorTable?.[String(id)] ?? defaultColor(id),
    }));
}

/** Those of a `classes.json` in the mask's folder or the one above. */
export async function classesBeside(maskPath: string): Promise<StyledClass[]> {
  const folder = path.dirname(path.resolve(maskPath));
  for (const place of [folder, path.dirname(folder)]) {
    const found = await readClassesFile(path.join(place, CLASSES_FILE));
    if (found.kind === "ok") {
      return [...found.classes];
    }
  }
  return [];
}
