import { windowIntersection, type PixelWindow } from "#shared/geo/pixel-window.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";

/** The network's answer for one tile: `inputPixels² · classes` probabilities, pixel-interleaved, as coarse as the network saw it. */
export interface TileProbabilities {
  readonly pixelWindow: PixelWindow;
  readonly inputPixels: number;
  readonly probabilities: Float32Array;
}

/** A finished part of the output, row-major. */
export interface BlendedChunk {
  readonly pixelWindow: PixelWindow;
  /** Class id a pixel, 255 for none. */
  readonly ids: Uint8Array<ArrayBuffer>;
  /** The winner's probability, 0–255 for 0–1. */
  readonly confidence: Uint8Array<ArrayBuffer>;
  /** How undecided the probabilities are: their entropy over that of equal ones (Shannon 1948), 0–255 for 0–1. */
  readonly entropy: Uint8Array<ArrayBuffer>;
}

/** Keeps the rim's weight above zero, for pixels that no other tile covers. */
const LEAST_WEIGHT = 1e-3;

/**
 * Mixes what overlapping tiles say of each pixel: probabilities made finer bilinearly, weighted by a Hann window (Harris 1978) over each tile, so that
 * a tile counts most in its middle, where it has seen the surroundings, and no seam remains.
 */
export function blendChunk(
  pixelWindow: PixelWindow,
  tiles: readonly TileProbabilities[],
  idOfChannel: readonly number[],
  valid: Uint8Array | null,
): BlendedChunk {
  const pixels = pixelWindow.width * pixelWindow.height;
  const classes = idOfChannel.length;
  const sums = new Float32Array(pixels * classes);
  const weights = new Float32Array(pixels);
  for (const tile of tiles) {
    addTile(tile, pixelWindow, classes, sums, weights);
  }
  const ids = new Uint8Array(pixels).fill(UNLABELLED_ID);
  const confidence = new Uint8Array(pixels);
  const entropy = new Uint8Array(pixels);
  const entropyScale = classes > 1 ? 255 / Math.log(classes) : 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const weight = weights[pixel] as number;
    if (weight === 0 || (valid !== null && valid[pixel] === 0)) {
      continue;
    }
    let best = 0;
    let most = -1;
    let information = 0;
    for (let channel = 0; channel < classes; channel++) {
      const sum = sums[pixel * classes + channel] as number;
      if (sum > most) {
        most = sum;
        best = channel;
      }
      if (sum > 0) {
        const probability = sum / weight;
        information -= probability * Math.log(probability);
      }
    }
    ids[pixel] = idOfChannel[best] as number;
    confidence[pixel] = Math.round((255 * most) / weight);
    entropy[pixel] = Math.min(255, Math.max(0, Math.round(information * entropyScale)));
  }
  return { pixelWindow, ids, confidence, entropy };
}

function addTile(
  { pixelWindow: tile, inputPixels, probabilities }: TileProbabilities,
  chunk: PixelWindow,
  classes: number,
  sums: Float32Array,
  weights: Float32Array,
): void {
  const shared = windowIntersection(tile, chunk);
  if (shared === null) {
    return;
  }
  const across = interpolation(shared.x - tile.x, shared.width, tile.width, inputPixels);
  const down = interpolation(shared.y - tile.y, shared.height, tile.height, inputPixels);
  const weightAcross = hann(shared.x - tile.x, shared.width, tile.width);
  const weightDown = hann(shared.y - tile.y, shared.height, tile.height);
  const rowLength = shared.width * classes;
  let upper = new Float32Array(rowLength);
  let lower = new Float32Array(rowLength);
  let upperRow = -1;
  let lowerRow = -1;
  for (let line = 0; line < shared.height; line++) {
    const first = down.first[line] as number;
    const second = Math.min(first + 1, inputPixels - 1);
    if (first !== upperRow) {
      if (first === lowerRow) {
        [upper, lower] = [lower, upper];
        lowerRow = upperRow;
      } else {
        stretchRow(probabilities, first * inputPixels * classes, inputPixels, classes, across, upper);
      }
      upperRow = first;
    }
    if (second !== lowerRow) {
      stretchRow(probabilities, second * inputPixels * classes, inputPixels, classes, across, lower);
      lowerRow = second;
    }
    const share = down.share[line] as number;
    const pixelStart = (shared.y - chunk.y + line) * chunk.width + (shared.x - chunk.x);
    for (let column = 0; column < shared.width; column++) {
      const weight = (weightDown[line] as number) * (weightAcross[column] as number);
      const from = column * classes;
      const to = (pixelStart + column) * classes;
      weights[pixelStart + column] = (weights[pixelStart + column] as number) + weight;
      for (let channel = 0; channel < classes; channel++) {
        const above = upper[from + channel] as number;
        const value = above + ((lower[from + channel] as number) - above) * share;
        sums[to + channel] = (sums[to + channel] as number) + weight * value;
      }
    }
  }
}

/** Between which two input pixels each output pixel lies, and how far from the first to the second (0–1). */
interface Interpolation {
  readonly first: Int32Array;
  readonly share: Float32Array;
}

function interpolation(
  start: number,
  length: number,
  tilePixels: number,
  inputPixels: number,
): Interpolation {
  const first = new Int32Array(length);
  const share = new Float32Array(length);
  const scale = inputPixels / tilePixels;
  for (let index = 0; index < length; index++) {
    const position = Math.min(inputPixels - 1, Math.max(0, (start + index + 0.5) * scale - 0.5));
    first[index] = Math.floor(position);
    share[index] = position - Math.floor(position);
  }
  return { first, share };
}

function stretchRow(
  probabilities: Float32Array,
  rowStart: number,
  inputPixels: number,
  classes: number,
  across: Interpolation,
  target: Float32Array,
): void {
  for (let column = 0; column < across.first.length; column++) {
    const first = across.first[column] as number;
    const share = across.share[column] as number;
    const left = rowStart + first * classes;
    const right = first + 1 < inputPixels ? left + classes : left;
    const to = column * classes;
    for (let channel = 0; channel < classes; channel++) {
      const value = probabilities[left + channel] as number;
      target[to + channel] = value + ((probabilities[right + channel] as number) - value) * share;
    }
  }
}

function hann(start: number, length: number, tilePixels: number): Float32Array {
  return Float32Array.from({ length }, (_, index) =>
    Math.max(LEAST_WEIGHT, Math.sin((Math.PI * (start + index + 0.5)) / tilePixels) ** 2),
  );
}
