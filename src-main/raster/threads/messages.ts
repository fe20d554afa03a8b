import type { EncodedBatch } from "../codecs/encoded-batch.ts";
import type { BlockFormat } from "../tiff/layout.ts";
import type { SampleArray } from "../typed-pixels.ts";

/** What a decoding thread is asked; the batch's memory moves with it. */
export interface DecodeRequest {
  readonly id: number;
  readonly format: BlockFormat;
  readonly batch: EncodedBatch;
}

/** What it answers; the samples' memory moves with it. */
export type DecodeAnswer =
  | { readonly id: number; readonly kind: "decoded"; readonly samples: SampleArray[] }
  | { readonly id: number; readonly kind: "failed"; readonly reason: string };
