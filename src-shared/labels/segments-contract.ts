import { z } from "zod";
import { pixelWindowSchema } from "../geo/pixel-window.ts";
import { idSchema } from "../project/mosaic.ts";
import { call, stream } from "../rpc/contract.ts";

/** What a promptable model is told: a point inside or outside of what is meant, or a box around it. Pixels, their corner as origin. */
export const segmentPromptSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("point"), x: z.number(), y: z.number(), inside: z.boolean() }),
  z.strictObject({
    kind: z.literal("box"),
    left: z.number(),
    top: z.number(),
    right: z.number(),
    bottom: z.number(),
  }),
]);
export type SegmentPrompt = z.infer<typeof segmentPromptSchema>;

const modelFiles = { encoderName: z.string(), decoderName: z.string() };

/** The promptable model that the user has pointed to: an image encoder and a prompt decoder, two ONNX files. */
const segmentModelSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  /** One of an earlier session is opened when it is first asked. */
  z.strictObject({ kind: z.literal("chosen"), ...modelFiles }),
]);
export type SegmentModel = z.infer<typeof segmentModelSchema>;

const sampleSize = z.strictObject({ width: z.int().min(1).max(8192), height: z.int().min(1).max(8192) });

/** The contract's `segments`: masks from clicks and boxes, by a model of the SAM family. */
export const segmentsContract = {
  watch: stream(z.void(), segmentModelSchema),
  /** Opens and keeps a model, files as `folders.files` offered them; `invalid-input` where they are no such pair. */
  choose: call(z.strictObject({ encoderFileId: idSchema, decoderFileId: idSchema }), z.void()),
  forget: call(z.void(), z.void()),
  /** Encodes a window of a mosaic as it is usually shown, which takes seconds; what was encoded lately is kept. */
  look: call(
    z.strictObject({ projectId: idSchema, mosaicId: idSchema, pixelWindow: pixelWindowSchema }),
    z.strictObject({ viewId: idSchema }),
  ),
  /**
   * The mask (1 inside, row by row) of a window that was looked at, as `size` samples, that prompts in mosaic pixels ask for. `not-found` for a view
   * that isn't kept any more.
   */
  find: call(
    z.strictObject({
      viewId: idSchema,
      prompts: z.array(segmentPromptSchema).min(1).max(256),
      size: sampleSize,
    }),
    z.strictObject({ mask: z.instanceof(Uint8Array), score: z.number().nullable() }),
  ),
};
