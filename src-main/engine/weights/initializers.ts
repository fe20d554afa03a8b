import { randomSource } from "./random.ts";

/** How a weight's first numbers are drawn, as Keras does it. */
export type Initializer = "zeros" | "ones" | "glorot-uniform" | "he-uniform" | "he-normal" | "bilinear";

/**
 * The first numbers of a weight; the same on every machine for the same seed and name.
 *
 * Glorot and Bengio 2010: uniform within ±√(6/(in+out)); He et al. 2015: uniform within ±√(6/in), or a normal distribution
 * with standard deviation √(2/in), cut off at two standard deviations and widened accordingly, as in Keras. `bilinear` is
 * interpolation, each channel by itself, as a kernel `[height, width, out, in]` of a transposed convolution (Long et al. 2015).
 */
export function initialValues(
  initializer: Initializer,
  shape: readonly number[],
  seed: number,
  name: string,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  switch (initializer) {
    case "zeros":
      return values;
    case "ones":
      return values.fill(1);
    case "glorot-uniform": {
      const { fanIn, fanOut } = fans(shape);
      return fillUniform(values, Math.sqrt(6 / (fanIn + fanOut)), randomSource(seed, name));
    }
    case "he-uniform":
      return fillUniform(values, Math.sqrt(6 / fans(shape).fanIn), randomSource(seed, name));
    case "he-normal":
      return fillTruncatedNormal(
        values,
        Math.sqrt(2 / fans(shape).fanIn) / TRUNCATION,
        randomSource(seed, name),
      );
    case "bilinear":
      return fillBilinear(values, shape);
  }
}

/** The tent that interpolates between pixel centres when kernels are half their side apart. */
function fillBilinear(
  values: Float32Array<ArrayBuffer>,
  [height = 1, width = 1, filters = 1, channels = 1]: readonly number[],
): Float32Array<ArrayBuffer> {
  const tent = (position: number, side: number): number =>
    1 - Math.abs(position - (side - 1) / 2) / (side / 2);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let channel = 0; channel < Math.min(filters, channels); channel += 1) {
        const index = ((y * width + x) * filters + channel) * channels + channel;
        values[index] = tent(y, height) * tent(x, width);
      }
    }
  }
  return values;
}

/** Standard deviation of a standard normal distribution cut off at ±2. */
const TRUNCATION = 0.87962566103423978;

/** How many numbers go into and out of one position, for a kernel `[height, width, in, out]`. */
function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  const field = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return { fanIn: field * (shape.at(-2) ?? 1), fanOut: field * (shape.at(-1) ?? 1) };
}

function fillUniform(
  values: Float32Array<ArrayBuffer>,
  limit: number,
  next: () => number,
): Float32Array<ArrayBuffer> {
  const scale = (2 * limit) / 2 ** 32;
  for (let index = 0; index < values.length; index += 1) {
    values[index] = next() * scale - limit;
  }
  return values;
}

/** Box and Muller 1958, drawing again what falls beyond two standard deviations. */
function fillTruncatedNormal(
  values: Float32Array<ArrayBuffer>,
  deviation: number,
  next: () => number,
): Float32Array<ArrayBuffer> {
  let index = 0;
  while (index < values.length) {
    const radius = Math.sqrt(-2 * Math.log((next() + 1) / 2 ** 32));
    const angle = (2 * Math.PI * next()) / 2 ** 32;
    for (const value of [radius * Math.cos(angle), radius * Math.sin(angle)]) {
      if (Math.abs(value) <= 2 && index < values.length) {
        values[index] = value * deviation;
        index += 1;
      }
    }
  }
  return values;
}
