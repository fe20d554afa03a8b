import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import { allocateSamples } from "../../raster/index.ts";
import type { Pixels, Raster } from "../../raster/index.ts";

/** Below this many decoded bytes a raster is read through in seconds, and few of its tiles need a preview. */
const LARGE_RASTER_BYTES = 2 ** 30;
/** What one tile may decode at most before it counts as costly; of a large raster it is only previewed then. */
const TILE_BYTES = 16 * 2 ** 20;
/** The same for tiles of other rasters: a fifth of a second on two cores. */
const OTHER_TILE_BYTES = 64 * 2 ** 20;
const BYTES_A_SAMPLE: Readonly<Record<string, number>> = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  float64: 8,
};
/** Cells of a preview across the side of a tile: each is one mean. */
const CELLS_ACROSS = 8;
/** Pixels across and down a piece that make its mean: more would cost time and show nothing. */
const MEAN_SIDE = 16;
/** Means of one raster that are kept, of a few hundred bytes each: some twenty views. */
const MOST_MEANS = 8192;

/** What is asked of a raster to judge the cost of its tiles. */
interface Described {
  readonly description: Pick<
    Raster["description"],
    "width" | "height" | "bands" | "dtype" | "blockSize" | "overviews"
  >;
}

/** Whether a reduced window has to be made from so much of the full resolution that it takes long. */
export function isCostly(image: Described, pixelWindow: PixelWindow, outputSize: PixelSize): boolean {
  const { width, height, overviews } = image.description;
  return (
    overviews.length === 0 &&
    Math.min(pixelWindow.width, width) * Math.min(pixelWindow.height, height) * bytesAPixel(image) >
      TILE_BYTES &&
    pixelWindow.width > outputSize.width * 2
  );
}

/**
 * Whether a window of a raster without overviews would take so long to read at this reduction that a preview of it is shown until the
 * pyramid is there.
 */
export function needsPreview(image: Described, pixelWindow: PixelWindow, outputSize: PixelSize): boolean {
  const { width, height } = image.description;
  const most = width * height * bytesAPixel(image) > LARGE_RASTER_BYTES ? TILE_BYTES : OTHER_TILE_BYTES;
  return isCostly(image, pixelWindow, outputSize) && decodedBytes(image, pixelWindow, outputSize) > most;
}

/** Bytes of the blocks that a reduced window takes pixels from: of strips of few rows, most are left out. */
function decodedBytes(image: Described, pixelWindow: PixelWindow, outputSize: PixelSize): number {
  const { width, height, blockSize } = image.description;
  const touched = (size: number, blockSide: number, pixels: number): number =>
    Math.min(Math.ceil(size / blockSide), pixels) * blockSide;
  const columns = touched(
    Math.min(pixelWindow.width, width),
    Math.min(blockSize[0], width),
    outputSize.width,
  );
  const rows = touched(
    Math.min(pixelWindow.height, height),
    Math.min(blockSize[1], height),
    outputSize.height,
  );
  return columns * rows * bytesAPixel(image);
}

function bytesAPixel(image: Described): number {
  const { bands, dtype } = image.description;
  return bands * (BYTES_A_SAMPLE[dtype] ?? 4);
}

/**
 * A window as means of a few small pieces, one in each cell of a grid over the whole raster, with smooth passages between: right in
 * its colours, blurred in its shapes, and quick at any size.
 */
export async function previewWindow(
  image: Raster,
  { pixelWindow, outputSize }: { readonly pixelWindow: PixelWindow; readonly outputSize: PixelSize },
  bands: readonly number[],
  options: { readonly signal?: AbortSignal | undefined },
): Promise<Pixels> {
  const { width, height, dtype } = image.description;
  const cellWidth = Math.max(1, Math.round(pixelWindow.width / CELLS_ACROSS));
  const cellHeight = Math.max(1, Math.round(pixelWindow.height / CELLS_ACROSS));
  // Cells around the window too, so that neighbouring tiles meet without a seam.
  const firstColumn = Math.floor(pixelWindow.x / cellWidth) - 1;
  const firstRow = Math.floor(pixelWindow.y / cellHeight) - 1;
  const columns = Math.ceil((pixelWindow.x + pixelWindow.width) / cellWidth) + 1 - firstColumn;
  const rows = Math.ceil((pixelWindow.y + pixelWindow.height) / cellHeight) + 1 - firstRow;
  const means: (Float64Array | null)[] = await Promise.all(
    Array.from({ length: columns * rows }, (_, index) =>
      meanOf(
        image,
        {
          x: (firstColumn + (index % columns)) * cellWidth,
          y: (firstRow + Math.floor(index / columns)) * cellHeight,
          width: cellWidth,
          height: cellHeight,
        },
        bands,
        options,
      ),
    ),
  );
  const data = allocateSamples(dtype, outputSize.width * outputSize.height * bands.length);
  const valid = new Uint8Array(outputSize.width * outputSize.height);
  for (let row = 0, pixel = 0; row < outputSize.height; row += 1) {
    const y = pixelWindow.y + ((row + 0.5) * pixelWindow.height) / outputSize.height;
    const cellRow = y / cellHeight - 0.5 - firstRow;
    const top = Math.floor(cellRow);
    for (let column = 0; column < outputSize.width; column += 1, pixel += 1) {
      const x = pixelWindow.x + ((column + 0.5) * pixelWindow.width) / outputSize.width;
      if (x < 0 || y < 0 || x >= width || y >= height) {
        continue;
      }
      const cellColumn = x / cellWidth - 0.5 - firstColumn;
      const left = Math.floor(cellColumn);
      const nearest = means[Math.round(cellRow) * columns + Math.round(cellColumn)] ?? null;
      if (nearest === null) {
        continue;
      }
      const [across, along] = [cellColumn - left, cellRow - top];
      const at = (down: number, right: number): Float64Array =>
        means[(top + down) * columns + left + right] ?? nearest;
      const corners = [at(0, 0), at(0, 1), at(1, 0), at(1, 1)] as const;
      for (let band = 0; band < bands.length; band += 1) {
        const upper = mix(corners[0][band], corners[1][band], across);
        data[pixel * bands.length + band] = mix(
          upper,
          mix(corners[2][band], corners[3][band], across),
          along,
        );
      }
      valid[pixel] = 1;
    }
  }
  return {
    data,
    layout: "pixel-interleaved",
    ...outputSize,
    bands: bands.length,
    dtype,
    valid: valid.includes(0) ? valid : null,
  };
}

/** Means by bands and cell, the oldest first: blocks that take a whole decoding for one of them don't stay in the cache. */
const keptMeans = new WeakMap<Raster, Map<string, Float64Array | null>>();

/** The mean of a cell, from before where it was made before: neighbouring tiles share cells, and views are come back to. */
async function meanOf(
  image: Raster,
  cell: PixelWindow,
  bands: readonly number[],
  options: { readonly signal?: AbortSignal | undefined },
): Promise<Float64Array | null> {
  const means = keptMeans.get(image) ?? new Map<string, Float64Array | null>();
  keptMeans.set(image, means);
  const key = [bands.join(), cell.x, cell.y, cell.width, cell.height].join("/");
  const before = means.get(key);
  if (before !== undefined) {
    return before;
  }
  const mean = await readMean(image, cell, bands, options);
  means.set(key, mean);
  for (const oldest of means.keys()) {
    if (means.size <= MOST_MEANS) {
      break;
    }
    means.delete(oldest);
  }
  return mean;
}

/** The mean of a piece in the middle of a cell, at most one block large; null outside the raster and where most is not valid. */
async function readMean(
  image: Raster,
  cell: PixelWindow,
  bands: readonly number[],
  options: { readonly signal?: AbortSignal | undefined },
): Promise<Float64Array | null> {
  const { width, height, blockSize } = image.description;
  const x = Math.floor((cell.x + cell.width / 2) / blockSize[0]) * blockSize[0];
  const y = Math.floor((cell.y + cell.height / 2) / blockSize[1]) * blockSize[1];
  const left = Math.max(x, cell.x, 0);
  const top = Math.max(y, cell.y, 0);
  const right = Math.min(x + blockSize[0], cell.x + cell.width, width);
  const bottom = Math.min(y + blockSize[1], cell.y + cell.height, height);
  if (right <= left || bottom <= top) {
    return null;
  }
  const { data, valid } = await image.readWindow(
    {
      pixelWindow: { x: left, y: top, width: right - left, height: bottom - top },
      bands,
      outputSize: { width: Math.min(MEAN_SIDE, right - left), height: Math.min(MEAN_SIDE, bottom - top) },
      resampling: "nearest",
    },
    options,
  );
  const sums = new Float64Array(bands.length);
  let count = 0;
  for (let pixel = 0; pixel < data.length / bands.length; pixel += 1) {
    if (valid === null || valid[pixel] === 1) {
      count += 1;
      for (let band = 0; band < bands.length; band += 1) {
        sums[band] = (sums[band] as number) + (data[pixel * bands.length + band] as number);
      }
    }
  }
  return count * 2 > data.length / bands.length ? sums.map((sum) => sum / count) : null;
}

function mix(first = 0, second = 0, share: number): number {
  return first + (second - first) * share;
}
