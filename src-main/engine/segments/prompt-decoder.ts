import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { SegmentPrompt } from "#shared/labels/segments-contract.ts";
import { describeValues, modelValues, wrongFile, type ModelValue } from "./model-values.ts";

/** Labels of points as the family has them: no point, outside, inside, and the two corners of a box. */
const NO_POINT = -1;
const OUTSIDE = 0;
const INSIDE = 1;
const UPPER_LEFT = 2;
const LOWER_RIGHT = 3;

/** Where each input of a decoder comes from, and which outputs are read. */
export interface DecoderPorts {
  /** Inputs by name that are outputs of the encoder, by name. */
  readonly fromEncoder: ReadonlyMap<string, string>;
  readonly coordinates: ModelValue;
  readonly labels: ModelValue;
  /** Null where the decoder gives masks of its own size. */
  readonly originalSize: ModelValue | null;
  /** A mask to begin with, and whether there is one: what was found for all prompts but the last. */
  readonly firstMask: ModelValue | null;
  readonly hasFirstMask: ModelValue | null;
  readonly masks: string;
  readonly scores: string | null;
  /** Masks as they were computed, before they are enlarged, and as `firstMask` takes them; null where the decoder doesn't give them. */
  readonly lowResolutionMasks: string | null;
}

/** Logits of a mask, row by row, as a decoder gives and takes them. */
export interface LowResolutionMask {
  readonly logits: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** Fits a decoder to its encoder; throws `invalid-input` where it lacks an input, or wants one that nobody gives. */
export function decoderPorts(
  encoder: InferenceSession,
  decoder: InferenceSession,
  names: { readonly encoder: string; readonly decoder: string },
): DecoderPorts {
  const inputs = modelValues(decoder.inputMetadata);
  const outputs = modelValues(decoder.outputMetadata);
  const encoded = modelValues(encoder.outputMetadata);
  const taken = (...wanted: string[]): ModelValue | null =>
    inputs.find(({ name }) => wanted.includes(name)) ?? null;
  const coordinates = taken("point_coords", "batched_point_coords");
  const labels = taken("point_labels", "batched_point_labels");
  const masks = outputs.find(({ name }) => name === "masks" || name === "output_masks");
  if (coordinates === null || labels === null || masks === undefined) {
    throw wrongFile(
      names.decoder,
      "a prompt decoder with the inputs image_embeddings, point_coords and point_labels and the output masks",
      `it has the inputs ${describeValues(inputs)} and the outputs ${describeValues(outputs)}`,
    );
  }
  const firstMask = taken("mask_input");
  const hasFirstMask = taken("has_mask_input");
  const originalSize = taken("orig_im_size");
  const own = new Set([coordinates, labels, firstMask, hasFirstMask, originalSize]);
  const fromEncoder = new Map<string, string>();
  for (const input of inputs.filter((each) => !own.has(each))) {
    const source = encoded.find(({ name }) => name === input.name) ?? embeddingFor(input, encoded);
    if (source === null) {
      throw wrongFile(
        names.decoder,
        `a decoder for ${names.encoder}, which gives ${describeValues(encoded)},`,
        `it also wants the input ${describeValues([input])}`,
      );
    }
    if (!fits(source.shape, input.shape)) {
      throw wrongFile(
        names.decoder,
        `a decoder for ${names.encoder}, which gives ${describeValues([source])},`,
        `it wants ${describeValues([input])}`,
      );
    }
    fromEncoder.set(input.name, source.name);
  }
  if (fromEncoder.size === 0) {
    throw wrongFile(
      names.decoder,
      "a prompt decoder with the input image_embeddings",
      `it has the inputs ${describeValues(inputs)}`,
    );
  }
  const scores = outputs.find(({ name }) => name === "iou_predictions") ?? null;
  const lowResolutionMasks = outputs.find(({ name }) => name === "low_res_masks") ?? null;
  return {
    fromEncoder,
    coordinates,
    labels,
    originalSize,
    firstMask,
    hasFirstMask,
    masks: masks.name,
    scores: scores?.name ?? null,
    lowResolutionMasks: lowResolutionMasks?.name ?? null,
  };
}

/** The embedding goes by many names: of one output it is that; of several the one that is called so. */
function embeddingFor(input: ModelValue, encoded: readonly ModelValue[]): ModelValue | null {
  if (!/embed/i.test(input.name)) {
    return null;
  }
  return encoded.length === 1
    ? (encoded[0] ?? null)
    : (encoded.find(({ name }) => name === "image_embeddings" || name === "image_embed") ?? null);
}

function fits(given: ModelValue["shape"], wanted: ModelValue["shape"]): boolean {
  return (
    given.length === 0 ||
    wanted.length === 0 ||
    (given.length === wanted.length &&
      given.every((side, index) => {
        const other = wanted[index] ?? null;
        return side === null || other === null || side === other;
      }))
  );
}

/**
 * Prompts and what else a decoder wants beside the embeddings. `size` is that of the frame, `embedding` of the first embedding's last side; `earlier`
 * is the mask to begin with, left out where it isn't of the size that the decoder takes.
 */
export function promptFeeds(
  makeTensor: typeof Tensor,
  ports: DecoderPorts,
  prompts: readonly SegmentPrompt[],
  {
    size,
    embedding,
    earlier,
  }: {
    readonly size: { width: number; height: number };
    readonly embedding: number;
    readonly earlier: LowResolutionMask | null;
  },
): Record<string, Tensor> {
  const points = prompts.flatMap(labelledPoints);
  // Segment Anything was trained with a point that is none wherever there is no box.
  if (prompts.every(({ kind }) => kind === "point")) {
    points.push([0, 0, NO_POINT]);
  }
  const { coordinates, labels, originalSize, firstMask, hasFirstMask } = ports;
  const count = points.length;
  const batch = (value: ModelValue, least: number): number[] =>
    value.shape.length > least ? [1, 1, count] : [1, count];
  const feeds: Record<string, Tensor> = {
    [coordinates.name]: numbers(
      makeTensor,
      coordinates,
      points.flatMap(([x, y]) => [x, y]),
      [...batch(coordinates, 3), 2],
    ),
    [labels.name]: numbers(
      makeTensor,
      labels,
      points.map(([, , label]) => label),
      batch(labels, 2),
    ),
  };
  if (originalSize !== null) {
    feeds[originalSize.name] = numbers(makeTensor, originalSize, [size.height, size.width], [2]);
  }
  let isGiven = false;
  if (firstMask !== null) {
    const side = embedding * 4;
    const [, , height, width] = firstMask.shape;
    const shape = [1, 1, height ?? side, width ?? side] as const;
    isGiven = earlier !== null && earlier.height === shape[2] && earlier.width === shape[3];
    const logits = isGiven ? earlier?.logits : null;
    feeds[firstMask.name] = numbers(
      makeTensor,
      firstMask,
      logits ?? new Float32Array(shape[2] * shape[3]),
      shape,
    );
  }
  if (hasFirstMask !== null) {
    feeds[hasFirstMask.name] = numbers(makeTensor, hasFirstMask, [isGiven ? 1 : 0], [1]);
  }
  return feeds;
}

type LabelledPoint = readonly [x: number, y: number, label: number];

function labelledPoints(prompt: SegmentPrompt): LabelledPoint[] {
  return prompt.kind === "point"
    ? [[prompt.x, prompt.y, prompt.inside ? INSIDE : OUTSIDE]]
    : [
        [prompt.left, prompt.top, UPPER_LEFT],
        [prompt.right, prompt.bottom, LOWER_RIGHT],
      ];
}

/** Numbers in the type that an input is of. */
function numbers(
  makeTensor: typeof Tensor,
  { type }: ModelValue,
  values: Iterable<number>,
  shape: readonly number[],
): Tensor {
  switch (type) {
    case "int64":
      return new makeTensor(
        "int64",
        BigInt64Array.from([...values].map((value) => BigInt(Math.round(value)))),
        shape,
      );
    case "int32":
      return new makeTensor("int32", Int32Array.from(values), shape);
    default:
      return new makeTensor("float32", Float32Array.from(values), shape);
  }
}
