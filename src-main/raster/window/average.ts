import { allocateSamples, type SampleArray } from "../typed-pixels.ts";
import type { GatheredPixels } from "./gather.ts";

/** Where the output lies on a level, in that level's pixels, fractions allowed. */
export interface SourceRectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Reads whole source rows `first` to `end` of the columns that the rectangle touches. */
export type RowSource = (firstRow: number, endRow: number) => Promise<GatheredPixels>;

/** Which source pixels lie under an output pixel along one axis, and how far each is covered. */
interface Coverage {
  readonly first: number;
  /** Fractions of source pixels `first`, `first + 1`, …, each above 0 and at most 1. */
  readonly weights: Float64Array;
}

/** Source pixels held at once while resampling, whatever the reduction. */
export const slabBytes = 16 * 2 ** 20;

/**
 * Makes every output pixel the mean of the valid pixels under it, weighted by the area shared, in memory that doesn't grow
 * with the reduction.
 *
 * @param originX first source column that `rowsOf` delivers, `sourceWidth` how many
 */
export async function averageRows(
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
    readonly dtype: Parameters<typeof allocateSamples>[0];
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
  const across = coverages(rectangle.x, rectangle.width, width);
  const down = coverages(rectangle.y, rectangle.height, height);
  const slabRows = Math.max(1, Math.floor(slabBytes / (source.width * bands * data.BYTES_PER_ELEMENT)));
  const lastRow = Math.max(...down.map((cover) => cover.first + cover.weights.length));
  const isFloat = data instanceof Float32Array || data instanceof Float64Array;
  let slab: GatheredPixels | null = null;
  let slabFirst = 0;
  let slabEnd = 0;
  for (let row = 0; row < height; row += 1) {
    const cover = down[row] as Coverage;
    const sums = new Float64Array(width * bands);
    const totals = new Float64Array(width);
    for (let index = 0; index < cover.weights.length; index += 1) {
      const sourceRow = cover.first + index;
      if (slab === null || sourceRow < slabFirst || sourceRow >= slabEnd) {
        slabFirst = sourceRow;
        slabEnd = Math.min(lastRow, sourceRow + slabRows);
        slab = await rowsOf(slabFirst, slabEnd);
      }
      const line = { samples: slab.data, valid: slab.valid, pixel: (sourceRow - slabFirst) * source.width };
      addRow(line, cover.weights[index] as number, across, source.originX, bands, sums, totals);
    }
    for (let column = 0; column < width; column += 1) {
      const total = totals[column] as number;
      const pixel = row * width + column;
      if (total > 0) {
        valid[pixel] = 1;
        for (let band = 0; band < bands; band += 1) {
          const mean = (sums[column * bands + band] as number) / total;
          data[pixel * bands + band] = isFloat ? mean : Math.round(mean);
        }
      }
    }
  }
  return { data, valid: valid.includes(0) ? valid : null };
}

interface SourceLine {
  readonly samples: SampleArray;
  readonly valid: Uint8Array | null;
  /** Index of the line's first pixel. */
  readonly pixel: number;
}

function addRow(
  line: SourceLine,
  rowWeight: number,
  across: readonly Coverage[],
  originX: number,
  bands: number,
  sums: Float64Array,
  totals: Float64Array,
): void {
  const { samples, valid } = line;
  for (let column = 0; column < across.length; column += 1) {
    const { first, weights } = across[column] as Coverage;
    let pixel = line.pixel + first - originX;
    for (let index = 0; index < weights.length; index += 1, pixel += 1) {
      if (valid !== null && valid[pixel] === 0) {
        continue;
      }
      const weight = rowWeight * (weights[index] as number);
      totals[column] = (totals[column] as number) + weight;
      for (let band = 0; band < bands; band += 1) {
        const at = column * bands + band;
        sums[at] = (sums[at] as number) + weight * (samples[pixel * bands + band] as number);
      }
    }
  }
}

function coverages(start: number, length: number, count: number): Coverage[] {
  const step = length / count;
  return Array.from({ length: count }, (_, index) => {
    const from = start + index * step;
    const to = from + step;
    // A sliver from rounding would pull in a neighbour for nothing.
    const first = Math.floor(from + 1e-9);
    const end = Math.max(first + 1, Math.ceil(to - 1e-9));
    const weights = new Float64Array(end - first);
    for (let pixel = first; pixel < end; pixel += 1) {
      weights[pixel - first] = Math.max(1e-12, Math.min(pixel + 1, to) - Math.max(pixel, from));
    }
    return { first, weights };
  });
}
