/** Ground that one pixel shows, a side. */
export const METERS_PER_PIXEL = 0.25;
export const PIXELS_PER_METER = 1 / METERS_PER_PIXEL;

/** Class ids as in LandCover.ai. */
export const classId = { background: 0, building: 1, woodland: 2, water: 3, road: 4 } as const;

/** A piece of country being drawn: what each pixel reflects, how high it stands, and what it is. */
export interface Canvas {
  /** World pixel of the upper left corner. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Reflectance as a colour in full sun on level ground, three values a pixel, 0–255. */
  readonly albedo: Float32Array;
  /** Metres above the ground. */
  readonly heights: Float32Array;
  readonly classes: Uint8Array;
}

export function createCanvas(left: number, top: number, width: number, height: number): Canvas {
  return {
    left,
    top,
    width,
    height,
    albedo: new Float32Array(3 * width * height),
    heights: new Float32Array(width * height),
    classes: new Uint8Array(width * height),
  };
}
