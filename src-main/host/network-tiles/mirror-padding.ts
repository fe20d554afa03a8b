/**
 * Puts square tiles into larger squares at the upper left and fills the rest with their mirror image, so that the network sees no edge there.
 * `pixels` are `channels` interleaved samples; `target` has `toSide²` of them.
 */
export function padByMirror<A extends { [index: number]: number }>(
  pixels: ArrayLike<number>,
  channels: number,
  fromSide: number,
  toSide: number,
  target: A,
): A {
  const sources = Int32Array.from({ length: toSide }, (_, index) => {
    // Two mirrors at the edges: a period of twice the side.
    const place = index % (2 * fromSide);
    return place < fromSide ? place : 2 * fromSide - 1 - place;
  });
  for (let row = 0; row < toSide; row++) {
    for (let column = 0; column < toSide; column++) {
      const from = ((sources[row] as number) * fromSide + (sources[column] as number)) * channels;
      const to = (row * toSide + column) * channels;
      for (let channel = 0; channel < channels; channel++) {
        target[to + channel] = pixels[from + channel] as number;
      }
    }
  }
  return target;
}

/** The upper left square of a larger one, which `padByMirror` had filled; `target` has `toSide²` of `channels` samples. */
export function cropSquare<A extends { [index: number]: number }>(
  pixels: ArrayLike<number>,
  channels: number,
  fromSide: number,
  toSide: number,
  target: A,
): A {
  for (let row = 0; row < toSide; row++) {
    const from = row * fromSide * channels;
    const to = row * toSide * channels;
    for (let sample = 0; sample < toSide * channels; sample++) {
      target[to + sample] = pixels[from + sample] as number;
    }
  }
  return target;
}
