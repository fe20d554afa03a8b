import type { BlockEnvironment } from "../blocks/block-reader.ts";
import { BlockReader } from "../blocks/block-reader.ts";
import type { ByteSource } from "../byte-source.ts";
import { RasterError } from "../raster-error.ts";
import { readTiffDirectories, type TiffDirectory } from "./directory.ts";
import { readTiffLayout, type TiffLayout } from "./layout.ts";
import { parseGdalNodata } from "./metadata.ts";
import { photometric, tag } from "./tags.ts";

/** One resolution of a raster: the full one or an overview. */
export interface Level {
  readonly width: number;
  readonly height: number;
  readonly pixels: BlockReader;
  /** Valid pixels, nonzero where valid; null when no mask stands beside this level. */
  readonly mask: BlockReader | null;
  /** The band of `mask` that says so. */
  readonly maskBand: number;
}

/** The images of one TIFF file that belong together. */
export interface TiffDataset {
  readonly directory: TiffDirectory;
  readonly layout: TiffLayout;
  /** The full resolution first, then overviews from fine to coarse. */
  readonly levels: readonly Level[];
  readonly nodata: number | null;
  readonly warnings: readonly string[];
}

interface Image {
  readonly layout: TiffLayout;
  readonly reader: BlockReader;
}

/** Reads the structure of a TIFF: the image, its overviews, its masks. */
export async function readTiffDataset(
  source: ByteSource,
  environment: BlockEnvironment,
  keyPrefix: string,
): Promise<TiffDataset> {
  const directories = await readTiffDirectories(source);
  const [directory] = directories;
  if (directory === undefined) {
    throw new RasterError("damaged", source.filePath, "it holds no image directory");
  }
  const layout = await readTiffLayout(source, directory);
  const nodataText = await directory.text(tag.gdalNodata);
  const declared = nodataText === null ? null : parseGdalNodata(nodataText);
  // The text may carry more digits than the samples can.
  const nodata = declared !== null && layout.dtype === "float32" ? Math.fround(declared) : declared;
  const imageOf = (own: TiffLayout, index: number): Image => ({
    layout: own,
    reader: new BlockReader(source, own, environment, `${keyPrefix}${index}:`, nodata ?? 0),
  });
  const full = imageOf(layout, 0);
  const warnings: string[] = [];
  const { overviews, masks, pages } = await relatedImages(source, directories, 1, layout, imageOf, warnings);
  if (pages > 0) {
    warnings.push(`the file holds ${pages} more image${pages === 1 ? "" : "s"}; only the first is shown`);
  }
  return { directory, layout, levels: levelsOf(full, overviews, masks), nodata, warnings };
}

/** Reads a file whose images are all overviews (or masks of them): an `.ovr` beside a raster. */
export async function readOverviewFile(
  source: ByteSource,
  environment: BlockEnvironment,
  keyPrefix: string,
  full: TiffLayout,
  nodata: number | null,
): Promise<readonly Level[]> {
  const directories = await readTiffDirectories(source);
  const imageOf = (own: TiffLayout, index: number): Image => ({
    layout: own,
    reader: new BlockReader(source, own, environment, `${keyPrefix}${index}:`, nodata ?? 0),
  });
  const { overviews, masks } = await relatedImages(source, directories, 0, full, imageOf, []);
  return overviews.map((image) => level(image, masks));
}

/** Reads the first image of a `.msk` file as the mask of a raster of the given size. */
export async function readMaskFile(
  source: ByteSource,
  environment: BlockEnvironment,
  keyPrefix: string,
): Promise<BlockReader> {
  const [directory] = await readTiffDirectories(source);
  if (directory === undefined) {
    throw new RasterError("damaged", source.filePath, "it holds no image directory");
  }
  return new BlockReader(source, await readTiffLayout(source, directory), environment, keyPrefix, 0);
}

/** Blocks of all overviews and masks together: twice what the finest image may have by itself. */
const maxRelatedBlocks = 4 * 2 ** 20;

async function relatedImages(
  source: ByteSource,
  directories: readonly TiffDirectory[],
  from: number,
  full: TiffLayout,
  imageOf: (layout: TiffLayout, index: number) => Image,
  warnings: string[],
): Promise<{ overviews: Image[]; masks: Image[]; pages: number }> {
  const overviews: Image[] = [];
  const masks: Image[] = [];
  let pages = 0;
  let blocksLeft = maxRelatedBlocks;
  for (const [index, directory] of directories.entries()) {
    if (index < from) {
      continue;
    }
    if (blocksLeft <= 0) {
      warnings.push(`the images after the ${index}th are left out: together they have too many blocks`);
      break;
    }
    const flags = await directory.number(tag.newSubfileType, 0);
    const reduced = (flags & 1) !== 0 || (await directory.number(tag.subfileType, 0)) === 2;
    const isMask = (flags & 4) !== 0 || (await directory.number(tag.photometric, 1)) === photometric.mask;
    if (!reduced && !isMask && from > 0) {
      pages += 1;
      continue;
    }
    try {
      const layout = await readTiffLayout(source, directory);
      blocksLeft -= layout.blockOffsets.length;
      if (isMask) {
        masks.push(imageOf(layout, index));
      } else if (layout.width < full.width && layout.bands === full.bands && layout.dtype === full.dtype) {
        overviews.push(imageOf(layout, index));
      }
    } catch (error) {
      // An overview that can't be read costs speed, not pixels.
      const reason = error instanceof Error ? error.message : String(error);
      warnings.push(`${isMask ? "a mask" : "an overview"} is left out: ${reason}`);
    }
  }
  overviews.sort((first, second) => second.layout.width - first.layout.width);
  return { overviews, masks, pages };
}

function levelsOf(full: Image, overviews: readonly Image[], masks: readonly Image[]): Level[] {
  const first = level(full, masks);
  const others = overviews.map((image) => level(image, masks));
  // A raster with a mask is read only from levels that have one, or what is hidden would shine through when zoomed out.
  return [first, ...others.filter((other) => first.mask === null || other.mask !== null)];
}

function level(image: Image, masks: readonly Image[]): Level {
  const { width, height } = image.layout;
  const mask = masks.find(
    (candidate) => candidate.layout.width === width && candidate.layout.height === height,
  );
  return { width, height, pixels: image.reader, mask: mask?.reader ?? null, maskBand: 0 };
}
