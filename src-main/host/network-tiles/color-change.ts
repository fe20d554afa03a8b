import { seededRandom } from "#shared/training/seeded-random.ts";
import type { Augmentation } from "#shared/training/training-settings.ts";

/** How one tile's colours are changed; what changes nothing is 0, but for `contrast`, where it is 1. */
export interface ColorChange {
  /** Added, as a share of the range from black to white. */
  readonly brightness: number;
  /** Distances from each band's mean are multiplied by it. */
  readonly contrast: number;
  /** A turn of the colour circle, 1 being the whole of it; for three bands only. */
  readonly hue: number;
  /** Standard deviation, as a share of the range. */
  readonly noise: number;
  readonly noiseSeed: number;
}

/** Draws a tile's change in an epoch; null where nothing is to be changed. */
export function drawColorChange(
  { brightness, contrast, hue, noise }: Augmentation,
  bands: number,
  seed: number,
  epoch: number,
  place: number,
): ColorChange | null {
  if (brightness === 0 && contrast === 0 && noise === 0 && (hue === 0 || bands !== 3)) {
    return null;
  }
  const random = seededRandom(seed, "colors", epoch, place);
  const around = (most: number): number => (2 * random.next() - 1) * most;
  return {
    brightness: around(brightness),
    contrast: 1 + around(contrast),
    hue: bands === 3 ? around(hue) : 0,
    noise,
    noiseSeed: random.integer(2 ** 32),
  };
}

/** Numbers of the normal distribution: its quantiles in equal steps, so that drawing one is drawing an index. */
const NORMAL_STEPS = 4096;
let normalTable: Float32Array | null = null;

/**
 * Changes a tile's colours in place, as TensorFlow's `tf.image.adjust_contrast`, `adjust_brightness` and `adjust_hue` do one after the other, then adds
 * noise. `samples` are interleaved, 8-bit or normalized so that 0–1 is the range; `channels` says what is labelled: pixels that are
 * 0 in every band and unlabelled are outside the image and stay so.
 */
export function changeColors(
  samples: Uint8Array | Float32Array,
  channels: Uint8Array,
  bands: number,
  unlabelled: number,
  { brightness, contrast, hue, noise, noiseSeed }: ColorChange,
): void {
  const isBytes = samples instanceof Uint8Array;
  const range = isBytes ? 255 : 1;
  const means = bandMeans(samples, bands);
  const shifts = means.map((mean) => mean * (1 - contrast) + brightness * range);
  const normal = (normalTable ??= normalQuantiles());
  const deviation = noise * range;
  let state = noiseSeed | 1;
  const pixel = new Float64Array(bands);
  for (let index = 0; index < channels.length; index++) {
    const start = index * bands;
    if (channels[index] === unlabelled && isBlack(samples, start, bands)) {
      continue;
    }
    for (let band = 0; band < bands; band++) {
      pixel[band] = (samples[start + band] as number) * contrast + (shifts[band] as number);
    }
    if (hue !== 0) {
      if (isBytes) {
        clampAll(pixel, 255);
      }
      turnHue(pixel, hue);
    }
    for (let band = 0; band < bands; band++) {
      let value = pixel[band] as number;
      if (deviation > 0) {
        // Marsaglia's xorshift: its upper bits choose a quantile.
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        value += deviation * (normal[state >>> 20] as number);
      }
      samples[start + band] = isBytes ? Math.min(255, Math.max(0, Math.round(value))) : value;
    }
  }
}

function bandMeans(samples: Uint8Array | Float32Array, bands: number): number[] {
  const sums = new Array<number>(bands).fill(0);
  for (let start = 0; start < samples.length; start += bands) {
    for (let band = 0; band < bands; band++) {
      sums[band] = (sums[band] as number) + (samples[start + band] as number);
    }
  }
  return sums.map((sum) => (sum * bands) / samples.length);
}

function isBlack(samples: Uint8Array | Float32Array, start: number, bands: number): boolean {
  for (let band = 0; band < bands; band++) {
    if (samples[start + band] !== 0) {
      return false;
    }
  }
  return true;
}

function clampAll(pixel: Float64Array, most: number): void {
  for (let band = 0; band < pixel.length; band++) {
    pixel[band] = Math.min(most, Math.max(0, pixel[band] as number));
  }
}

/** Turns a colour's hue in the HSV hexcone, keeping the largest and smallest of its three numbers. */
function turnHue(pixel: Float64Array, turn: number): void {
  const [red = 0, green = 0, blue = 0] = pixel;
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  const chroma = most - least;
  if (chroma === 0) {
    return;
  }
  const sixth =
    most === red
      ? (green - blue) / chroma
      : most === green
        ? (blue - red) / chroma + 2
        : (red - green) / chroma + 4;
  const turned = (((sixth + turn * 6) % 6) + 6) % 6;
  const component = (offset: number): number => {
    const place = (turned + offset) % 6;
    return least + chroma * Math.min(1, Math.max(0, 2 - Math.abs(place - 3)));
  };
  // Red is full around 0, green around 2 and blue around 4 sixths: each falls off over one sixth.
  pixel[0] = component(3);
  pixel[1] = component(1);
  pixel[2] = component(5);
}

/** Quantiles of the normal distribution at the middles of equal shares (Acklam's rational approximation, relative error below 1.2e-9). */
function normalQuantiles(): Float32Array {
  return Float32Array.from({ length: NORMAL_STEPS }, (_, step) =>
    normalQuantile((step + 0.5) / NORMAL_STEPS),
  );
}

function normalQuantile(share: number): number {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
    2.506628277459239,
  ];
  const b = [
    -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1,
  ];
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];
  const polynomial = (factors: readonly number[], at: number): number =>
    factors.reduce((sum, factor) => sum * at + factor, 0);
  const TAIL = 0.02425;
  if (share > 0.5) {
    return -normalQuantile(1 - share);
  }
  if (share < TAIL) {
    const q = Math.sqrt(-2 * Math.log(share));
    return polynomial(c, q) / polynomial(d, q);
  }
  const q = share - 0.5;
  return (q * polynomial(a, q * q)) / polynomial(b, q * q);
}
