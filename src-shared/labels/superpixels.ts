import { labOf } from "./lab-color.ts";

/** What superpixels are made of. */
export interface SuperpixelRequest {
  readonly width: number;
  readonly height: number;
  /** RGBA bytes, row-major; alpha 0 where there is no data. */
  readonly rgba: Uint8Array;
  /** About how wide a superpixel is, in pixels. */
  readonly regionSize: number;
  /** How much nearness counts against likeness, in units of CIE Lab; larger ones are rounder. 10 is usual. */
  readonly compactness: number;
}

/** A partition of a picture. */
export interface Superpixels {
  /** The region of each pixel, 0 to `count` − 1, row-major. */
  readonly regions: Int32Array<ArrayBuffer>;
  readonly count: number;
}

/**
 * The centres move little after this many rounds, and a view must not wait: all but the last look at every second pixel of every second row, which
 * tells as much of where a centre lies, in a quarter of the time.
 */
const ROUNDS = 5;
/** Smaller regions have too few pixels to leave any out. */
const LEAST_STRIDED = 8;

/**
 * Divides a picture into connected regions of alike pixels of about the same size (Achanta et al., "SLIC Superpixels Compared to State-of-the-art
 * Superpixel Methods", PAMI 2012): k-means in colour and place, each centre looking no farther than two regions.
 */
export function superpixels({
  width,
  height,
  rgba,
  regionSize,
  compactness,
}: SuperpixelRequest): Superpixels {
  const lab = labOf(rgba);
  const columns = Math.max(1, Math.round(width / regionSize));
  const rows = Math.max(1, Math.round(height / regionSize));
  const centers = firstCenters(lab, width, height, columns, rows);
  const nearest = new Int32Array(width * height).fill(-1);
  const distances = new Float32Array(width * height);
  const placeWeight = (compactness / regionSize) ** 2;
  for (let round = 0; round < ROUNDS; round++) {
    const stride = round < ROUNDS - 1 && regionSize >= LEAST_STRIDED ? 2 : 1;
    distances.fill(Infinity);
    assign({
      lab,
      width,
      height,
      centers,
      reach: Math.ceil(regionSize * 1.1),
      placeWeight,
      nearest,
      distances,
      stride,
    });
    moveCenters({ lab, width, nearest, centers, stride });
  }
  return connected(nearest, width, height, Math.max(1, (regionSize * regionSize) / 4));
}

/** L, a, b, column, row of each centre. */
type Centers = Float32Array;
const FIELDS = 5;

function firstCenters(
  lab: Float32Array,
  width: number,
  height: number,
  columns: number,
  rows: number,
): Centers {
  const centers = new Float32Array(columns * rows * FIELDS);
  for (let index = 0; index < columns * rows; index++) {
    const x = Math.min(width - 1, Math.floor((((index % columns) + 0.5) * width) / columns));
    const y = Math.min(height - 1, Math.floor(((Math.floor(index / columns) + 0.5) * height) / rows));
    centers.set(lab.subarray((y * width + x) * 3, (y * width + x) * 3 + 3), index * FIELDS);
    centers.set([x, y], index * FIELDS + 3);
  }
  return centers;
}

function assign(given: {
  readonly lab: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly centers: Centers;
  readonly reach: number;
  readonly placeWeight: number;
  readonly nearest: Int32Array;
  readonly distances: Float32Array;
  readonly stride: 1 | 2;
}): void {
  const { lab, width, height, centers, reach, placeWeight, nearest, distances, stride } = given;
  for (let index = 0; index * FIELDS < centers.length; index++) {
    const at = index * FIELDS;
    const [l, a, b] = [centers[at] as number, centers[at + 1] as number, centers[at + 2] as number];
    const [x, y] = [centers[at + 3] as number, centers[at + 4] as number];
    const left = firstOf(Math.round(x) - reach, stride);
    const right = Math.min(width - 1, Math.round(x) + reach);
    const bottom = Math.min(height - 1, Math.round(y) + reach);
    for (let row = firstOf(Math.round(y) - reach, stride); row <= bottom; row += stride) {
      const down = (row - y) * (row - y) * placeWeight;
      let pixel = row * width + left;
      for (let column = left; column <= right; column += stride, pixel += stride) {
        const across = column - x;
        const apart = across * across * placeWeight + down;
        const least = distances[pixel] as number;
        // Most centres that reach a pixel are too far away, whatever its colour.
        if (apart >= least) {
          continue;
        }
        const at3 = pixel * 3;
        const dl = (lab[at3] as number) - l;
        const da = (lab[at3 + 1] as number) - a;
        const db = (lab[at3 + 2] as number) - b;
        const distance = apart + dl * dl + da * da + db * db;
        if (distance < least) {
          distances[pixel] = distance;
          nearest[pixel] = index;
        }
      }
    }
  }
}

/** The first row or column from `position` on that a stride looks at. */
function firstOf(position: number, stride: 1 | 2): number {
  const inside = Math.max(0, position);
  return inside + (inside % stride);
}

function moveCenters(given: {
  readonly lab: Float32Array;
  readonly width: number;
  readonly nearest: Int32Array;
  readonly centers: Centers;
  readonly stride: 1 | 2;
}): void {
  const { lab, width, nearest, centers, stride } = given;
  const count = centers.length / FIELDS;
  const sums = new Float64Array(centers.length);
  const pixels = new Float64Array(count);
  for (let row = 0; row * width < nearest.length; row += stride) {
    for (let column = 0; column < width; column += stride) {
      const pixel = row * width + column;
      const index = nearest[pixel] as number;
      if (index >= 0) {
        const at = index * FIELDS;
        sums[at] = (sums[at] as number) + (lab[pixel * 3] as number);
        sums[at + 1] = (sums[at + 1] as number) + (lab[pixel * 3 + 1] as number);
        sums[at + 2] = (sums[at + 2] as number) + (lab[pixel * 3 + 2] as number);
        sums[at + 3] = (sums[at + 3] as number) + column;
        sums[at + 4] = (sums[at + 4] as number) + row;
        pixels[index] = (pixels[index] as number) + 1;
      }
    }
  }
  for (let index = 0; index < count; index++) {
    const members = pixels[index] as number;
    for (let field = 0; field < FIELDS && members > 0; field++) {
      centers[index * FIELDS + field] = (sums[index * FIELDS + field] as number) / members;
    }
  }
}

/** Makes every region connected by sides: parts that are too small go to the region before them in reading order. */
function connected(nearest: Int32Array, width: number, height: number, leastPixels: number): Superpixels {
  const regions = new Int32Array(nearest.length).fill(-1);
  const members = new Int32Array(nearest.length);
  let count = 0;
  for (let start = 0; start < nearest.length; start++) {
    if (regions[start] !== -1) {
      continue;
    }
    const label = nearest[start];
    const beside = start % width > 0 ? regions[start - 1] : start >= width ? regions[start - width] : -1;
    let size = 1;
    members[0] = start;
    regions[start] = count;
    for (let next = 0; next < size; next++) {
      const pixel = members[next] as number;
      const column = pixel % width;
      // Above the first row and below the last there is nothing to read, so nothing is taken.
      for (let side = 0; side < 4; side++) {
        if ((side === 0 && column === 0) || (side === 1 && column === width - 1)) {
          continue;
        }
        const other = pixel + (side === 0 ? -1 : side === 1 ? 1 : side === 2 ? -width : width);
        if (regions[other] === -1 && nearest[other] === label) {
          regions[other] = count;
          members[size] = other;
          size += 1;
        }
      }
    }
    if (size < leastPixels && beside !== undefined && beside >= 0) {
      for (let index = 0; index < size; index++) {
        regions[members[index] as number] = beside;
      }
    } else {
      count += 1;
    }
  }
  return { regions, count };
}
