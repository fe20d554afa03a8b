import type { LossParameter } from "#shared/training/training-settings.ts";
import type { Graph, TensorSymbol } from "../graph/graph.ts";

/** What a loss is given; `pixels` is batch × height × width. */
export interface LossInput {
  readonly graph: Graph;
  /** `[pixels, classes]`, before the softmax. */
  readonly logits: TensorSymbol;
  /** Softmax of the logits, added to the graph when first asked for. */
  probabilities(): TensorSymbol;
  /** int32 `[pixels]`: the true class, any valid index where `valid` is 0. */
  readonly classIndices: TensorSymbol;
  /** float32 `[pixels, classes]`: 1 at the true class, all 0 where `valid` is 0. */
  truth(): TensorSymbol;
  /** float32 `[pixels]`: 1 for a pixel that counts, 0 otherwise. */
  readonly valid: TensorSymbol;
  /** Scalar: how many pixels count, at least 1, so that one may divide by it. */
  readonly validCount: TensorSymbol;
  /** float32 `[pixels]`: the factor of the pixel's true class, 0 where `valid` is 0. */
  readonly classWeight: TensorSymbol;
  readonly classes: number;
}

/** The value of one of a loss's own parameters: what was chosen, else its default. */
export type ParameterValue = (id: string) => number;

/** A loss that one can choose by its id. Pixels that don't count must add nothing to its value or gradient. */
export interface Loss {
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** One sentence: what it does, with its source. */
  readonly summary: string;
  /** The numbers that it takes, with the paper's as defaults. */
  readonly parameters: readonly LossParameter[];
  /** The loss as a scalar. */
  build(input: LossInput, parameter: ParameterValue): TensorSymbol;
}
