/** A whole number from 0 to 2³²−1 that looks random but is always the same for the same three numbers. */
export function hash(x: number, y: number, seed: number): number {
  let value = Math.imul(x | 0, 0x27d4eb2d) ^ Math.imul(y | 0, 0x165667b1) ^ Math.imul(seed | 0, 0x9e3779b1);
  value = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** As `hash`, from 0 up to but not including 1. */
export function random(x: number, y: number, seed: number): number {
  return hash(x, y, seed) / 4_294_967_296;
}

const SIDE = 256;
const LAST = SIDE - 1;

/** Smooth noise over the plane, from −1 to 1, that repeats after 256 units: values at whole numbers, blended between. */
export class Noise {
  readonly #values = new Float32Array(SIDE * SIDE);

  constructor(seed: number) {
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        this.#values[y * SIDE + x] = random(x, y, seed) * 2 - 1;
      }
    }
  }

  at(x: number, y: number): number {
    const values = this.#values;
    const floorX = Math.floor(x);
    const floorY = Math.floor(y);
    const shareX = x - floorX;
    const shareY = y - floorY;
    const smoothX = shareX * shareX * (3 - 2 * shareX);
    const smoothY = shareY * shareY * (3 - 2 * shareY);
    const left = floorX & LAST;
    const right = (floorX + 1) & LAST;
    const upper = (floorY & LAST) * SIDE;
    const lower = ((floorY + 1) & LAST) * SIDE;
    const upperLeft = values[upper + left] as number;
    const lowerLeft = values[lower + left] as number;
    const above = upperLeft + ((values[upper + right] as number) - upperLeft) * smoothX;
    const below = lowerLeft + ((values[lower + right] as number) - lowerLeft) * smoothX;
    return above + (below - above) * smoothY;
  }

  /** A row of values, `step` apart, without a call and a number handed out for each. */
  fillRow(row: Float32Array, x: number, y: number, step: number): void {
    const values = this.#values;
    const floorY = Math.floor(y);
    const shareY = y - floorY;
    const smoothY = shareY * shareY * (3 - 2 * shareY);
    const upper = (floorY & LAST) * SIDE;
    const lower = ((floorY + 1) & LAST) * SIDE;
    for (let index = 0; index < row.length; index++) {
      const atX = x + index * step;
      const floorX = Math.floor(atX);
      const shareX = atX - floorX;
      const smoothX = shareX * shareX * (3 - 2 * shareX);
      const left = floorX & LAST;
      const right = (floorX + 1) & LAST;
      const above =
        (values[upper + left] as number) * (1 - smoothX) + (values[upper + right] as number) * smoothX;
      const below =
        (values[lower + left] as number) * (1 - smoothX) + (values[lower + right] as number) * smoothX;
      row[index] = above * (1 - smoothY) + below * smoothY;
    }
  }

  /** Three scales at once, each half as long and half as strong as the one before; about −1 to 1. */
  rough(x: number, y: number): number {
    return (
      (this.at(x, y) +
        0.5 * this.at(2.03 * x + 17.3, 2.03 * y + 5.1) +
        0.25 * this.at(4.1 * x, 4.1 * y + 31.7)) /
      1.5
    );
  }
}

/** 0 below `low`, 1 above `high`, smooth between. */
export function smoothStep(low: number, high: number, value: number): number {
  const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return share * share * (3 - 2 * share);
}
