import { windowIntersection, type PixelSize, type PixelWindow } from "#shared/geo/pixel-window.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";

/** Rows that are read at once: a row of chunks of a prediction. */
const BAND_ROWS = 512;

/** More pixels than these are costly to look at for one tile. */
export const MANY_PIXELS = 2 ** 24;

/**
 * The class ids in the middle of each pixel of a tile, read at full resolution; 255 outside the raster.
 *
 * Labels have overviews of the nearest pixel, predictions of the most frequent class. Held against each other, they differ along every border where nothing is wrong.
 * Sampled so, a share of the tile that differs is that share of the ground.
 */
export async function sampledIds(
  read: (pixelWindow: PixelWindow) => Promise<Uint8Array>,
  raster: PixelSize,
  { pixelWindow, size }: { readonly pixelWindow: PixelWindow; readonly size: PixelSize },
  { signal }: { readonly signal?: AbortSignal | undefined },
): Promise<Uint8Array<ArrayBuffer>> {
  const ids = new Uint8Array(size.width * size.height).fill(UNLABELLED_ID);
  const inside = windowIntersection(pixelWindow, { x: 0, y: 0, width: raster.width, height: raster.height });
  if (inside === null) {
    return ids;
  }
  const columns = positions(pixelWindow.x, pixelWindow.width, size.width);
  const rows = positions(pixelWindow.y, pixelWindow.height, size.height);
  for (let top = inside.y; top < inside.y + inside.height; top = nextBand(top)) {
    const bottom = Math.min(nextBand(top), inside.y + inside.height);
    const wanted = rows.filter((row) => row >= top && row < bottom);
    const [first, last] = [wanted[0], wanted.at(-1)];
    if (first === undefined || last === undefined) {
      continue;
    }
    signal?.throwIfAborted();
    const band = { x: inside.x, y: first, width: inside.width, height: last - first + 1 };
    const found = await read(band);
    for (const [y, row] of rows.entries()) {
      if (row < first || row > last) {
        continue;
      }
      const from = (row - first) * band.width - band.x;
      for (const [x, column] of columns.entries()) {
        if (column >= band.x && column < band.x + band.width) {
          ids[y * size.width + x] = found[from + column]!;
        }
      }
    }
  }
  return ids;
}

function positions(start: number, length: number, count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) =>
    Math.floor(start + ((index + 0.5) * length) / count),
  );
}

function nextBand(row: number): number {
  return (Math.floor(row / BAND_ROWS) + 1) * BAND_ROWS;
}
