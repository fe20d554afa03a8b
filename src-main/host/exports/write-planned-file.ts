import { readFile } from "node:fs/promises";
import path from "node:path";
import { pixelGeotransform } from "#shared/geo/affine.ts";
import type { ExportOptions } from "#shared/project/export-options.ts";
import type { Run } from "#shared/training/run.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { openRaster, type Raster } from "../../raster/index.ts";
import type { Project } from "../projects/index.ts";
import { maskSource, type ClassSource } from "./class-source.ts";
import { classFileOptions, writeClassFile } from "./copy-mask.ts";
import { exportPolygons } from "./export-polygons.ts";
import { RUN_TAG, type PlannedFile } from "./export-plan.ts";
import { maskCompanions, mergePlaced } from "./merge-files.ts";
import { styleMark, type StyledClass } from "./qgis-style.ts";
import type { ReplacedFiles } from "./replaced-files.ts";
import { writeWithCompanions, type Companion } from "./write-with-companions.ts";
import { exportTags, fileOptions } from "./write-export.ts";

/** Everything that the files of one export have in common. */
export interface ExportContext {
  readonly project: Project;
  /** Null for labels. */
  readonly run: Run | null;
  readonly options: ExportOptions;
  readonly version: string;
  readonly folderPath: string;
  /** The ids of a mosaic, on the grid of its image. */
  readonly sourceOf: (mosaicId: string) => Promise<ClassSource>;
}

interface Progress {
  /** Earlier files, kept until the whole export is written. */
  readonly replaced: ReplacedFiles;
  readonly signal: AbortSignal;
  readonly onProgress: (share: number) => void;
}

interface Publishing extends Progress {
  readonly beforeRename: () => Promise<void>;
}

/** Writes one file of an export with what belongs beside it, or nothing at all. */
export async function writePlannedFile(
  file: PlannedFile,
  context: ExportContext,
  progress: Progress,
): Promise<void> {
  const filePath = path.join(context.folderPath, file.fileName);
  const classes: readonly StyledClass[] = context.run?.classes ?? context.project.snapshot().classes;
  if (file.content === "polygons") {
    await writePolygonFile(file, filePath, classes, context, progress);
    return;
  }
  const companions = file.content === "confidence" ? [] : await ours(maskCompanions(filePath, classes));
  await writeWithCompanions(
    filePath,
    (stage) => {
      const how = { ...progress, beforeRename: () => stage(companions) };
      return context.options.merge !== null && file.content !== "confidence"
        ? writeMerged(file, filePath, classes, context, how)
        : writeSingle(file, filePath, classes, context, how);
    },
    progress,
  );
}

async function writeSingle(
  { mosaics: [mosaic], content }: PlannedFile,
  filePath: string,
  classes: readonly StyledClass[],
  { project, run, version, sourceOf }: ExportContext,
  progress: Publishing,
): Promise<void> {
  const image = await project.image(idOf(mosaic));
  const source = await sourceOf(idOf(mosaic));
  await writeClassFile(
    filePath,
    source,
    content === "confidence" ? "readConfidence" : "readIds",
    run === null
      ? classFileOptions(image, classes, labelTags(version))
      : fileOptions(content === "confidence" ? "confidence" : "classes", { image, run, version }),
    progress,
  );
}

async function writeMerged(
  { mosaics }: PlannedFile,
  filePath: string,
  classes: readonly StyledClass[],
  { project, run, version, options, sourceOf }: ExportContext,
  progress: Publishing,
): Promise<void> {
  let first: Raster | null = null;
  const placed = [];
  for (const { id, name } of mosaics) {
    const image = await project.image(id);
    first ??= image;
    const { geotransform, crs } = image.description;
    if (geotransform === null && mosaics.length > 1) {
      throw new RpcError(
        "invalid-input",
        `${name} has no place on the map, so it can't be merged with others.`,
      );
    }
    placed.push({ name, source: await sourceOf(id), geotransform: geotransform ?? pixelGeotransform, crs });
  }
  if (first !== null) {
    await mergePlaced(filePath, placed, classes, {
      first,
      rule: options.merge ?? "last",
      version,
      metadata: run === null ? labelTags(version) : exportTags("classes", run, version),
      ...progress,
    });
  }
}

async function writePolygonFile(
  { mosaics }: PlannedFile,
  filePath: string,
  classes: readonly StyledClass[],
  { project, options, folderPath, sourceOf }: ExportContext,
  progress: Progress,
): Promise<void> {
  const how = {
    simplify: options.vector?.simplifyMeters ?? 0,
    minArea: options.vector?.minAreaSquareMeters ?? 0,
    ...progress,
  };
  if (options.merge === null) {
    const id = idOf(mosaics[0]);
    const image = await project.image(id);
    await exportPolygons(filePath, await sourceOf(id), image.description, classes, how);
    return;
  }
  const merged = await openRaster(path.join(folderPath, "merged.tif"));
  try {
    await exportPolygons(filePath, maskSource(merged), merged.description, classes, how);
  } finally {
    await merged.close();
  }
}

function idOf(mosaic: PlannedFile["mosaics"][number] | undefined): string {
  if (mosaic === undefined) {
    throw new Error("a planned file without a mosaic");
  }
  return mosaic.id;
}

function labelTags(version: string): Record<string, string> {
  return { [RUN_TAG]: "labels", ORTHOMASK_CONTENT: "labels", ORTHOMASK_VERSION: version };
}

/** Styles of the user's own stay as they are. */
async function ours(companions: readonly Companion[]): Promise<Companion[]> {
  const kept: Companion[] = [];
  for (const companion of companions) {
    const text = await readFile(companion.filePath, "utf8").catch(() => null);
    if (text === null || !companion.filePath.endsWith(".qml") || text.includes(`<!-- ${styleMark} -->`)) {
      kept.push(companion);
    }
  }
  return kept;
}
