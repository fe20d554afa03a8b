import { floodFill } from "./flood.ts";

/** Pixels within `radius` (Euclidean, between centres) of one inside: dilation by a disc. `mask` is row-major, 1 inside. */
export function growMask(mask: Uint8Array, width: number, radius: number): Uint8Array<ArrayBuffer> {
  const distances = squaredDistances(mask, width, 1);
  return Uint8Array.from(distances, (distance) => (distance <= radius * radius ? 1 : 0));
}

/** Pixels inside that are farther than `radius` from all outside: erosion by a disc. Beyond the window counts as neither. */
export function shrinkMask(mask: Uint8Array, width: number, radius: number): Uint8Array<ArrayBuffer> {
  const distances = squaredDistances(mask, width, 0);
  return Uint8Array.from(distances, (distance) => (distance > radius * radius ? 1 : 0));
}

/** Pixels of whose disc of `radius` more than half is inside: corners and fringes go, straight edges stay. Beyond the window counts as outside. */
export function smoothMask(mask: Uint8Array, width: number, radius: number): Uint8Array<ArrayBuffer> {
  const height = mask.length / width;
  const half = Array.from({ length: 2 * radius + 1 }, (_, index) =>
    Math.floor(Math.sqrt(radius * radius - (index - radius) ** 2)),
  );
  const discPixels = half.reduce((sum, reach) => sum + 2 * reach + 1, 0);
  /** How many are inside before each position of a row, with a zero in front. */
  const before = new Uint32Array((width + 1) * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = row * (width + 1) + column;
      before[at + 1] = (before[at] as number) + (mask[row * width + column] as number);
    }
  }
  const smooth = new Uint8Array(mask.length);
  const counts = new Uint32Array(width);
  for (let row = 0; row < height; row++) {
    counts.fill(0);
    for (let index = 0; index < half.length; index++) {
      const other = row + index - radius;
      if (other < 0 || other >= height) {
        continue;
      }
      const reach = half[index] as number;
      const line = other * (width + 1);
      for (let column = 0; column < width; column++) {
        const from = column > reach ? column - reach : 0;
        const to = column + reach + 1 < width ? column + reach + 1 : width;
        counts[column] =
          (counts[column] as number) + (before[line + to] as number) - (before[line + from] as number);
      }
    }
    for (let column = 0; column < width; column++) {
      smooth[row * width + column] = (counts[column] as number) * 2 > discPixels ? 1 : 0;
    }
  }
  return smooth;
}

/** The mask with everything that can't be reached from the window's rim through what is outside, by sides. */
export function fillHoles(mask: Uint8Array, width: number): Uint8Array<ArrayBuffer> {
  const height = mask.length / width;
  const outside = Uint8Array.from(mask, (pixel) => (pixel === 1 ? 0 : 1));
  const rim: number[] = [];
  for (let column = 0; column < width; column++) {
    rim.push(column, (height - 1) * width + column);
  }
  for (let row = 0; row < height; row++) {
    rim.push(row * width, row * width + width - 1);
  }
  const reached = new Uint8Array(mask.length);
  floodFill(reached, width, outside, rim);
  return reached.map((pixel) => (pixel === 1 ? 0 : 1));
}

/** The mask without connected parts (by sides) of fewer than `leastPixels`. */
export function removeSpecks(mask: Uint8Array, width: number, leastPixels: number): Uint8Array<ArrayBuffer> {
  const seen = new Uint8Array(mask.length);
  const kept = new Uint8Array(mask.length);
  for (let pixel = 0; pixel < mask.length; pixel++) {
    if (mask[pixel] === 1 && seen[pixel] === 0 && floodFill(seen, width, mask, [pixel]) >= leastPixels) {
      floodFill(kept, width, mask, [pixel]);
    }
  }
  return kept;
}

/**
 * The squared distance of each pixel to the nearest of `value`, exactly (Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions",
 * Theory of Computing 2012): columns first, then rows.
 */
function squaredDistances(mask: Uint8Array, width: number, value: 0 | 1): Float64Array {
  const height = mask.length / width;
  const far = 1e12;
  const distances = Float64Array.from(mask, (pixel) => (pixel === value ? 0 : far));
  const longest = Math.max(width, height);
  const line = new Float64Array(longest);
  const parabolas = new Int32Array(longest);
  const borders = new Float64Array(longest + 1);
  const along = (start: number, step: number, length: number): void => {
    for (let index = 0; index < length; index++) {
      line[index] = distances[start + index * step] as number;
    }
    let last = 0;
    parabolas[0] = 0;
    borders[0] = -Infinity;
    borders[1] = Infinity;
    for (let index = 1; index < length; index++) {
      const crossing = (other: number): number =>
        ((line[index] as number) + index * index - (line[other] as number) - other * other) /
        (2 * (index - other));
      let border = crossing(parabolas[last] as number);
      while (last > 0 && border <= (borders[last] as number)) {
        last -= 1;
        border = crossing(parabolas[last] as number);
      }
      last += 1;
      parabolas[last] = index;
      borders[last] = border;
      borders[last + 1] = Infinity;
    }
    let current = 0;
    for (let index = 0; index < length; index++) {
      while ((borders[current + 1] as number) < index) {
        current += 1;
      }
      const nearest = parabolas[current] as number;
      distances[start + index * step] = (index - nearest) ** 2 + (line[nearest] as number);
    }
  };
  for (let column = 0; column < width; column++) {
    along(column, width, height);
  }
  for (let row = 0; row < height; row++) {
    along(row * width, 1, width);
  }
  return distances;
}
