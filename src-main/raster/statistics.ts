import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { RasterDescription } from "#shared/geo/raster-description.ts";
import { QUANTILE_STEP, type BandStatistics } from "#shared/project/imagery-display.ts";
import type { Raster } from "./raster.ts";

/** Percentiles of a quarter of a million pixels are as good as those of all. */
const SAMPLE_SIDE = 512;
/** A raster, or an overview of it, up to this side is read across its whole area. */
const WHOLE_SIDE = 2048;
/** Elsewhere so many blocks are looked into, so that the time doesn't grow with the raster. */
const SAMPLED_BLOCKS = 25;
const HISTOGRAM_STEPS = 128;
/** The histogram leaves out the last thousandth at each end: a single hot pixel would squeeze all others into one step. */
const HISTOGRAM_TAIL_PERCENT = 0.5;
const HISTOGRAM_MARGIN = 0.08;

/** One window that the sample is taken from, and the size it is read at. */
export interface SampledWindow {
  readonly pixelWindow: PixelWindow;
  readonly outputSize: PixelSize;
}

/**
 * What the values of some bands are like, from a sample: of an overview, or of blocks spread over the raster, so that the time is
 * bounded whatever its size. Nodata, masked and infinite values are left out; null for a band without any other.
 */
export async function sampleStatistics(
  raster: Raster,
  bands: readonly number[],
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<(BandStatistics | null)[]> {
  const { nodata } = raster.description;
  const values: number[][] = bands.map(() => []);
  const windows = await Promise.all(
    sampledWindows(raster.description).map(({ pixelWindow, outputSize }) =>
      raster.readWindow({ pixelWindow, bands, outputSize, resampling: "nearest" }, options),
    ),
  );
  for (const { data, valid } of windows) {
    for (let index = 0, pixel = 0; index < data.length; pixel += 1) {
      const isValid = valid === null || valid[pixel] === 1;
      for (const ofBand of values) {
        const value = data[index] as number;
        // A pixel is valid when any of its bands is.
        if (isValid && Number.isFinite(value) && value !== nodata) {
          ofBand.push(value);
        }
        index += 1;
      }
    }
  }
  return values.map((ofBand) => statisticsOf(Float64Array.from(ofBand)));
}

/** Where a raster is sampled: everywhere thinly when a small enough level exists, else a few pixels of blocks spread over it. */
export function sampledWindows({
  width,
  height,
  overviews,
  blockSize,
}: Pick<RasterDescription, "width" | "height" | "overviews" | "blockSize">): SampledWindow[] {
  const longest = Math.max(width, height);
  const coarsest = Math.max(1, ...overviews);
  if (longest / coarsest <= WHOLE_SIDE) {
    const reduction = Math.max(1, longest / SAMPLE_SIDE);
    return [
      {
        pixelWindow: { x: 0, y: 0, width, height },
        outputSize: {
          width: Math.max(1, Math.round(width / reduction)),
          height: Math.max(1, Math.round(height / reduction)),
        },
      },
    ];
  }
  const [blockWidth, blockHeight] = [Math.min(blockSize[0], width), Math.min(blockSize[1], height)];
  const across = Math.min(Math.ceil(width / blockWidth), Math.floor(Math.sqrt(SAMPLED_BLOCKS)));
  const down = Math.min(Math.ceil(height / blockHeight), Math.floor(SAMPLED_BLOCKS / across));
  const pixelsEach = SAMPLE_SIDE ** 2 / (across * down);
  const rows = Math.min(
    blockHeight,
    Math.max(1, Math.floor(Math.sqrt((pixelsEach * blockHeight) / blockWidth))),
  );
  const columns = Math.min(blockWidth, Math.max(1, Math.floor(pixelsEach / rows)));
  const windows: SampledWindow[] = [];
  for (let row = 0; row < down; row += 1) {
    for (let column = 0; column < across; column += 1) {
      // The block that holds the middle of this cell.
      const x = Math.floor((((column + 0.5) / across) * width) / blockWidth) * blockWidth;
      const y = Math.floor((((row + 0.5) / down) * height) / blockHeight) * blockHeight;
      const pixelWindow = {
        x,
        y,
        width: Math.min(blockWidth, width - x),
        height: Math.min(blockHeight, height - y),
      };
      windows.push({
        pixelWindow,
        outputSize: {
          width: Math.min(columns, pixelWindow.width),
          height: Math.min(rows, pixelWindow.height),
        },
      });
    }
  }
  return windows;
}

/** Sorts the values it is given. */
export function statisticsOf(values: Float64Array): BandStatistics | null {
  if (values.length === 0) {
    return null;
  }
  values.sort();
  const last = values.length - 1;
  const quantiles = Array.from(
    { length: 100 / QUANTILE_STEP + 1 },
    (_, index) => values[Math.round(((index * QUANTILE_STEP) / 100) * last)] as number,
  );
  const sum = values.reduce((total, value) => total + value, 0);
  return {
    sampledPixels: values.length,
    mean: sum / values.length,
    quantiles,
    histogram: histogramOf(values, quantiles),
  };
}

function histogramOf(values: Float64Array, quantiles: readonly number[]): BandStatistics["histogram"] {
  const tail = HISTOGRAM_TAIL_PERCENT / QUANTILE_STEP;
  const [first, end] = [quantiles[tail] as number, quantiles.at(-1 - tail) as number];
  const margin = (end - first) * HISTOGRAM_MARGIN;
  const low = Math.max(quantiles[0] as number, first - margin);
  const widest = Math.min(quantiles.at(-1) as number, end + margin);
  const high = widest > low ? widest : low + 1;
  const counts = new Array<number>(HISTOGRAM_STEPS).fill(0);
  for (const value of values) {
    const step = Math.floor(((value - low) / (high - low)) * HISTOGRAM_STEPS);
    const at = Math.min(HISTOGRAM_STEPS - 1, Math.max(0, step));
    counts[at] = (counts[at] as number) + 1;
  }
  return { low, high, counts };
}
