import type { EncodedBatch } from "../codecs/encoded-batch.ts";
import type { BlockFormat } from "../tiff/layout.ts";
import type { SampleArray } from "../typed-pixels.ts";

/**
 * Grows whenever what threads are asked, what they answer, or the formats that go between them change in meaning. The threads' program is a file of its
 * own: one of an older build would misunderstand, and answer pixels that are wrong.
 */
export const decodeProtocol = 2;

/** What a decoding thread is started with. */
export interface DecodeThreadData {
  /** Decoders compiled for all threads, null where they are missing. */
  readonly decodersModule: WebAssembly.Module | null;
  /** Shared by all threads: see SharedArena. */
  readonly arena: SharedArrayBuffer;
}

/** What a decoding thread is asked; the batch's memory moves with it. */
export interface DecodeRequest {
  readonly id: number;
  readonly format: BlockFormat;
  readonly batch: EncodedBatch;
  /** The first byte in the arena for each unit's samples; null for those that come in memory of their own. */
  readonly places: readonly number[] | null;
}

/** What a thread says first, before any answer. */
export interface DecodeReady {
  readonly kind: "ready";
  /** The `decodeProtocol` that it was built with. */
  readonly protocol: number;
}

/** What it answers; the samples' memory moves with it, and that of the batch goes back to be read into again. */
export type DecodeAnswer = { readonly id: number; readonly spent: ArrayBuffer } & (
  | { readonly kind: "filled" }
  | { readonly kind: "decoded"; readonly samples: SampleArray[] }
  | { readonly kind: "failed"; readonly reason: string }
);
