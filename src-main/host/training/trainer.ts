import type { TileBatch } from "./tile-feed.ts";

/** What a batch came to; padding tiles and ignored pixels are in none of it. */
export interface BatchOutcome {
  /** Mean over the counted pixels; 0 where there are none. */
  readonly loss: number;
  /** `classes²` pixels, row-major: rows truth, columns prediction. */
  readonly confusion: ArrayLike<number>;
}

/** A network in training, whatever runs it; close it to give its memory back. */
export interface Trainer {
  readonly parameters: number;
  readonly trainableParameters: number;
  /** One step of the optimizer. */
  step(batch: TileBatch, learningRate: number): Promise<BatchOutcome>;
  /** Measures without learning: dropout off, batch normalization from its running means. */
  evaluate(batch: TileBatch): Promise<BatchOutcome>;
  /** The most likely channel of each pixel of a batch, NHW. */
  predict(batch: TileBatch): Promise<Uint8Array>;
  /** Writes weights, optimizer and step count, whole or not at all. */
  save(filePath: string): Promise<void>;
  close(): Promise<void>;
}
