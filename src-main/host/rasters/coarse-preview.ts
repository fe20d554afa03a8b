import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import { allocateSamples } from "../../raster/index.ts";
import type { Pixels, Raster } from "../../raster/index.ts";

/** Below this many decoded bytes a raster is read through in seconds, and its tiles are shown as they are. */
const LARGE_RASTER_BYTES = 2 ** 30;
/** What one tile may decode at most before it is only previewed. */
const TILE_BYTES = 16 * 2 ** 20;
const BYTES_A_SAMPLE: Readonly<Record<string, number>> = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  float64: 8,
};
/** Cells of a preview across the side of a tile: each is one mean. */
const CELLS_ACROSS = 8;

/** Whether a reduced window has to be made from so much of the full resolution that it takes long. */
export function isCostly(image: Raster, pixelWindow: PixelWindow, outputSize: PixelSize): boolean {
  const { width, height, overviews } = image.description;
  return (
    overviews.length === 0 &&
    Math.min(pixelWindow.width, width) * Math.min(pixelWindow.height, height) * bytesAPixel(image) >
      TILE_BYTES &&
    pixelWindow.width > outputSize.width * 2
  );
}

/**
 * Whether a window of a very large raster without overviews would take so long to read at this reduction that a preview of it is
 * shown until its pyramid is there.
 */
export function needsPreview(image: Raster, pixelWindow: PixelWindow, outputSize: PixelSize): boolean {
  const { width, height } = image.description;
  return width * height * bytesAPixel(image) > LARGE_RASTER_BYTES && isCostly(image, pixelWindow, outputSize);
}

function bytesAPixel(image: Raster): number {
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

/** The mean of a piece in the middle of a cell, at most one block large; null outside the raster and where nothing is valid. */
async function meanOf(
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
  const pixels = await image.readWindow(
    {
      pixelWindow: { x: left, y: top, width: right - left, height: bottom - top },
      bands,
      outputSize: { width: 1, height: 1 },
      resampling: "average",
    },
    options,
  );
  return pixels.valid === null ? Float64Array.from(pixels.data) : null;
}

function mix(first = 0, second = 0, share: number): number {
  return first + (second - first) * share;
}
