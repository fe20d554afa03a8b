import { METERS_PER_PIXEL } from "./canvas.ts";
import type { Canvas } from "./canvas.ts";

/** Slowly changing values are computed every metre and blended between. */
const COARSE_PIXELS = 4;

/** Values on a coarse grid over a canvas, read between its points. */
export class CoarseGrid {
  readonly #values: Float32Array;
  readonly #columns: number;
  readonly #line: Float32Array;

  constructor(canvas: Canvas, value: (xMeters: number, yMeters: number) => number) {
    this.#line = new Float32Array(canvas.width);
    this.#columns = Math.ceil(canvas.width / COARSE_PIXELS) + 2;
    const rows = Math.ceil(canvas.height / COARSE_PIXELS) + 2;
    this.#values = new Float32Array(this.#columns * rows);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < this.#columns; column++) {
        this.#values[row * this.#columns + column] = value(
          (canvas.left + column * COARSE_PIXELS) * METERS_PER_PIXEL,
          (canvas.top + row * COARSE_PIXELS) * METERS_PER_PIXEL,
        );
      }
    }
  }

  /** One row of the canvas, valid until the next call: a number handed out for each pixel would cost an allocation each. */
  row(pixelY: number): Float32Array {
    const values = this.#values;
    const line = this.#line;
    const upper = ((pixelY / COARSE_PIXELS) | 0) * this.#columns;
    const shareY = (pixelY % COARSE_PIXELS) / COARSE_PIXELS;
    for (let pixelX = 0; pixelX < line.length; pixelX++) {
      const index = upper + ((pixelX / COARSE_PIXELS) | 0);
      const shareX = (pixelX % COARSE_PIXELS) / COARSE_PIXELS;
      const lower = index + this.#columns;
      const above = (values[index] as number) * (1 - shareX) + (values[index + 1] as number) * shareX;
      const below = (values[lower] as number) * (1 - shareX) + (values[lower + 1] as number) * shareX;
      line[pixelX] = above * (1 - shareY) + below * shareY;
    }
    return line;
  }
}
