import type { Graph, GraphNode, TensorSymbol } from "../graph/graph.ts";
import type { Variable } from "../graph/operations/variables.ts";

/** What an optimizer is given for one weight. */
export interface UpdateInput {
  readonly graph: Graph;
  readonly variable: Variable;
  /** Its value before the step. */
  readonly value: TensorSymbol;
  readonly gradient: TensorSymbol;
  /** The optimizer's own numbers for this weight, in the order of `slots`; zero at the start. */
  readonly slots: readonly Variable[];
  /** Scalar, fed. */
  readonly learningRate: TensorSymbol;
  /** Scalars that change with the step, in the order of `perStep`. */
  readonly perStep: readonly TensorSymbol[];
  /** Everything that still needs the old value: the update overwrites it in place. */
  readonly controls: readonly GraphNode[];
}

/** How gradients change weights. */
export interface Optimizer {
  readonly id: string;
  /** Names of what it keeps for each weight, as in checkpoints. */
  readonly slots: readonly string[];
  /** Numbers that depend on the step alone (counted from 1), worked out in double precision and fed. */
  readonly perStep: readonly { readonly name: string; readonly value: (step: number) => number }[];
  /** Adds the nodes that change the weight; the last of them is returned. */
  update(input: UpdateInput): GraphNode;
}
