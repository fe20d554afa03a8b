import type { TileBatch } from "../network-tiles/index.ts";

/** What a batch came to; ignored pixels are in none of it. */
export interface BatchOutcome {
  /** Mean over the counted pixels; 0 where there are none. */
  readonly loss: number;
  /** `classes²` pixels, row-major: rows truth, columns prediction. */
  readonly confusion: readonly number[];
}

/** A network in training, whatever runs it; close it to give its memory back. */
export interface Trainer {
  readonly parameters: number;
  readonly trainableParameters: number;
  /**
   * One batch through the network; `step` counts from 1 over the whole run. `update` says which change of the weights it completes, null for none
   * where gradients are added up over several steps.
   */
  step(
    batch: TileBatch,
    options: { readonly learningRate: number; readonly step: number; readonly update: number | null },
  ): Promise<BatchOutcome>;
  /** Measures as in use, without learning; with `predict` also the likeliest channel of each pixel, NHW. */
  evaluate(
    batch: TileBatch,
    options: { readonly predict: boolean },
  ): Promise<BatchOutcome & { readonly prediction: Uint8Array | null }>;
  /** Writes weights and the optimizer's state, whole or not at all. */
  save(filePath: string): Promise<void>;
  close(): Promise<void>;
}
