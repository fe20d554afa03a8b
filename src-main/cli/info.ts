import { stat } from "node:fs/promises";
import path from "node:path";
import type { Command } from "commander";
import { crsLabel } from "#shared/geo/crs.ts";
import type { RasterDescription } from "#shared/geo/raster-description.ts";
import { hasLabels } from "#shared/project/mosaic.ts";
import type { ProjectSnapshot } from "#shared/project/project-snapshot.ts";
import { toHostError } from "../host/host-error.ts";
import { isErrno } from "../host/projects/index.ts";
import type { Project } from "../host/projects/index.ts";
import { describeRasterFile } from "../host/rasters/read-file.ts";
import type { CliIo } from "./cli-io.ts";
import { countedProject, warnOfProblems } from "./project-problems.ts";

/** A mask as `info` tells of it; `classes` are pixels by id, nodata and unlabelled left out. */
interface MaskInfo {
  readonly path: string;
  readonly classes: Readonly<Record<string, number>>;
  /** Why it can't be used for its image. */
  readonly error?: string;
}

/** One raster as `info` tells of it; the form is fixed by the command line's interface. */
type RasterInfo =
  | {
      readonly path: string;
      readonly width: number;
      readonly height: number;
      readonly bands: number;
      readonly dtype: string;
      /** "EPSG:2180", a proj4 definition, or null. */
      readonly crs: string | null;
      readonly crsName: string;
      /** rasterio's order; of an image without georeferencing, as rasterio has it, the identity. */
      readonly transform: readonly number[];
      /** JSON has no NaN or infinity: those are words. */
      readonly nodata: number | string | null;
      readonly blockSize: readonly [number, number];
      readonly compression: string;
      readonly overviews: readonly number[];
      readonly mask?: MaskInfo;
      readonly warnings: readonly string[];
    }
  | { readonly path: string; readonly error: string };

/** `orthomask info`: what rasters and project folders are. */
export function registerInfoCommand(program: Command, io: CliIo): void {
  program
    .command("info")
    .description("say what rasters, or the mosaics and masks of a project folder, are")
    .argument("<path...>", "raster files, their addresses (http, https) or project folders")
    .action(async (paths: readonly string[]) => {
      const items: RasterInfo[] = [];
      const failures: string[] = [];
      for (const given of paths) {
        io.signal.throwIfAborted();
        try {
          const found =
            !isAddress(given) && (await isFolder(given))
              ? await folderInfo(given, io)
              : [await fileInfo(given, io)];
          items.push(...found);
          if (found.every((item) => "error" in item)) {
            failures.push(`${given}: none of its images can be opened`);
          }
        } catch (error) {
          io.signal.throwIfAborted();
          const { message } = toHostError(error);
          items.push({ path: given, error: message });
          failures.push(message);
        }
      }
      io.answer(items, (all) => all.map(describe).join("\n\n"));
      if (failures.length > 0) {
        throw new Error(failures.join("; "));
      }
    });
}

function isAddress(given: string): boolean {
  return /^https?:\/\//i.test(given);
}

async function isFolder(given: string): Promise<boolean> {
  try {
    return (await stat(given)).isDirectory();
  } catch (error) {
    if (isErrno(error, ["ENOENT", "ENOTDIR"])) {
      throw new Error(`There is no file or folder ${given}.`, { cause: error });
    }
    throw error;
  }
}

async function fileInfo(given: string, io: CliIo): Promise<RasterInfo> {
  return rasterInfo(given, await describeRasterFile(given, { signal: io.signal }));
}

/** The folder as the app opens it, so that matching and refusing are the app's. */
async function folderInfo(given: string, io: CliIo): Promise<RasterInfo[]> {
  const { projects } = await io.services();
  const project = await projects.open(given, { remember: false });
  const items: RasterInfo[] = [];
  const mosaics = await countedMosaics(project, io);
  warnOfProblems(project, io);
  for (const mosaic of mosaics) {
    const shownPath = path.join(given, mosaic.fileName);
    if (mosaic.kind === "failed") {
      items.push({ path: shownPath, error: mosaic.reason });
      continue;
    }
    const { mask } = mosaic;
    const info = rasterInfo(shownPath, mosaic.image);
    switch (mask.kind) {
      case "none":
        items.push(info);
        break;
      case "refused":
        items.push({
          ...info,
          mask: { path: path.join(given, mask.fileName), classes: {}, error: mask.reason },
        });
        break;
      case "matched":
        items.push({
          ...info,
          mask: {
            path: path.join(given, mask.fileName),
            classes: Object.fromEntries(project.maskCounts(mosaic.id)?.ids ?? []),
          },
        });
        break;
      case "edited":
        items.push({
          ...info,
          mask: {
            path: path.join(project.storageDirectory, "labels", mosaic.id),
            classes: mask.classPixels ?? {},
          },
        });
        break;
    }
  }
  return items;
}

/** Waits for the project's own count, showing how far it is. */
async function countedMosaics(project: Project, io: CliIo): Promise<ProjectSnapshot["mosaics"]> {
  const progress = io.progress("counting mask pixels");
  const show = (): void => {
    const snapshot = project.snapshot();
    const masks = snapshot.mosaics.flatMap((mosaic) =>
      mosaic.kind === "ready" && hasLabels(mosaic.mask) ? [mosaic.mask] : [],
    );
    if (masks.length === 0) {
      return;
    }
    const counted = masks.filter(({ classPixels }) => classPixels !== null).length;
    progress.update({
      progress: snapshot.scanning ? null : counted / masks.length,
      detail: `${counted} of ${masks.length} masks`,
    });
  };
  const stop = project.onChange(show);
  try {
    await countedProject(project, io);
  } finally {
    stop();
    progress.end();
  }
  return project.snapshot().mosaics;
}

function rasterInfo(
  shownPath: string,
  raster: RasterDescription,
): Exclude<RasterInfo, { readonly error: string }> {
  const { crs, nodata } = raster;
  return {
    path: shownPath,
    width: raster.width,
    height: raster.height,
    bands: raster.bands,
    dtype: raster.dtype,
    crs: crs.kind === "epsg" ? `EPSG:${crs.code}` : crs.kind === "custom" ? crs.proj4 : null,
    crsName: crsLabel(crs),
    transform: raster.geotransform ?? [1, 0, 0, 0, 1, 0],
    nodata: nodata === null || Number.isFinite(nodata) ? nodata : String(nodata).toLowerCase(),
    blockSize: raster.blockSize,
    compression: raster.compression,
    overviews: raster.overviews,
    warnings: raster.warnings,
  };
}

function describe(item: RasterInfo): string {
  if ("error" in item) {
    return `${item.path}\n  can't be opened: ${item.error}`;
  }
  const { mask } = item;
  const lines = [
    `${item.width} × ${item.height} px, ${item.bands} × ${item.dtype}, ${item.compression}, blocks ${item.blockSize.join(" × ")}`,
    item.crsName,
    `transform ${item.transform.join(", ")}`,
    `nodata ${item.nodata ?? "none"}, overviews ${item.overviews.length === 0 ? "none" : item.overviews.join(", ")}`,
    ...item.warnings.map((text) => `warning: ${text}`),
    ...(mask === undefined
      ? []
      : mask.error === undefined
        ? [
            `mask ${mask.path}: ${Object.entries(mask.classes)
              .map(([id, pixels]) => `${id}: ${pixels.toLocaleString("en-US")} px`)
              .join(", ")}`,
          ]
        : [`mask ${mask.path} is not used: ${mask.error}`]),
  ];
  return [item.path, ...lines.map((line) => `  ${line}`)].join("\n");
}
