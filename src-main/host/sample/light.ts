import { METERS_PER_PIXEL } from "./canvas.ts";
import type { Canvas } from "./canvas.ts";
import { random } from "./noise.ts";

/** The sun of a late morning in June: from the south-south-east, 48° high. Towards it: x east, y south, z up. */
const ELEVATION = (48 * Math.PI) / 180;
const AZIMUTH = (152 * Math.PI) / 180;
const SUN = {
  x: Math.sin(AZIMUTH) * Math.cos(ELEVATION),
  y: -Math.cos(AZIMUTH) * Math.cos(ELEVATION),
  z: Math.sin(ELEVATION),
} as const;
/** How much of a surface's light comes from the sky (bluish) and from the sun, for red, green and blue. */
const SKY = [0.34, 0.39, 0.47] as const;
const DIRECT = [0.66, 0.61, 0.53] as const;
/** Shadows longer than this are cut: 18 m high trees. */
const SHADOW_METERS = 16;
const STEPS_METERS = [0.4, 0.8, 1.3, 1.9, 2.6, 3.5, 4.5, 5.7, 7, 8.5, 10.2, 12, 14, SHADOW_METERS];
/** Air between ground and camera: a veil that lifts the dark. */
const VEIL = [15, 19, 25] as const;
const VEIL_SHARE = 0.9;
const SENSOR_NOISE = 5;
/** Cameras in the air see less colour than the eye on the ground. */
const SATURATION = 0.84;
/** Side of the squares in which it is looked up whether anything stands that could throw a shadow. */
const SQUARE_SHIFT = 5;
const SQUARE_PIXELS = 1 << SQUARE_SHIFT;

/** Pixels beyond the drawn part whose shadows and neighbours reach into it. */
export const MARGIN_PIXELS = Math.ceil(SHADOW_METERS / METERS_PER_PIXEL) + 4;

/**
 * Lights a canvas and returns the photograph of its inner part: RGB, 8 bits, pixel-interleaved. Roofs and crowns are shaded by their
 * slope; shadows are found by walking from each pixel towards the sun.
 */
export function photograph(canvas: Canvas, seed: number): Uint8Array {
  const lit = lightCanvas(canvas);
  const innerWidth = canvas.width - 2 * MARGIN_PIXELS;
  const innerHeight = canvas.height - 2 * MARGIN_PIXELS;
  const picture = new Uint8ClampedArray(3 * innerWidth * innerHeight);
  const row = 3 * canvas.width;
  for (let y = 0, to = 0; y < innerHeight; y++) {
    for (let x = 0; x < innerWidth; x++) {
      const from = 3 * ((y + MARGIN_PIXELS) * canvas.width + x + MARGIN_PIXELS);
      const noise = random(canvas.left + x + MARGIN_PIXELS, canvas.top + y + MARGIN_PIXELS, seed + 99) - 0.5;
      for (let channel = 0; channel < 3; channel++, to++) {
        const at = from + channel;
        // The lens: each pixel sees a little of its neighbours.
        const near =
          (lit[at - 3] as number) +
          (lit[at + 3] as number) +
          (lit[at - row] as number) +
          (lit[at + row] as number);
        picture[to] = 0.56 * (lit[at] as number) + 0.11 * near + SENSOR_NOISE * noise;
      }
    }
  }
  return new Uint8Array(picture.buffer);
}

function lightCanvas(canvas: Canvas): Float32Array {
  const { width, height, heights, albedo } = canvas;
  const lit = new Float32Array(albedo.length);
  const rise = Math.tan(ELEVATION);
  const alongSun = 1 / Math.cos(ELEVATION) / METERS_PER_PIXEL;
  const offsets = STEPS_METERS.map(
    (meters) => Math.round(SUN.y * alongSun * meters) * width + Math.round(SUN.x * alongSun * meters),
  );
  const thresholds = STEPS_METERS.map((meters) => meters * rise);
  const steps = offsets.length;
  const squaresAcross = Math.ceil(width / SQUARE_PIXELS);
  const shaded = squaresNearObjects(canvas, squaresAcross);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const index = y * width + x;
      const own = heights[index] as number;
      let direct = 1;
      if (own > 0.3) {
        const slopeX = clampSlope((heights[index + 1] as number) - (heights[index - 1] as number));
        const slopeY = clampSlope((heights[index + width] as number) - (heights[index - width] as number));
        direct = Math.max(
          0,
          (SUN.z - slopeX * SUN.x - slopeY * SUN.y) /
            (SUN.z * Math.sqrt(1 + slopeX * slopeX + slopeY * slopeY)),
        );
      }
      let shadow = 0;
      const mayBeShaded = shaded[(y >> SQUARE_SHIFT) * squaresAcross + (x >> SQUARE_SHIFT)] === 1;
      for (let step = 0; mayBeShaded && step < steps; step++) {
        const blocking =
          (heights[index + (offsets[step] as number)] ?? 0) - own - (thresholds[step] as number);
        if (blocking > shadow) {
          shadow = blocking;
          if (shadow >= 0.7) {
            break;
          }
        }
      }
      direct *= 1 - Math.min(1, shadow / 0.7);
      const grey =
        0.3 * (albedo[3 * index] as number) +
        0.59 * (albedo[3 * index + 1] as number) +
        0.11 * (albedo[3 * index + 2] as number);
      for (let channel = 0; channel < 3; channel++) {
        const color = grey + SATURATION * ((albedo[3 * index + channel] as number) - grey);
        const light = (SKY[channel] as number) + (DIRECT[channel] as number) * direct;
        lit[3 * index + channel] = VEIL_SHARE * color * light + (VEIL[channel] as number);
      }
    }
  }
  return lit;
}

/** 1 for each square that something stands in, or within a shadow's reach of. */
function squaresNearObjects({ width, height, heights }: Canvas, across: number): Uint8Array {
  const down = Math.ceil(height / SQUARE_PIXELS);
  const standing = new Uint8Array(across * down);
  for (let y = 0, index = 0; y < height; y++) {
    for (let x = 0; x < width; x++, index++) {
      if ((heights[index] as number) > 0) {
        standing[(y >> SQUARE_SHIFT) * across + (x >> SQUARE_SHIFT)] = 1;
      }
    }
  }
  const reach = Math.ceil(MARGIN_PIXELS / SQUARE_PIXELS);
  const near = new Uint8Array(across * down);
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      for (let y = Math.max(0, row - reach); y <= Math.min(down - 1, row + reach); y++) {
        for (let x = Math.max(0, column - reach); x <= Math.min(across - 1, column + reach); x++) {
          near[row * across + column] =
            (near[row * across + column] as number) | (standing[y * across + x] as number);
        }
      }
    }
  }
  return near;
}

/** Height difference over two pixels as a slope; walls would otherwise be black lines. */
function clampSlope(difference: number): number {
  return Math.max(-1.6, Math.min(1.6, difference / (2 * METERS_PER_PIXEL)));
}
