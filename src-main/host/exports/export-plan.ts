import { readdir, readFile, realpath } from "node:fs/promises";
import path from "node:path";
import type { PlannedExportFile } from "#shared/project/export-options.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Run } from "#shared/training/run.ts";
import type { ExportRequest } from "./export-request.ts";
import { plainName } from "./plain-name.ts";
import { styleMark } from "./qgis-style.ts";
import { openRaster } from "../../raster/index.ts";
import { isRasterName, type Project } from "../projects/index.ts";

/** Tag that tells a file as one of our exports. */
export const RUN_TAG = "ORTHOMASK_RUN";

/** One file that an export writes. */
export interface PlannedFile {
  /** The mosaics it is made of: one, or all that are merged. */
  readonly mosaics: readonly ReadyMosaic[];
  readonly content: PlannedExportFile["content"];
  readonly fileName: string;
}

/** The files of an export, named as the mosaics are, in the order they are written. */
export function plannedFiles(
  project: Project,
  { runId, mosaicIds, options }: Pick<ExportRequest, "runId" | "mosaicIds" | "options">,
): PlannedFile[] {
  const mosaics = [...new Set(mosaicIds)].map((mosaicId) => project.mosaic(mosaicId));
  const classes = runId === null ? "labels" : "classes";
  // A mosaic that shares its stem with another has its extension in its name.
  const named = mosaics.map((mosaic) => ({
    mosaics: [mosaic],
    base: mosaic.name.replaceAll(/[/\\:]/g, "-").replace(/\.(tiff?|png|jpe?g)$/i, "-$1"),
  }));
  const groups = options.merge === null ? named : [{ mosaics, base: "merged" }];
  const { vector } = options;
  return [
    // Polygons of a merged mask are traced on it, so it is always written.
    ...(options.mask || options.merge !== null
      ? groups.map(
          ({ mosaics: own, base }) => ({ mosaics: own, content: classes, fileName: `${base}.tif` }) as const,
        )
      : []),
    ...(options.confidence && runId !== null
      ? named.map(
          ({ mosaics: own, base }) =>
            ({ mosaics: own, content: "confidence", fileName: `${base}_confidence.tif` }) as const,
        )
      : []),
    ...(vector === null
      ? []
      : groups.map(
          ({ mosaics: own, base }) =>
            ({ mosaics: own, content: "polygons", fileName: `${base}_polygons.${vector.format}` }) as const,
        )),
  ];
}

/** Where exports of a run go when no folder was chosen: `exports/<run>` beside the project's other files. */
export function exportFolder(project: Project, run: Run | null): string {
  if (run === null) {
    return path.join(project.storageDirectory, "exports", "labels");
  }
  const readable = plainName(run.name);
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

/** A GeoTIFF says so in its tags; polygons in the style that lies beside them. */
async function isOurExport(filePath: string): Promise<boolean> {
  const { dir, name, ext } = path.parse(filePath);
  if (!/^\.tiff?$/i.test(ext)) {
    const style = await readFile(path.join(dir, `${name}.qml`), "utf8").catch(() => "");
    return style.includes(`<!-- ${styleMark} -->`);
  }
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
