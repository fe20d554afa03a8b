import type { RasterDescription } from "#shared/geo/raster-description.ts";
import { openRaster, probeEnd } from "../../raster/index.ts";
import type { Raster } from "../../raster/index.ts";
import { toHostError } from "../host-error.ts";
import type { MaskLegend } from "./class-discovery.ts";
import type { ListedFile, ListedMosaic } from "./list-folder.ts";
import { maskBandProblem, maskDisagreement } from "./mask-agreement.ts";

/** A mosaic's mask as found when the folder was read. */
export type ExaminedMask =
  | { readonly kind: "none" }
  | { readonly kind: "refused"; readonly file: ListedFile; readonly reason: string }
  | {
      readonly kind: "matched";
      readonly file: ListedFile;
      readonly legend: MaskLegend;
      readonly nodata: number | null;
    };

/** What opening one mosaic came to. */
export type ExaminedMosaic =
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "ready"; readonly image: RasterDescription; readonly mask: ExaminedMask };

interface Options {
  readonly signal?: AbortSignal | undefined;
}

/** Opens an image and its mask, as far as needed to say what they are. Never rejects but on abort. */
export async function examineMosaic(listed: ListedMosaic, options: Options = {}): Promise<ExaminedMosaic> {
  let image: RasterDescription;
  try {
    image = await withRaster(listed.image, options, async (raster) => {
      await probeEnd(raster, options);
      return raster.description;
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    return { kind: "failed", reason: reasonOf(error, listed.image) };
  }
  const [maskFile] = listed.masks;
  const mask: ExaminedMask =
    maskFile === undefined ? { kind: "none" } : await examineMask(image, maskFile, options);
  return { kind: "ready", image, mask };
}

async function examineMask(
  image: RasterDescription,
  file: ListedFile,
  options: Options,
): Promise<ExaminedMask> {
  try {
    return await withRaster(file, options, async (mask): Promise<ExaminedMask> => {
      const reason = maskDisagreement(image, mask.description) ?? (await maskBandProblem(mask, options));
      if (reason !== null) {
        return { kind: "refused", file, reason };
      }
      await probeEnd(mask, options);
      const { colorTable, categoryNames, nodata } = mask.description;
      return { kind: "matched", file, legend: { colorTable, categoryNames }, nodata };
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    return { kind: "refused", file, reason: `mask can't be read: ${reasonOf(error, file)}` };
  }
}

async function withRaster<T>(
  file: ListedFile,
  options: Options,
  use: (raster: Raster) => Promise<T>,
): Promise<T> {
  const raster = await openRaster(file.filePath, options);
  try {
    return await use(raster);
  } finally {
    await raster.close();
  }
}

/** The sentence without the file's name at its beginning: it is shown beside the name. */
function reasonOf(error: unknown, file: ListedFile): string {
  const { message } = toHostError(error);
  const name = file.fileName.slice(file.fileName.lastIndexOf("/") + 1);
  return message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;
}
