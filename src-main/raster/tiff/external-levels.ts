import { stat } from "node:fs/promises";
import type { BlockEnvironment } from "../blocks/block-reader.ts";
import { openFileSource, type ByteSource } from "../byte-source.ts";
import { readMaskFile, readOverviewFile, type Level, type TiffDataset } from "./dataset.ts";

/** A dataset's levels together with those that stand in files beside it. */
export interface SidecarLevels {
  readonly levels: Level[];
  /** Open files to be closed with the raster. */
  readonly sources: readonly ByteSource[];
  readonly warnings: readonly string[];
}

/** Adds the overviews of `NAME.ovr` and the mask of `NAME.msk`, GDAL's names for them. */
export async function openSidecarLevels(
  source: ByteSource,
  dataset: TiffDataset,
  environment: BlockEnvironment,
  keyPrefix: string,
): Promise<SidecarLevels> {
  const sources: ByteSource[] = [];
  const warnings: string[] = [];
  const beside = async <Found>(
    suffix: string,
    read: (file: ByteSource) => Promise<Found>,
  ): Promise<Found | null> => {
    const path = source.filePath + suffix;
    if (!(await exists(path))) {
      return null;
    }
    const file = await openFileSource(path);
    try {
      const found = await read(file);
      sources.push(file);
      return found;
    } catch (error) {
      await file.close();
      warnings.push(`left out: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  };

  const [full, ...internal] = dataset.levels;
  if (full === undefined) {
    return { levels: [], sources, warnings };
  }
  const mask =
    full.mask === null
      ? await beside(".msk", (file) => readMaskFile(file, environment, `${keyPrefix}msk:`))
      : null;
  const maskFits = mask !== null && mask.layout.width === full.width && mask.layout.height === full.height;
  const first: Level = maskFits ? { ...full, mask } : full;
  const external =
    internal.length > 0
      ? null
      : await beside(".ovr", (file) =>
          readOverviewFile(file, environment, `${keyPrefix}ovr:`, dataset.layout, dataset.nodata),
        );
  const others = [...internal, ...(external ?? [])].filter(
    (level) => first.mask === null || level.mask !== null,
  );
  return { levels: [first, ...others], sources, warnings };
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
