import { z } from "zod";
import { call } from "#shared/rpc/contract.ts";
import { segmentPromptSchema } from "#shared/labels/segments-contract.ts";

const count = z.int().min(1);
const pixels = z.instanceof(Uint8Array);

/**
 * The frame that images are laid into, its upper left corner, as the encoder wants it: `whole` of exactly this size; `image` of the image's own,
 * whose longest side is this one.
 */
const segmentFrameSchema = z.strictObject({
  fill: z.enum(["whole", "image"]),
  height: count,
  width: count,
});
export type SegmentFrame = z.infer<typeof segmentFrameSchema>;

/** The engine's methods for promptable models; they load ONNX Runtime, never TensorFlow. */
export const segmentsMethods = {
  /** Takes a model in place of the last one. `invalid-input` says which input was expected of which file, and what it has. */
  open: call(z.strictObject({ encoderPath: z.string(), decoderPath: z.string() }), segmentFrameSchema),
  /** Encodes an image that fits the frame, RGBA bytes row by row. The last few are kept: `not-found` for older ones in `find`. */
  look: call(
    z.strictObject({ rgba: pixels, width: count, height: count }),
    z.strictObject({ imageId: z.string() }),
  ),
  /**
   * The mask that prompts (in the image's pixels) ask for, 1 inside, over the whole image at another size; `score` is the model's own estimate of
   * its IoU, null where it gives none.
   */
  find: call(
    z.strictObject({
      imageId: z.string(),
      prompts: z.array(segmentPromptSchema).min(1),
      outputSize: z.strictObject({ width: count, height: count }),
    }),
    z.strictObject({ mask: pixels, score: z.number().nullable() }),
  ),
};
