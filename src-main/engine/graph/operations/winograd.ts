/**
 * 3×3 convolutions by Winograd's minimal filtering F(4×4, 3×3): 36 multiplications make 16 output pixels that take 144 otherwise.
 *
 * Each output tile of 4×4 pixels comes from an input tile of 6×6. Both tiles and the kernel go through small constant matrices into
 * a space in which the convolution is one product a point, so summing over channels makes 36 matrix products, and a last constant matrix
 * leads back. Written with Kronecker products, each of the transforms is a matrix product as well, of a 36-row matrix and all
 * tiles side by side: one pass where rows and columns one after the other would be a dozen.
 *
 * Lavin and Gray 2016, "Fast algorithms for convolutional neural networks", doi:10.1109/CVPR.2016.435.
 */
import { attribute } from "../attributes.ts";
import type { Graph, GraphNode, TensorSymbol } from "../graph.ts";
import { addAll } from "./arithmetic.ts";
import { multiplyMatrices, multiplyMatricesEach } from "./matrix.ts";
import { concatenate, lookUp, pad, reshape, slice } from "./shape.ts";

/** Output pixels on a tile's side, and input pixels: two more for a kernel of three. */
const OUTPUT_SIDE = 4;
const INPUT_SIDE = 6;

/** Points of the space of products. */
const POINTS = INPUT_SIDE * INPUT_SIDE;

type Matrix = readonly (readonly number[])[];

// One dimension, with the interpolation points 0, 1, -1, 2, -2 and infinity (Lavin and Gray's Bᵀ, G and Aᵀ).
const inputRows: Matrix = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
];
const kernelRows: Matrix = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];
const outputRows: Matrix = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
];

/** `[36, 36]`, `[36, 9]` and `[16, 36]`: what the rows above do to a tile's rows and columns at once. */
const fromInput = inBothDirections(inputRows);
const fromKernel = inBothDirections(kernelRows);
const toOutput = inBothDirections(outputRows);

/** The kernel turned by 180°, as the input's gradient takes it: its taps in reverse. */
const fromTurnedKernel: Matrix = fromKernel.map((row) => row.toReversed());

/** Channels in and out from which fewer multiplications outweigh the transforms: measured on two cores with AVX-512 (docs/engine.md, Speed). */
const LEAST_CHANNELS = 128;

/** Tiles from which the matrices are tall enough. */
const LEAST_TILES = 32;

/** What a part of a batch may take in the space of products: less would make more and smaller matrices, more would be a step's peak. */
const PART_BYTES = 64 << 20;

/** Whether `convolveWinograd` can and should do a convolution (`same`, stride 1, no dilation) on the processor, by its shapes. */
export function gainsByWinograd(input: TensorSymbol, kernel: TensorSymbol): boolean {
  const [height = 0, width = 0, channels = 0, filters = 0] = kernel.shape;
  const { batch, down, across } = tilingOf(input);
  return (
    height === 3 &&
    width === 3 &&
    Math.min(channels, filters) >= LEAST_CHANNELS &&
    batch * down * across >= LEAST_TILES
  );
}

/**
 * Convolution of NHWC `input` with a `[3, 3, in, out]` kernel, `same`, stride 1, float32. Values and gradients differ from
 * `convolve`'s by rounding, about ten times as much as those of two orders of summation: 1e-5 of the largest.
 */
export function convolveWinograd(
  graph: Graph,
  input: TensorSymbol,
  kernel: TensorSymbol,
  { partBytes = PART_BYTES }: { readonly partBytes?: number } = {},
): TensorSymbol {
  const [, , channels = 0, filters = 0] = kernel.shape;
  const parts = partsOf(input, { channels: Math.max(channels, filters), partBytes });
  const taps = reshape(graph, kernel, [9, channels * filters]);
  // Four times as large as the kernel, so made when it is needed: TensorFlow would make all layers' at the step's start.
  const transformed = (matrix: Matrix, after: TensorSymbol): TensorSymbol =>
    reshape(graph, transform(graph, matrix, taps, [after]), [POINTS, channels, filters]);
  const points = transformed(fromKernel, input);
  const output = convolveTransformed(graph, input, points, { parts, exchanged: false, after: [] });
  graph.overrideGradient(output, {
    sources: [input, kernel],
    rule: (gradient) => {
      const ofKernel = kernelGradient(graph, input, gradient, parts);
      // One after the other, for the memory; this order, because a layer behind a frozen encoder has no use for the second.
      const turned = transformed(fromTurnedKernel, ofKernel);
      const ofInput = convolveTransformed(graph, gradient, turned, {
        parts,
        exchanged: true,
        after: [ofKernel],
      });
      return [ofInput, reshape(graph, ofKernel, kernel.shape)];
    },
  });
  return output;
}

/** `image` convolved with a kernel in the space of products, `[36, in, out]`, or with in and out exchanged. */
function convolveTransformed(
  graph: Graph,
  image: TensorSymbol,
  kernel: TensorSymbol,
  {
    parts,
    exchanged,
    after,
  }: {
    readonly parts: readonly Part[];
    readonly exchanged: boolean;
    readonly after: readonly TensorSymbol[];
  },
): TensorSymbol {
  const [, height = 0, width = 0] = image.shape;
  const filters = kernel.shape[exchanged ? 1 : 2] ?? 0;
  const bands: TensorSymbol[] = [];
  for (const part of parts) {
    const points = pointsOf(graph, image, part, [...after, ...bands]);
    const products = multiplyMatricesEach(graph, points, kernel, { transposeSecond: exchanged });
    const pixels = transform(graph, toOutput, reshape(graph, products, [POINTS, tilesOf(part) * filters]));
    bands.push(
      joinTiles(graph, reshape(graph, pixels, [OUTPUT_SIDE * OUTPUT_SIDE * tilesOf(part), filters]), part, {
        height,
        width,
      }),
    );
  }
  const [first] = bands;
  const whole = bands.length === 1 && first !== undefined ? first : concatenate(graph, bands, 0);
  return reshape(graph, whole, [...image.shape.slice(0, -1), filters]);
}

/** The kernel's gradient, `[9, in × out]`. */
function kernelGradient(
  graph: Graph,
  input: TensorSymbol,
  gradient: TensorSymbol,
  parts: readonly Part[],
): TensorSymbol {
  const channels = input.shape[3] ?? 0;
  const filters = gradient.shape[3] ?? 0;
  const sums: TensorSymbol[] = [];
  for (const part of parts) {
    // The input's tiles are made again rather than kept, for they are 2.25 times its size. Waiting for the gradient keeps TensorFlow
    // from finding out that it has made them before.
    const inputPoints = pointsOf(graph, input, part, [gradient, ...sums]);
    const tiles = cutTiles(graph, gradient, part, { side: OUTPUT_SIDE, margin: 0, after: [inputPoints] });
    const gradientPoints = reshape(graph, transform(graph, transposed(toOutput), tiles), [
      POINTS,
      tilesOf(part),
      filters,
    ]);
    const product = multiplyMatricesEach(graph, inputPoints, gradientPoints, { transposeFirst: true });
    sums.push(
      transform(graph, transposed(fromKernel), reshape(graph, product, [POINTS, channels * filters])),
    );
  }
  return addAll(graph, sums);
}

/** A part's tiles in the space of products, `[36, tiles, channels]`. */
function pointsOf(
  graph: Graph,
  image: TensorSymbol,
  part: Part,
  after: readonly TensorSymbol[],
): TensorSymbol {
  const tiles = cutTiles(graph, image, part, { side: INPUT_SIDE, margin: 1, after });
  return reshape(graph, transform(graph, fromInput, tiles), [POINTS, tilesOf(part), image.shape[3] ?? 0]);
}

function transform(
  graph: Graph,
  matrix: Matrix,
  tiles: TensorSymbol,
  after: readonly TensorSymbol[] = [],
): TensorSymbol {
  const constant = graph.constant(matrix.flat(), "float32", [matrix.length, matrix[0]?.length ?? 0]);
  return multiplyMatrices(graph, constant, tiles, {}, nodesOf(after));
}

/** Some images of a batch, whole, or a band of one: what goes through the space of products at a time. */
interface Part {
  readonly firstImage: number;
  readonly images: number;
  /** In tiles. */
  readonly firstRow: number;
  readonly rows: number;
  readonly across: number;
}

function tilesOf({ images, rows, across }: Part): number {
  return images * rows * across;
}

/** How many tiles of 4×4 output pixels cover an NHWC image; the last ones may reach over its edge. */
function tilingOf(image: TensorSymbol): {
  readonly batch: number;
  readonly down: number;
  readonly across: number;
} {
  const [batch = 0, height = 0, width = 0] = image.shape;
  return { batch, down: Math.ceil(height / OUTPUT_SIDE), across: Math.ceil(width / OUTPUT_SIDE) };
}

/** Cuts a batch into parts that take at most about `partBytes` in the space of products, and a row of tiles at least. */
function partsOf(
  image: TensorSymbol,
  { channels, partBytes }: { readonly channels: number; readonly partBytes: number },
): Part[] {
  const { batch, down, across } = tilingOf(image);
  const rowBytes = POINTS * across * channels * Float32Array.BYTES_PER_ELEMENT;
  const rowsAtMost = Math.max(1, Math.floor(partBytes / rowBytes));
  const parts: Part[] = [];
  if (rowsAtMost >= down) {
    const imagesAtMost = Math.floor(rowsAtMost / down);
    for (let firstImage = 0; firstImage < batch; firstImage += imagesAtMost) {
      const images = Math.min(imagesAtMost, batch - firstImage);
      parts.push({ firstImage, images, firstRow: 0, rows: down, across });
    }
    return parts;
  }
  for (let firstImage = 0; firstImage < batch; firstImage += 1) {
    for (let firstRow = 0; firstRow < down; firstRow += rowsAtMost) {
      parts.push({ firstImage, images: 1, firstRow, rows: Math.min(rowsAtMost, down - firstRow), across });
    }
  }
  return parts;
}

/**
 * A part's tiles with `margin` pixels of their neighbours around, zeros beyond the image: `[side × side, tiles × channels]`, where each
 * tile's pixel (row, column) lies in row `row × side + column`. Taking whole pixels, all channels at once, by their number is
 * as fast as copying. Begins when `after` is there: parts come one after the other, or all would be in memory at once.
 */
function cutTiles(
  graph: Graph,
  image: TensorSymbol,
  part: Part,
  {
    side,
    margin,
    after,
  }: { readonly side: number; readonly margin: number; readonly after: readonly TensorSymbol[] },
): TensorSymbol {
  const [batch = 0, height = 0, width = 0, channels = 0] = image.shape;
  const { firstImage, images, firstRow, rows, across } = part;
  const controls = nodesOf(after);
  const top = firstRow * OUTPUT_SIDE - margin;
  const bottom = (firstRow + rows) * OUTPUT_SIDE + margin;
  const [from, to] = [Math.max(0, top), Math.min(height, bottom)];
  // A slice of the first axis is a view, not a copy. A part of several images has them whole, and so is their first axis.
  const lines = reshape(graph, image, [batch * height, width, channels]);
  const begin = firstImage * height + from;
  const seen = slice(
    graph,
    lines,
    [begin, 0, 0],
    [images === 1 ? to - from : images * height, width, channels],
  );
  const pixelRows = bottom - top;
  const pixelColumns = across * OUTPUT_SIDE + 2 * margin;
  const paddings = [
    [0, 0],
    [from - top, bottom - to],
    [margin, pixelColumns - width - margin],
    [0, 0],
  ] as const;
  const stack = reshape(graph, seen, [images, to - from, width, channels]);
  const isWhole = paddings.flat().every((count) => count === 0);
  const padded = isWhole ? stack : pad(graph, stack, paddings, controls);
  const corners = combinations(
    [images, rows, across],
    ([picture = 0, row = 0, column = 0]) =>
      (picture * pixelRows + row * OUTPUT_SIDE) * pixelColumns + column * OUTPUT_SIDE,
  );
  const places = combinations([side, side], ([row = 0, column = 0]) => row * pixelColumns + column);
  const numbers = addIndices(
    graph,
    graph.constant(places, "int32", [places.length, 1]),
    graph.constant(corners, "int32", [1, corners.length]),
    [places.length, corners.length],
  );
  const flat = reshape(graph, padded, [images * pixelRows * pixelColumns, channels]);
  const pixels = lookUp(graph, flat, numbers, controls);
  return reshape(graph, pixels, [side * side, corners.length * channels]);
}

/** Puts the pixels of a part's 4×4 tiles, `[16 × tiles, channels]`, where they lie in the image: `[rows of pixels, width, channels]`. */
function joinTiles(
  graph: Graph,
  pixels: TensorSymbol,
  part: Part,
  { height, width }: { readonly height: number; readonly width: number },
): TensorSymbol {
  const { images, firstRow, rows, across } = part;
  const tiles = tilesOf(part);
  const pixelRows = Math.min(rows * OUTPUT_SIDE, height - firstRow * OUTPUT_SIDE);
  const lines = combinations(
    [images, pixelRows],
    ([picture = 0, row = 0]) =>
      (row % OUTPUT_SIDE) * OUTPUT_SIDE * tiles + (picture * rows + Math.floor(row / OUTPUT_SIDE)) * across,
  );
  const columns = combinations(
    [width],
    ([column = 0]) => (column % OUTPUT_SIDE) * tiles + Math.floor(column / OUTPUT_SIDE),
  );
  const numbers = addIndices(
    graph,
    graph.constant(lines, "int32", [lines.length, 1]),
    graph.constant(columns, "int32", [1, width]),
    [lines.length, width],
  );
  return lookUp(graph, pixels, numbers);
}

/** What to wait for: the last of what comes one after the other. */
function nodesOf(after: readonly TensorSymbol[]): GraphNode[] {
  return after.slice(-1).map(({ node }) => node);
}

/** Sums of two small tables: TensorFlow adds them up once, and the graph stays short. */
function addIndices(
  graph: Graph,
  first: TensorSymbol,
  second: TensorSymbol,
  shape: readonly number[],
): TensorSymbol {
  return graph.symbol("AddV2", {
    inputs: [first, second],
    attributes: { T: attribute.type("int32") },
    shape,
    dataType: "int32",
  });
}

/** `value` of all places in an array of the given sizes, row-major. */
function combinations(sizes: readonly number[], value: (place: readonly number[]) => number): number[] {
  const places = sizes.reduce<readonly (readonly number[])[]>(
    (before, size) => before.flatMap((place) => Array.from({ length: size }, (_, next) => [...place, next])),
    [[]],
  );
  return places.map(value);
}

/** The Kronecker product of a matrix with itself: what it does to rows and columns, done to rows laid end to end. */
function inBothDirections(matrix: Matrix): Matrix {
  return matrix.flatMap((first) =>
    matrix.map((second) => first.flatMap((one) => second.map((other) => one * other))),
  );
}

function transposed(matrix: Matrix): Matrix {
  return (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column] ?? 0));
}
