import { hostIsLittleEndian } from "../codecs/samples.ts";

/** The sides of a box on the map. */
export type Box = readonly [minX: number, minY: number, maxX: number, maxY: number];

/** Boxes of one chunk: what grows is a list of chunks, since millions of boxes copied into twice the room would take it three times. */
const chunkBoxes = 1 << 16;

/** Boxes of features, or of nodes above them, as they come; in single precision each is the smallest that holds its own. */
export class FeatureBoxes {
  readonly #isSingle: boolean;
  readonly #chunks: (Float32Array | Float64Array)[] = [];
  #count = 0;
  #extent: [minX: number, minY: number, maxX: number, maxY: number] = [
    Infinity,
    Infinity,
    -Infinity,
    -Infinity,
  ];

  constructor(precision: "single" | "double") {
    this.#isSingle = precision === "single";
  }

  add([minX, minY, maxX, maxY]: Box): void {
    const within = this.#count % chunkBoxes;
    if (within === 0) {
      this.#chunks.push(new (this.#isSingle ? Float32Array : Float64Array)(chunkBoxes * 4));
    }
    const chunk = this.#chunks.at(-1) as Float32Array | Float64Array;
    const at = within * 4;
    if (this.#isSingle) {
      chunk[at] = floatBelow(minX);
      chunk[at + 1] = floatBelow(minY);
      chunk[at + 2] = -floatBelow(-maxX);
      chunk[at + 3] = -floatBelow(-maxY);
    } else {
      chunk[at] = minX;
      chunk[at + 1] = minY;
      chunk[at + 2] = maxX;
      chunk[at + 3] = maxY;
    }
    const extent = this.#extent;
    extent[0] = Math.min(extent[0], minX);
    extent[1] = Math.min(extent[1], minY);
    extent[2] = Math.max(extent[2], maxX);
    extent[3] = Math.max(extent[3], maxY);
    this.#count += 1;
  }

  get count(): number {
    return this.#count;
  }

  box(index: number): Box {
    const chunk = this.#chunks[Math.floor(index / chunkBoxes)] as Float32Array | Float64Array;
    const at = (index % chunkBoxes) * 4;
    return [chunk[at] as number, chunk[at + 1] as number, chunk[at + 2] as number, chunk[at + 3] as number];
  }

  /** The box of all, in double precision, or null without any. */
  extent(): Box | null {
    return this.#count === 0 ? null : this.#extent;
  }

  /** The features by the place of their centres on a Hilbert curve of 65,536 × 65,536 cells, so that neighbours are near each other. */
  alongHilbertCurve(): Uint32Array {
    const extent = this.extent() ?? [0, 0, 0, 0];
    const width = extent[2] - extent[0] || 1;
    const height = extent[3] - extent[1] || 1;
    // Place and feature in one number each, which are sorted without a comparing function, in place.
    const keys = new BigUint64Array(this.#count);
    for (let index = 0; index < this.#count; index += 1) {
      const [minX, minY, maxX, maxY] = this.box(index);
      const place = hilbertPlace(
        cell((minX + maxX) / 2 - extent[0], width),
        cell((minY + maxY) / 2 - extent[1], height),
      );
      keys[index] = (BigInt(place) << 32n) | BigInt(index);
    }
    keys.sort();
    // The features' halves are moved together in place.
    const halves = new Uint32Array(keys.buffer);
    const lower = hostIsLittleEndian ? 0 : 1;
    for (let index = 0; index < this.#count; index += 1) {
      halves[index] = halves[index * 2 + lower] as number;
    }
    return halves.subarray(0, this.#count);
  }
}

/** The box that holds two others; null is none. */
export function joinedBoxes(first: Box | null, second: Box | null): Box | null {
  if (first === null || second === null) {
    return first ?? second;
  }
  return [
    Math.min(first[0], second[0]),
    Math.min(first[1], second[1]),
    Math.max(first[2], second[2]),
    Math.max(first[3], second[3]),
  ];
}

/** The cell of a distance along a side; boxes that were rounded may reach beyond. */
function cell(distance: number, length: number): number {
  return Math.max(0, Math.min(65_535, Math.floor((65_535 * distance) / length)));
}

/** Where a cell of a 65,536 × 65,536 grid stands on the Hilbert curve (Skilling 2004, in the plain form of two dimensions). */
function hilbertPlace(column: number, row: number): number {
  let x = column;
  let y = row;
  let place = 0;
  for (let side = 32_768; side > 0; side >>= 1) {
    const right = (x & side) > 0 ? 1 : 0;
    const top = (y & side) > 0 ? 1 : 0;
    place += side * side * ((3 * right) ^ top);
    if (top === 0) {
      if (right === 1) {
        x = 65_535 - x;
        y = 65_535 - y;
      }
      [x, y] = [y, x];
    }
  }
  return place;
}

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** The largest 32-bit float that is not above a number: boxes may grow by rounding, never shrink. */
function floatBelow(value: number): number {
  float[0] = value;
  if (float[0] > value) {
    bits[0] = (bits[0] as number) + (value > 0 ? -1 : 1);
  }
  return float[0];
}
