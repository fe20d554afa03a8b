import { readdir, realpath } from "node:fs/promises";
import path from "node:path";
import { crsLabel } from "#shared/geo/crs.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Run } from "#shared/training/run.ts";
import { openRaster } from "../../raster/index.ts";
import { isRasterName, type Project } from "../projects/index.ts";

/** Tag that tells a file as one of our exports. */
export const RUN_TAG = "ORTHOMASK_RUN";

/** One file that an export writes. */
export interface PlannedFile {
  readonly mosaic: ReadyMosaic;
  readonly content: "classes" | "confidence";
  readonly fileName: string;
}

/** A planned file as the page shows it before it is written. */
export interface FileSummary {
  readonly fileName: string;
  readonly width: number;
  readonly height: number;
  readonly crs: string;
  readonly uncompressedBytes: number;
}

/** The files of an export: a mask for each mosaic, named as it is, and its confidence where that is wanted. */
export function plannedFiles(
  project: Project,
  mosaicIds: readonly string[],
  { confidence }: { readonly confidence: boolean },
): PlannedFile[] {
  return [...new Set(mosaicIds)].flatMap((mosaicId): PlannedFile[] => {
    const mosaic = project.mosaic(mosaicId);
    // A mosaic that shares its stem with another has its extension in its name.
    const base = mosaic.name.replaceAll(/[/\\:]/g, "-").replace(/\.(tiff?|png|jpe?g)$/i, "-$1");
    const mask: PlannedFile = { mosaic, content: "classes", fileName: `${base}.tif` };
    return confidence
      ? [mask, { mosaic, content: "confidence", fileName: `${base}_confidence.tif` }]
      : [mask];
  });
}

export function summaryOf({ mosaic, fileName }: PlannedFile): FileSummary {
  const { width, height, crs } = mosaic.image;
  return { fileName, width, height, crs: crsLabel(crs), uncompressedBytes: width * height };
}

/** Where exports of a run go when no folder was chosen: `exports/<run>` beside the project's other files. */
export function exportFolder(project: Project, run: Run): string {
  const readable = run.name
    .normalize("NFKD")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/^[-.]+|[-.]+$/g, "")
    .slice(0, 60);
  // Two runs may have one name; their ids differ, in the end more than in the beginning, which is network and date.
  return path.join(
    project.storageDirectory,
    "exports",
    readable === "" ? run.id : `${readable}-${run.id.slice(-4)}`,
  );
}

/**
 * Refuses to write where a file stands that is not an export of ours: the user's images and masks above all, through whatever link
 * they are reached. An earlier export may be replaced.
 */
export async function refuseToOverwrite(project: Project, filePath: string): Promise<void> {
  const existing = await realpath(filePath).catch(() => null);
  const fileName = path.basename(filePath);
  for (const mosaic of project.snapshot().mosaics) {
    const used =
      mosaic.kind === "ready"
        ? [project.imagePath(mosaic.id), project.maskPath(mosaic.id)]
        : [project.imagePath(mosaic.id)];
    for (const usedPath of used) {
      if (
        existing !== null &&
        usedPath !== null &&
        (await realpath(usedPath).catch(() => usedPath)) === existing
      ) {
        throw new RpcError(
          "conflict",
          `${fileName} in ${path.dirname(filePath)} is one of this project's own images or masks. Choose another folder.`,
        );
      }
    }
  }
  await refuseForeignFile(filePath);
}

/** Refuses to write where a file stands that is not an export of ours, through whatever link it is reached. Throws `conflict`. */
export async function refuseForeignFile(filePath: string): Promise<void> {
  const fileName = path.basename(filePath);
  const existing = await realpath(filePath).catch(() => null);
  if (existing !== null && !(await isOurExport(existing))) {
    throw new RpcError(
      "conflict",
      `${path.dirname(filePath)} already holds a ${fileName} that is no export of Orthomask. Choose another folder, or move it.`,
    );
  }
  const folder = path.dirname(filePath);
  const stem = path.parse(fileName).name.toLowerCase();
  for (const name of await readdir(folder).catch(() => [])) {
    const isNamesake =
      isRasterName(name) && name !== fileName && path.parse(name).name.toLowerCase() === stem;
    if (isNamesake && !(await isOurExport(path.join(folder, name)))) {
      throw new RpcError(
        "conflict",
        `${folder} already holds ${name}: with ${fileName} beside it, nobody could tell which is meant, as files are matched by their names without extension. Choose another folder.`,
      );
    }
  }
}

async function isOurExport(filePath: string): Promise<boolean> {
  try {
    const raster = await openRaster(filePath);
    try {
      return raster.metadata[RUN_TAG] !== undefined;
    } finally {
      await raster.close();
    }
  } catch {
    return false;
  }
}
