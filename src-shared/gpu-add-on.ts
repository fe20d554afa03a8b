import { z } from "zod";
import { call, stream } from "./rpc/contract.ts";

/** TensorFlow's CUDA build and NVIDIA's libraries, which the app doesn't carry: whether this machine can use them, and has them. */
export const gpuAddOnSchema = z.discriminatedUnion("kind", [
  /** In one sentence why not. */
  z.strictObject({ kind: z.literal("unavailable"), reason: z.string() }),
  /** `downloadedBytes`: what an earlier try of this session has of the file that it was fetching. */
  z.strictObject({ kind: z.literal("absent"), downloadedBytes: z.number() }),
  z.strictObject({
    kind: z.literal("installing"),
    progress: z.number().min(0).max(1),
    detail: z.string(),
    etaSeconds: z.number().nullable(),
  }),
  z.strictObject({ kind: z.literal("failed"), reason: z.string() }),
  z.strictObject({ kind: z.literal("installed"), displayPath: z.string() }),
]);
export type GpuAddOnState = z.infer<typeof gpuAddOnSchema>;

/** The methods of the contract's `gpu`. */
export const gpuContract = {
  watch: stream(z.void(), gpuAddOnSchema),
  /** Begins or goes on where an earlier try ended; `watch` tells the rest. Engines use it from the next start of the app. */
  install: call(z.void(), z.void()),
  /** Stops; what has been fetched is kept for the next try. */
  stop: call(z.void(), z.void()),
  /** Takes it and what was fetched off the disk. */
  remove: call(z.void(), z.void()),
};
