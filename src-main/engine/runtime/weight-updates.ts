import type { Graph, GraphNode, TensorSymbol } from "../graph/graph.ts";
import { add, addAll, divide, fill, maximum, multiply } from "../graph/operations/arithmetic.ts";
import { halfSumOfSquares } from "../graph/operations/reduction.ts";
import { addToVariable, afterAll, assignVariable, readVariable } from "../graph/operations/variables.ts";
import type { Variable } from "../graph/operations/variables.ts";
import type { NamedWeight } from "../models/model.ts";
import { clipGradients, globalNorm } from "../optimizers/clip-gradients.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { GradientRules } from "../port.ts";
import type { ModelVariables } from "./model-variables.ts";

/** Where checkpoints keep what an optimizer remembers. */
export const OPTIMIZER_PREFIX = "optimizer/";
/** Sums of gradients between two updates; zero whenever a checkpoint is written, so they aren't in it. */
export const ACCUMULATOR_PREFIX = "accumulator/";

/** A weight with the variable that holds it. */
export interface HeldWeight extends NamedWeight {
  readonly variable: Variable;
}

/** How gradients become updates. */
export interface UpdateSettings {
  readonly optimizer: Optimizer;
  readonly rules: GradientRules;
  readonly learningRate: TensorSymbol;
  readonly perStep: readonly TensorSymbol[];
}

/** Sums of gradients, and the runs that use them up. */
export interface Accumulation {
  /** The nodes that add one batch's gradients to the sums. */
  readonly added: readonly GraphNode[];
  /** Not finite where one of the batch's gradients isn't. */
  readonly norm: TensorSymbol;
  /** Fetched alone: changes the weights by the mean over all pixels added, and begins anew. */
  readonly apply: TensorSymbol;
  /** Fetched alone: begins anew without any change. */
  readonly discard: TensorSymbol;
}

/** `l2` times the sum of squares of these kernels, as Keras' `kernel_regularizer` has it (frozen ones don't count); null where there is none. */
export function kernelPenalty(
  graph: Graph,
  l2: number,
  kernels: readonly TensorSymbol[],
): TensorSymbol | null {
  return l2 === 0 || kernels.length === 0
    ? null
    : multiply(
        graph,
        addAll(
          graph,
          kernels.map((kernel) => halfSumOfSquares(graph, kernel)),
        ),
        2 * l2,
      );
}

/** Whether L2 regularization is about this weight. */
export function isKernel({ name, trainable }: Pick<NamedWeight, "name" | "trainable">): boolean {
  return trainable && name === "kernel";
}

/**
 * Adds the optimizer's updates of `weights`, whose values this step are `values`. Each waits for all nodes that read the old value: it overwrites it in
 * place, which TensorFlow only does when nobody else holds it.
 */
export function addUpdates(
  graph: Graph,
  variables: ModelVariables,
  weights: readonly HeldWeight[],
  values: readonly TensorSymbol[],
  gradients: readonly TensorSymbol[],
  { optimizer, rules, learningRate, perStep }: UpdateSettings,
): GraphNode[] {
  const regularized = weights.map((weight, index) => {
    const gradient = gradients[index] as TensorSymbol;
    return rules.l2 > 0 && isKernel(weight)
      ? add(graph, gradient, multiply(graph, values[index] as TensorSymbol, 2 * rules.l2))
      : gradient;
  });
  const clipped = clipGradients(graph, regularized, rules.clipping);
  const consumers = consumersOf(graph, values);
  return graph.inScope("update", () =>
    weights.map(({ fullName, variable }, index) => {
      const value = values[index] as TensorSymbol;
      return optimizer.update({
        graph,
        variable,
        value,
        gradient: clipped[index] as TensorSymbol,
        slots: optimizer.slots.map((slot) =>
          variables.declare(`${OPTIMIZER_PREFIX}${slot}/${fullName}`, variable.shape),
        ),
        learningRate,
        perStep,
        controls: consumers.get(value) ?? [],
      });
    }),
  );
}

/**
 * Adds sums of gradients, weighted by how many pixels each batch counted, so that their mean is the gradient of one large batch for every loss that is a
 * mean over pixels. For the overlap losses, which are ratios over a batch, it is the mean of the batches' gradients.
 */
export function addAccumulation(
  graph: Graph,
  variables: ModelVariables,
  weights: readonly HeldWeight[],
  gradients: readonly TensorSymbol[],
  validCount: TensorSymbol,
  settings: UpdateSettings,
): Accumulation {
  const sums = weights.map(({ fullName, variable }) =>
    variables.declare(`${ACCUMULATOR_PREFIX}${fullName}`, variable.shape),
  );
  const pixels = variables.declare(`${ACCUMULATOR_PREFIX}pixels`, []);
  const added = [
    ...sums.map((sum, index) =>
      addToVariable(graph, sum, multiply(graph, gradients[index] as TensorSymbol, validCount)),
    ),
    addToVariable(graph, pixels, validCount),
  ];
  const norm = globalNorm(graph, gradients);

  const apply = graph.inScope("apply", () => {
    const totals = sums.map((sum) => readVariable(graph, sum));
    const count = readVariable(graph, pixels);
    const values = weights.map(({ variable }) => readVariable(graph, variable));
    const divisor = maximum(graph, count, 1);
    const means = totals.map((total) => divide(graph, total, divisor));
    const updated = addUpdates(graph, variables, weights, values, means, settings);
    const emptied = [...sums, pixels].map((sum, index) =>
      assignVariable(graph, sum, fill(graph, sum.shape, 0), [(totals[index] ?? count).node]),
    );
    return afterAll(graph, graph.constant(0), [...updated, ...emptied], "applied");
  });
  const discard = graph.inScope("discard", () =>
    afterAll(
      graph,
      graph.constant(0),
      [...sums, pixels].map((sum) => assignVariable(graph, sum, fill(graph, sum.shape, 0))),
      "discarded",
    ),
  );
  return { added, norm, apply, discard };
}

/** The nodes that take each of some symbols as input. */
function consumersOf(graph: Graph, symbols: readonly TensorSymbol[]): ReadonlyMap<TensorSymbol, GraphNode[]> {
  const consumers = new Map<TensorSymbol, GraphNode[]>(symbols.map((symbol) => [symbol, []]));
  for (const node of graph.nodes) {
    for (const input of node.inputs) {
      consumers.get(input)?.push(node);
    }
  }
  return consumers;
}
