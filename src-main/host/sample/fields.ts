import { hash, random } from "./noise.ts";

/** Red, green, blue, 0–255. */
export type Color = readonly [red: number, green: number, blue: number];

/** What grows on a strip, as far as it can be seen from above. */
export interface Crop {
  readonly color: Color;
  /** Metres from row to row; 0 where no rows are seen. */
  readonly rowMeters: number;
  readonly rowContrast: number;
  /** Metres between the pairs of wheel tracks; 0 where there are none. */
  readonly tramlineMeters: number;
  /** How uneven it has grown. */
  readonly patchiness: number;
}

const crops: readonly Crop[] = [
  { color: [196, 172, 118], rowMeters: 0.9, rowContrast: 0.035, tramlineMeters: 21, patchiness: 0.09 },
  { color: [207, 187, 138], rowMeters: 1.1, rowContrast: 0.04, tramlineMeters: 18, patchiness: 0.07 },
  { color: [176, 160, 102], rowMeters: 0.9, rowContrast: 0.03, tramlineMeters: 24, patchiness: 0.11 },
  { color: [132, 142, 82], rowMeters: 0.9, rowContrast: 0.04, tramlineMeters: 21, patchiness: 0.1 },
  { color: [108, 126, 66], rowMeters: 1.0, rowContrast: 0.05, tramlineMeters: 24, patchiness: 0.12 },
  { color: [88, 110, 56], rowMeters: 1.5, rowContrast: 0.12, tramlineMeters: 0, patchiness: 0.1 },
  { color: [118, 116, 74], rowMeters: 1.7, rowContrast: 0.16, tramlineMeters: 0, patchiness: 0.08 },
  { color: [152, 128, 100], rowMeters: 1.3, rowContrast: 0.07, tramlineMeters: 0, patchiness: 0.13 },
  { color: [132, 108, 84], rowMeters: 2.1, rowContrast: 0.08, tramlineMeters: 0, patchiness: 0.14 },
  { color: [186, 170, 128], rowMeters: 3.4, rowContrast: 0.08, tramlineMeters: 0, patchiness: 0.06 },
  { color: [118, 134, 76], rowMeters: 0, rowContrast: 0, tramlineMeters: 0, patchiness: 0.17 },
  { color: [134, 144, 88], rowMeters: 4.2, rowContrast: 0.06, tramlineMeters: 0, patchiness: 0.13 },
];

/** A place in the fields. */
export interface FieldPlace {
  /** Metres to the next track between two blocks of fields. */
  trackMeters: number;
  /** Metres to the nearer edge of the strip. */
  edgeMeters: number;
  /** Metres across the strip, from its block's middle. */
  across: number;
  /** Metres along the strip. */
  along: number;
  crop: Crop;
  /** A number for each strip. */
  stripHash: number;
}

interface Block {
  readonly x: number;
  readonly y: number;
  readonly cosine: number;
  readonly sine: number;
  readonly hash: number;
  /** Edges of the strips in ascending order, metres from the block's middle. */
  readonly edges: Float32Array;
  /** The strip at each half metre from −REACH. */
  readonly stripAt: Uint16Array;
  readonly crops: readonly Crop[];
}

/** Squares along a block's side for which the nearest blocks are remembered. */
const SQUARES_PER_BLOCK = 8;
const REACH = 320;
const STEPS_PER_METER = 2;

/**
 * Fields as the Polish countryside has them: blocks between tracks, each cut into long, narrow strips of one crop. Blocks are the cells of
 * a Voronoi diagram over a jittered grid.
 */
export class Fields {
  readonly #seed: number;
  readonly #blockMeters: number;
  readonly #blocks = new Map<number, Block>();
  readonly #nearBySquare = new Map<number, Block[]>();
  #near: readonly Block[] = [];
  #nearColumn = Number.NaN;
  #nearRow = Number.NaN;

  constructor(seed: number, blockMeters: number) {
    this.#seed = seed;
    this.#blockMeters = blockMeters;
  }

  /** Fills `place` for a position in metres. */
  locate(x: number, y: number, place: FieldPlace): void {
    this.#gather(x, y);
    let nearest = Number.POSITIVE_INFINITY;
    let second = Number.POSITIVE_INFINITY;
    let block: Block | undefined;
    let neighbour: Block | undefined;
    for (const candidate of this.#near) {
      const distance = (x - candidate.x) ** 2 + (y - candidate.y) ** 2;
      if (distance < nearest) {
        second = nearest;
        neighbour = block;
        nearest = distance;
        block = candidate;
      } else if (distance < second) {
        second = distance;
        neighbour = candidate;
      }
    }
    if (block === undefined || neighbour === undefined) {
      throw new Error("the country has no field here");
    }
    place.trackMeters = (second - nearest) / (2 * Math.hypot(block.x - neighbour.x, block.y - neighbour.y));
    const across = (x - block.x) * block.cosine + (y - block.y) * block.sine;
    const step = Math.max(
      0,
      Math.min(block.stripAt.length - 1, Math.floor((across + REACH) * STEPS_PER_METER)),
    );
    let strip = block.stripAt[step] ?? 0;
    // The half metre may hold an edge.
    if (across > (block.edges[strip + 1] ?? REACH)) {
      strip++;
    }
    place.across = across;
    place.along = (y - block.y) * block.cosine - (x - block.x) * block.sine;
    place.edgeMeters = Math.min(
      across - (block.edges[strip] ?? -REACH),
      (block.edges[strip + 1] ?? REACH) - across,
    );
    place.crop = block.crops[strip] ?? (crops[0] as Crop);
    place.stripHash = hash(block.hash, strip, 5);
  }

  /** The blocks whose middle may be the nearest or second nearest, looked up for small squares. */
  #gather(x: number, y: number): void {
    const squareMeters = this.#blockMeters / SQUARES_PER_BLOCK;
    const column = Math.floor(x / squareMeters);
    const row = Math.floor(y / squareMeters);
    if (column === this.#nearColumn && row === this.#nearRow) {
      return;
    }
    this.#nearColumn = column;
    this.#nearRow = row;
    const key = column * 65_536 + row;
    let near = this.#nearBySquare.get(key);
    if (near === undefined) {
      near = this.#candidates(column, row, squareMeters);
      this.#nearBySquare.set(key, near);
    }
    this.#near = near;
  }

  #candidates(column: number, row: number, squareMeters: number): Block[] {
    const middleX = (column + 0.5) * squareMeters;
    const middleY = (row + 0.5) * squareMeters;
    const blockColumn = Math.floor(middleX / this.#blockMeters);
    const blockRow = Math.floor(middleY / this.#blockMeters);
    const around: { readonly block: Block; readonly distance: number }[] = [];
    for (let stepY = -2; stepY <= 2; stepY++) {
      for (let stepX = -2; stepX <= 2; stepX++) {
        const block = this.#block(blockColumn + stepX, blockRow + stepY);
        around.push({ block, distance: Math.hypot(block.x - middleX, block.y - middleY) });
      }
    }
    around.sort((first, second) => first.distance - second.distance);
    // From a corner of the square, the second nearest is at most half a diagonal further, any other at most that much nearer.
    const reach = (around[1]?.distance ?? 0) + Math.SQRT2 * squareMeters;
    return around.filter(({ distance }) => distance <= reach).map(({ block }) => block);
  }

  #block(column: number, row: number): Block {
    const key = column * 65_536 + row;
    let block = this.#blocks.get(key);
    if (block === undefined) {
      block = makeBlock(column, row, this.#seed, this.#blockMeters);
      this.#blocks.set(key, block);
    }
    return block;
  }
}

function makeBlock(column: number, row: number, seed: number, blockMeters: number): Block {
  const draw = (index: number): number => random(hash(column, row, seed), index, 11);
  // Most blocks follow the lie of the land, some lie across it.
  const angle = 0.12 + (draw(2) - 0.5) * 0.5 + (draw(3) < 0.35 ? Math.PI / 2 : 0);
  const edges: number[] = [-REACH];
  const strips: Crop[] = [];
  const typicalWidth = 14 + 26 * draw(4);
  for (let index = 0; (edges.at(-1) ?? REACH) < REACH; index++) {
    edges.push((edges.at(-1) ?? REACH) + typicalWidth * (0.55 + 1.1 * draw(100 + 2 * index)));
    strips.push(crops[Math.floor(draw(101 + 2 * index) * crops.length)] as Crop);
  }
  const stripAt = new Uint16Array(2 * REACH * STEPS_PER_METER);
  for (let step = 0, strip = 0; step < stripAt.length; step++) {
    while (step / STEPS_PER_METER - REACH > (edges[strip + 1] ?? REACH)) {
      strip++;
    }
    stripAt[step] = strip;
  }
  return {
    x: (column + 0.5 + (draw(0) - 0.5) * 0.8) * blockMeters,
    y: (row + 0.5 + (draw(1) - 0.5) * 0.8) * blockMeters,
    cosine: Math.cos(angle),
    sine: Math.sin(angle),
    hash: hash(column, row, seed + 1),
    edges: Float32Array.from(edges),
    stripAt,
    crops: strips,
  };
}
