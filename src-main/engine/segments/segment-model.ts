import { basename } from "node:path";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import type * as OnnxRuntime from "onnxruntime-node";
import type { SegmentPrompt } from "#shared/labels/segments-contract.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { EngineContract } from "../port.ts";
import { encoderInput, encoderTensor, type EncoderInput } from "./image-encoder.ts";
import { decoderPorts, promptFeeds, type DecoderPorts, type LowResolutionMask } from "./prompt-decoder.ts";
import { sampleLogits } from "./sample-logits.ts";

/** How many encoded images are kept: of Segment Anything one takes 4 MB. */
const MOST_IMAGES = 4;
/** How many masks of an image: more clicks are rarely taken back, and one takes 256 KB. */
const MOST_MASKS = 16;

interface OpenModel {
  readonly encoder: InferenceSession;
  readonly decoder: InferenceSession;
  readonly input: EncoderInput;
  readonly ports: DecoderPorts;
}

interface EncodedImage {
  readonly width: number;
  readonly height: number;
  readonly embeddings: Record<string, Tensor>;
  /** What was found for prompts, in JSON: it is where their successor begins. Oldest first. */
  readonly found: Map<string, LowResolutionMask>;
}

type Runtime = Pick<typeof OnnxRuntime, "InferenceSession" | "Tensor">;

/** Carries out the engine's `segments` with ONNX Runtime on the CPU, which is loaded when first needed. */
export function createSegments(): Implementation<EngineContract>["segments"] {
  let model: OpenModel | null = null;
  const images = new Map<string, EncodedImage>();
  let imageCount = 0;

  function opened(): OpenModel {
    if (model === null) {
      throw new RpcError("conflict", "No promptable model has been opened.");
    }
    return model;
  }

  /** Puts a model, or none, in the place of the last one. */
  async function replaceBy(next: OpenModel | null): Promise<void> {
    images.clear();
    const last = model;
    model = next;
    await Promise.all([last?.encoder.release(), last?.decoder.release()]);
  }

  return {
    open: async ({ encoderPath, decoderPath }) => {
      // First, since memory may not hold two.
      await replaceBy(null);
      const next = await openModel(await loadRuntime(), encoderPath, decoderPath);
      await replaceBy(next);
      return next.input.frame;
    },
    look: async (image) => {
      const { encoder, input } = opened();
      const { Tensor: tensors } = await loadRuntime();
      const embeddings = await encoder.run({ [input.name]: encoderTensor(tensors, input, image) });
      imageCount += 1;
      const imageId = `image-${imageCount}`;
      images.set(imageId, { width: image.width, height: image.height, embeddings, found: new Map() });
      for (const oldest of images.keys()) {
        if (images.size > MOST_IMAGES) {
          images.delete(oldest);
        }
      }
      return { imageId };
    },
    find: async ({ imageId, prompts, outputSize }) => {
      const image = images.get(imageId);
      if (image === undefined) {
        throw new RpcError("not-found", "This view was encoded too long ago.");
      }
      return found(await loadRuntime(), opened(), image, prompts, outputSize);
    },
  };
}

async function found(
  { Tensor: tensors }: Runtime,
  { decoder, input, ports }: OpenModel,
  image: EncodedImage,
  prompts: readonly SegmentPrompt[],
  outputSize: { readonly width: number; readonly height: number },
): Promise<{ mask: Uint8Array<ArrayBuffer>; score: number | null }> {
  const { frame } = input;
  const own = frame.fill === "image";
  const size = own ? { width: image.width, height: image.height } : frame;
  const feeds: Record<string, Tensor> = {};
  let embedding = 64;
  for (const [name, source] of ports.fromEncoder) {
    const tensor = image.embeddings[source];
    if (tensor !== undefined) {
      feeds[name] = tensor;
      embedding = /embed/i.test(name) ? (tensor.dims.at(-1) ?? embedding) : embedding;
    }
  }
  const answer = await decoder.run({
    ...feeds,
    ...promptFeeds(tensors, ports, prompts, {
      size,
      embedding,
      earlier: image.found.get(JSON.stringify(prompts.slice(0, -1))) ?? null,
    }),
  });
  const given = answer[ports.masks];
  const low = ports.lowResolutionMasks === null ? undefined : answer[ports.lowResolutionMasks];
  // Masks that the decoder enlarges to a size it is told are the low ones, interpolated as we do it. Some exports enlarge them to the size of their example, so
  // that the low ones alone are where they should be.
  const isEnlarged = ports.originalSize !== null && low?.type === "float32" && low.dims.length === 4;
  const masks = isEnlarged ? low : given;
  if (masks?.type !== "float32" || masks.dims.length < 2) {
    throw new RpcError(
      "invalid-input",
      `The decoder's ${ports.masks} are ${masks?.type ?? "missing"} [${masks?.dims.join(", ") ?? ""}], not float32 [1, masks, height, width].`,
    );
  }
  const rowLength = masks.dims.at(-1) ?? 1;
  const rows = masks.dims.at(-2) ?? 1;
  // Masks that weren't cut to the image lie over the square that the encoder pads to.
  const side = Math.max(frame.width, frame.height);
  const isPadded = own && (ports.originalSize === null || (isEnlarged && rows === rowLength));
  const covered = isPadded ? { width: side, height: side } : size;
  const scores = ports.scores === null ? null : (answer[ports.scores]?.data ?? null);
  const best = bestOf(scores as ArrayLike<number> | null, Math.floor(masks.data.length / (rows * rowLength)));
  const logits = (masks.data as Float32Array).subarray(
    best.index * rows * rowLength,
    (best.index + 1) * rows * rowLength,
  );
  if (ports.firstMask !== null && ports.hasFirstMask !== null) {
    keepMask(image, prompts, low, best.index);
  }
  const part = {
    logits,
    rowLength,
    width: (image.width * rowLength) / covered.width,
    height: (image.height * rows) / covered.height,
  };
  return { mask: sampleLogits(part, outputSize), score: best.score };
}

/** Remembers the best mask for these prompts, for those that have one more. */
function keepMask(
  { found }: EncodedImage,
  prompts: readonly SegmentPrompt[],
  masks: Tensor | null | undefined,
  index: number,
): void {
  const [height = 0, width = 0] = masks?.dims.slice(-2) ?? [];
  const pixels = height * width;
  if (masks?.type !== "float32" || masks.data.length < (index + 1) * pixels) {
    return;
  }
  const logits = (masks.data as Float32Array).slice(index * pixels, (index + 1) * pixels);
  const key = JSON.stringify(prompts);
  found.delete(key);
  found.set(key, { logits, width, height });
  for (const oldest of found.keys()) {
    if (found.size > MOST_MASKS) {
      found.delete(oldest);
    }
  }
}

/** The mask that the model itself thinks best of; the first where it says nothing. */
function bestOf(
  scores: ArrayLike<number> | null,
  count: number,
): { readonly index: number; readonly score: number | null } {
  let index = 0;
  for (let other = 1; other < Math.min(count, scores?.length ?? 0); other++) {
    if ((scores?.[other] ?? 0) > (scores?.[index] ?? 0)) {
      index = other;
    }
  }
  return { index, score: scores?.[index] ?? null };
}

/** Opens a pair of files; of a pair that doesn't fit nothing stays open. */
async function openModel(
  { InferenceSession: sessions }: Runtime,
  encoderPath: string,
  decoderPath: string,
): Promise<OpenModel> {
  const names = { encoder: basename(encoderPath), decoder: basename(decoderPath) };
  const open: InferenceSession[] = [];
  try {
    const encoder = await openFile(sessions, encoderPath);
    open.push(encoder);
    const decoder = await openFile(sessions, decoderPath);
    open.push(decoder);
    const input = encoderInput(encoder, names.encoder);
    return { encoder, decoder, input, ports: decoderPorts(encoder, decoder, names) };
  } catch (error) {
    await Promise.all(open.map((session) => session.release()));
    throw error;
  }
}

async function openFile(sessions: Runtime["InferenceSession"], filePath: string): Promise<InferenceSession> {
  try {
    // Nothing of the graph runs anywhere but on the CPU; pages of warnings would hide a last word.
    return await sessions.create(filePath, { executionProviders: ["cpu"], logSeverityLevel: 3 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RpcError(
      "invalid-input",
      `${basename(filePath)}: an ONNX model was expected, but ONNX Runtime can't open it: ${reason.split("\n")[0] ?? ""}`,
      { cause },
    );
  }
}

async function loadRuntime(): Promise<Runtime> {
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RpcError("unsupported", `ONNX Runtime can't be loaded on this machine: ${reason}`, { cause });
  }
}
