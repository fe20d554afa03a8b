import type { SampleArray } from "../typed-pixels.ts";

/** How four pixels become one in an overview. */
export type OverviewResampling =
  /** The value most of the four have, the first of them in a tie: the only one that is right for class ids besides nearest. */
  | "mode"
  /** The mean of the valid ones. */
  | "average"
  | "nearest";

/** A rectangle of pixel-interleaved samples. */
export interface SampleGrid {
  readonly samples: SampleArray;
  readonly width: number;
  readonly height: number;
  readonly bands: number;
}

/**
 * Halves a grid into `target`, whose pixel (0, 0) of the result goes to (`targetX`, `targetY`); odd edges take what is there.
 *
 * Nodata never outvotes data: a pixel is nodata only where all four are. With an opacity band, means are weighed by it, so that what is
 * hidden doesn't colour what is seen, and has no vote where ids are counted.
 */
export function halveInto(
  source: SampleGrid,
  target: SampleGrid,
  targetX: number,
  targetY: number,
  resampling: OverviewResampling,
  nodata: number | null,
  opacityBand: number | null = null,
): void {
  if (resampling !== "nearest" && opacityBand !== null) {
    halveByOpacity(source, target, targetX, targetY, opacityBand, resampling, nodata);
    return;
  }
  if (resampling === "average" && nodata === null && source.samples instanceof Uint8Array) {
    halveBytes(source, target, targetX, targetY);
    return;
  }
  if (resampling === "mode" && source.bands === 1 && source.samples instanceof Uint8Array) {
    halveIds(source, target, targetX, targetY, nodata);
    return;
  }
  const { bands } = source;
  const width = Math.ceil(source.width / 2);
  const height = Math.ceil(source.height / 2);
  const isFloat = target.samples instanceof Float32Array || target.samples instanceof Float64Array;
  const four = new Float64Array(4);
  for (let row = 0; row < height; row += 1) {
    const above = row * 2 * source.width;
    const below = row * 2 + 1 < source.height ? above + source.width : -1;
    for (let column = 0; column < width; column += 1) {
      const left = column * 2;
      const hasRight = left + 1 < source.width;
      const to = ((targetY + row) * target.width + targetX + column) * bands;
      for (let band = 0; band < bands; band += 1) {
        const first = source.samples[(above + left) * bands + band] as number;
        if (resampling === "nearest") {
          target.samples[to + band] = first;
          continue;
        }
        let count = 0;
        const take = (pixel: number): void => {
          const value = source.samples[pixel * bands + band] as number;
          if (value !== nodata && !Number.isNaN(value)) {
            four[count] = value;
            count += 1;
          }
        };
        take(above + left);
        if (hasRight) {
          take(above + left + 1);
        }
        if (below >= 0) {
          take(below + left);
          if (hasRight) {
            take(below + left + 1);
          }
        }
        target.samples[to + band] =
          count === 0 ? first : resampling === "mode" ? modeOf(four, count) : meanOf(four, count, isFloat);
      }
    }
  }
}

/** Means weighed by opacity, or the ids most of what is seen has; opacity itself becomes a plain mean, but never 0 where anything is seen. */
function halveByOpacity(
  source: SampleGrid,
  target: SampleGrid,
  targetX: number,
  targetY: number,
  opacityBand: number,
  resampling: "average" | "mode",
  nodata: number | null,
): void {
  const { bands, samples } = source;
  const isFloat = target.samples instanceof Float32Array || target.samples instanceof Float64Array;
  const width = Math.ceil(source.width / 2);
  const height = Math.ceil(source.height / 2);
  const weights = new Float64Array(4);
  const pixels = new Int32Array(4);
  const votes = new Float64Array(4);
  for (let row = 0; row < height; row += 1) {
    const above = row * 2 * source.width;
    // The last row or column of an odd size stands twice.
    const below = row * 2 + 1 < source.height ? above + source.width : above;
    for (let column = 0; column < width; column += 1) {
      const left = column * 2;
      const right = left + 1 < source.width ? left + 1 : left;
      pixels.set([above + left, above + right, below + left, below + right]);
      let whole = 0;
      for (let at = 0; at < 4; at += 1) {
        const weight = samples[(pixels[at] as number) * bands + opacityBand] as number;
        weights[at] = weight;
        whole += weight;
      }
      const to = ((targetY + row) * target.width + targetX + column) * bands;
      for (let band = 0; band < bands; band += 1) {
        if (resampling === "mode") {
          let count = 0;
          let otherwise = NaN;
          for (let at = 0; at < 4; at += 1) {
            const value = samples[(pixels[at] as number) * bands + band] as number;
            if ((weights[at] as number) > 0 && Number.isNaN(otherwise)) {
              otherwise = value;
            }
            // A pixel of an odd edge that stands twice votes once: otherwise it could outvote two.
            const isRepeated = (at % 2 === 1 && right === left) || (at > 1 && below === above);
            if ((weights[at] as number) > 0 && value !== nodata && !isRepeated) {
              votes[count] = value;
              count += 1;
            }
          }
          target.samples[to + band] =
            count > 0 ? modeOf(votes, count) : Number.isNaN(otherwise) ? 0 : otherwise;
          continue;
        }
        let sum = 0;
        for (let at = 0; at < 4 && whole > 0; at += 1) {
          sum += (samples[(pixels[at] as number) * bands + band] as number) * (weights[at] as number);
        }
        const mean = whole > 0 ? sum / whole : 0;
        target.samples[to + band] = isFloat ? mean : Math.round(mean);
      }
      const opacity = whole / 4;
      target.samples[to + opacityBand] =
        whole === 0 ? 0 : isFloat ? opacity : Math.max(1, Math.round(opacity));
    }
  }
}

/** The common case of imagery: plain means of bytes, ten times as fast without asking each pixel what it is. */
function halveBytes(source: SampleGrid, target: SampleGrid, targetX: number, targetY: number): void {
  const { bands, samples } = source;
  const width = Math.ceil(source.width / 2);
  const height = Math.ceil(source.height / 2);
  for (let row = 0; row < height; row += 1) {
    const above = row * 2 * source.width * bands;
    // The last row or column of an odd size stands twice.
    const below = row * 2 + 1 < source.height ? above + source.width * bands : above;
    let to = ((targetY + row) * target.width + targetX) * bands;
    for (let column = 0; column < width; column += 1) {
      const left = column * 2 * bands;
      const right = column * 2 + 1 < source.width ? left + bands : left;
      for (let band = 0; band < bands; band += 1) {
        const sum =
          (samples[above + left + band] as number) +
          (samples[above + right + band] as number) +
          (samples[below + left + band] as number) +
          (samples[below + right + band] as number);
        target.samples[to] = (sum + 2) >> 2;
        to += 1;
      }
    }
  }
}

/** The common case of class ids: where all four are the same, which is nearly everywhere, nothing is counted. */
function halveIds(
  source: SampleGrid,
  target: SampleGrid,
  targetX: number,
  targetY: number,
  nodata: number | null,
): void {
  const { samples } = source;
  const width = Math.ceil(source.width / 2);
  const height = Math.ceil(source.height / 2);
  const without = nodata ?? -1;
  const four = new Uint8Array(4);
  const fours = inFours(samples, source.width);
  for (let row = 0; row < height; row += 1) {
    const above = row * 2 * source.width;
    const hasBelow = row * 2 + 1 < source.height;
    const below = hasBelow ? above + source.width : above;
    let to = (targetY + row) * target.width + targetX;
    for (let column = 0; column < width; column += 1) {
      if (fours !== null && (column & 1) === 0) {
        const upper = fours[(above >> 2) + (column >> 1)] as number;
        if (
          upper === fours[(below >> 2) + (column >> 1)] &&
          upper === Math.imul(upper & 255, 0x01_01_01_01)
        ) {
          target.samples[to] = upper & 255;
          target.samples[to + 1] = upper & 255;
          to += 2;
          column += 1;
          continue;
        }
      }
      const left = column * 2;
      const hasRight = left + 1 < source.width;
      const right = hasRight ? left + 1 : left;
      const first = samples[above + left] as number;
      const second = samples[above + right] as number;
      const third = samples[below + left] as number;
      const fourth = samples[below + right] as number;
      if (first === second && first === third && first === fourth) {
        target.samples[to] = first;
      } else {
        let count = 0;
        if (first !== without) {
          four[count++] = first;
        }
        if (hasRight && second !== without) {
          four[count++] = second;
        }
        if (hasBelow && third !== without) {
          four[count++] = third;
        }
        if (hasRight && hasBelow && fourth !== without) {
          four[count++] = fourth;
        }
        target.samples[to] = count === 0 ? first : modeOf(four, count);
      }
      to += 1;
    }
  }
}

/** The same bytes in groups of four, so that eight pixels are compared at a time; null where rows don't begin with a group. */
function inFours(samples: SampleArray, width: number): Int32Array | null {
  return width % 4 === 0 && samples.byteOffset % 4 === 0
    ? new Int32Array(samples.buffer, samples.byteOffset, samples.length >> 2)
    : null;
}

/** The most frequent of up to four values, the earliest in a tie. */
export function modeOf(values: ArrayLike<number>, count: number): number {
  const first = values[0] as number;
  if (count < 3) {
    return first;
  }
  const second = values[1] as number;
  const third = values[2] as number;
  const fourth = count === 4 ? (values[3] as number) : NaN;
  if (first === second || first === third || first === fourth) {
    // Two against two goes to the pair that holds the first.
    return first;
  }
  if (second === third || second === fourth) {
    return second;
  }
  return third === fourth ? third : first;
}

function meanOf(values: Float64Array, count: number, isFloat: boolean): number {
  let sum = 0;
  for (let index = 0; index < count; index += 1) {
    sum += values[index] as number;
  }
  return isFloat ? sum / count : Math.round(sum / count);
}
