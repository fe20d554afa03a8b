/** A part of a grid of logits, in its cells: from its upper left corner. */
export interface LogitsPart {
  readonly logits: Float32Array;
  /** Of a whole row, in cells. */
  readonly rowLength: number;
  /** How many cells are meant; may be fractions. */
  readonly width: number;
  readonly height: number;
}

/** Where logits, interpolated between the centres of their cells, are above 0: 1 inside, row by row. */
export function sampleLogits(
  { logits, rowLength, width, height }: LogitsPart,
  size: { readonly width: number; readonly height: number },
): Uint8Array<ArrayBuffer> {
  const mask = new Uint8Array(size.width * size.height);
  const columns = cellsBetween(size.width, width);
  const rows = cellsBetween(size.height, height);
  const at = (y: number, x: number): number => logits[y * rowLength + x] ?? 0;
  for (let row = 0; row < size.height; row++) {
    const { first: upper, second: lower, share: down } = rows(row);
    for (let column = 0; column < size.width; column++) {
      const { first: left, second: right, share: across } = columns(column);
      const above = at(upper, left) * (1 - across) + at(upper, right) * across;
      const below = at(lower, left) * (1 - across) + at(lower, right) * across;
      mask[row * size.width + column] = above * (1 - down) + below * down > 0 ? 1 : 0;
    }
  }
  return mask;
}

/** The two cells that a sample's centre lies between, and how near to the second; at the ends one alone. */
function cellsBetween(
  samples: number,
  cells: number,
): (sample: number) => { readonly first: number; readonly second: number; readonly share: number } {
  const last = Math.ceil(cells) - 1;
  const places = Array.from({ length: samples }, (_, sample) => {
    const place = Math.min(last, Math.max(0, ((sample + 0.5) * cells) / samples - 0.5));
    const first = Math.floor(place);
    return { first, second: Math.min(last, first + 1), share: place - first };
  });
  const none = { first: 0, second: 0, share: 0 };
  return (sample) => places[sample] ?? none;
}
