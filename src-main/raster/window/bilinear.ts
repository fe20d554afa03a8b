import type { RasterDtype } from "#shared/geo/raster-description.ts";
import { allocateSamples } from "../typed-pixels.ts";
import { slabBytes, type RowSource, type SourceRectangle } from "./average.ts";
import type { GatheredPixels } from "./gather.ts";

/** The two source pixels around an output pixel's centre along one axis, and the share of the second. */
interface Between {
  readonly first: number;
  readonly second: number;
  readonly share: number;
}

/** Interpolates every output pixel between the centres of the four source pixels around its own centre, leaving invalid ones out. */
export async function bilinearRows(
  rectangle: SourceRectangle,
  output: {
    readonly width: number;
    readonly height: number;
    readonly bands: number;
    readonly nodata: number | null;
  },
  source: {
    readonly originX: number;
    readonly width: number;
    readonly levelWidth: number;
    readonly levelHeight: number;
    readonly dtype: RasterDtype;
  },
  rowsOf: RowSource,
): Promise<GatheredPixels> {
  const { width, height, bands, nodata } = output;
  const data = allocateSamples(source.dtype, width * height * bands);
  // What no valid pixel reaches must not pass for a value when the result is stored.
  if (nodata !== null && nodata !== 0) {
    data.fill(nodata);
  }
  const valid = new Uint8Array(width * height);
  const across = betweens(rectangle.x, rectangle.width, width, source.levelWidth);
  const down = betweens(rectangle.y, rectangle.height, height, source.levelHeight);
  const isFloat = data instanceof Float32Array || data instanceof Float64Array;
  const slabRows = Math.max(2, Math.floor(slabBytes / (source.width * bands * data.BYTES_PER_ELEMENT)));
  const endRow = Math.max(...down.map(({ second }) => second)) + 1;
  const sums = new Float64Array(bands);
  let slab: GatheredPixels | null = null;
  let slabFirst = 0;
  let slabEnd = 0;
  for (let row = 0; row < height; row += 1) {
    const vertical = down[row] as Between;
    if (slab === null || vertical.first < slabFirst || vertical.second >= slabEnd) {
      slabFirst = vertical.first;
      slabEnd = Math.min(endRow, slabFirst + slabRows);
      slab = await rowsOf(slabFirst, slabEnd);
    }
    for (let column = 0; column < width; column += 1) {
      const horizontal = across[column] as Between;
      let total = 0;
      sums.fill(0);
      for (let corner = 0; corner < 4; corner += 1) {
        const x = corner % 2 === 0 ? horizontal.first : horizontal.second;
        const y = corner < 2 ? vertical.first : vertical.second;
        const weight =
          (corner % 2 === 0 ? 1 - horizontal.share : horizontal.share) *
          (corner < 2 ? 1 - vertical.share : vertical.share);
        const pixel = (y - slabFirst) * source.width + x - source.originX;
        if (weight > 0 && (slab.valid === null || slab.valid[pixel] !== 0)) {
          total += weight;
          for (let band = 0; band < bands; band += 1) {
            sums[band] = (sums[band] as number) + weight * (slab.data[pixel * bands + band] as number);
          }
        }
      }
      const pixel = row * width + column;
      if (total > 0) {
        valid[pixel] = 1;
        for (let band = 0; band < bands; band += 1) {
          const value = (sums[band] as number) / total;
          data[pixel * bands + band] = isFloat ? value : Math.round(value);
        }
      }
    }
  }
  return { data, valid: valid.includes(0) ? valid : null };
}

function betweens(start: number, length: number, count: number, limit: number): Between[] {
  return Array.from({ length: count }, (_, index) => {
    const centre = start + ((index + 0.5) * length) / count - 0.5;
    const first = Math.floor(centre);
    const share = centre - first;
    // At the raster's own edge there is no pixel beyond to mix with: the edge pixel counts alone.
    const isInside = centre >= -0.5 && centre <= limit - 0.5;
    const clamp = (pixel: number): number => (isInside ? Math.max(0, Math.min(limit - 1, pixel)) : pixel);
    return { first: clamp(first), second: clamp(first + 1), share };
  });
}
