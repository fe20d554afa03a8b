import type { Graph, GraphNode, TensorSymbol } from "./graph.ts";
import { isFloating } from "./data-type.ts";
import { gradientRules } from "./operations/gradient-rules.ts";
import { addAll, onesOf } from "./operations/arithmetic.ts";

/** What a gradient rule is given. */
export interface GradientContext {
  readonly graph: Graph;
  readonly node: GraphNode;
  /** The loss's gradient with respect to each output of the node; null where the loss doesn't depend on it. */
  readonly outputGradients: readonly (TensorSymbol | null)[];
  /** For each input, whether anyone wants its gradient: the rest may be null. */
  readonly wanted: readonly boolean[];
}

/** Adds the nodes that compute a node's input gradients; null for an input that has none. */
export type GradientRule = (context: GradientContext) => readonly (TensorSymbol | null)[];

export type GradientRules = Readonly<Record<string, GradientRule>>;

/**
 * Adds the nodes that compute the derivatives of `loss` (a scalar) with respect to `targets`, by reverse accumulation.
 * Throws when a target has no influence on the loss, or an operation in between has no rule.
 */
export function addGradients(
  graph: Graph,
  loss: TensorSymbol,
  targets: readonly TensorSymbol[],
): TensorSymbol[] {
  const forward = graph.nodes.slice(0, graph.nodes.indexOf(loss.node) + 1);
  const influenced = symbolsInfluencedBy(graph, forward, targets);
  const contributions = new Map<TensorSymbol, TensorSymbol[]>([[loss, [onesOf(graph, loss.shape)]]]);

  function contribute(symbol: TensorSymbol, gradient: TensorSymbol | null | undefined): void {
    if (gradient === null || gradient === undefined || !influenced.has(symbol)) {
      return;
    }
    const list = contributions.get(symbol);
    if (list === undefined) {
      contributions.set(symbol, [gradient]);
    } else {
      list.push(gradient);
    }
  }

  function gradientOf(symbol: TensorSymbol): TensorSymbol | null {
    const list = contributions.get(symbol);
    if (list === undefined) {
      return null;
    }
    const total = list.length === 1 ? (list[0] as TensorSymbol) : addAll(graph, list);
    contributions.set(symbol, [total]);
    return total;
  }

  for (const node of forward.toReversed()) {
    if (!node.outputs.some((output) => influenced.has(output))) {
      continue;
    }
    const outputGradients = node.outputs.map(gradientOf);
    if (outputGradients.every((gradient) => gradient === null)) {
      continue;
    }
    graph.inScope("gradient", () => {
      const output = node.outputs[0];
      const override = output === undefined ? undefined : graph.gradientOverride(output);
      if (override !== undefined && outputGradients[0] !== null && outputGradients[0] !== undefined) {
        const gradients = override.rule(outputGradients[0]);
        override.sources.forEach((source, index) => {
          contribute(source, gradients[index]);
        });
        return;
      }
      const wanted = node.inputs.map((input) => influenced.has(input));
      if (!wanted.includes(true)) {
        return;
      }
      const rule = gradientRules[node.operation];
      if (rule === undefined) {
        throw new Error(`There is no gradient rule for ${node.operation} (node ${node.name}).`);
      }
      const gradients = rule({ graph, node, outputGradients, wanted });
      node.inputs.forEach((input, index) => {
        contribute(input, gradients[index]);
      });
    });
  }
  return targets.map((target) => {
    const gradient = gradientOf(target);
    if (gradient === null) {
      throw new Error(`The loss doesn't depend on ${target.node.name}.`);
    }
    return gradient;
  });
}

/** All symbols of differentiable type that a change of `targets` can change. */
function symbolsInfluencedBy(
  graph: Graph,
  nodes: readonly GraphNode[],
  targets: readonly TensorSymbol[],
): ReadonlySet<TensorSymbol> {
  const influenced = new Set<TensorSymbol>(targets);
  for (const node of nodes) {
    for (const output of node.outputs) {
      const sources = graph.gradientOverride(output)?.sources ?? node.inputs;
      if (isFloating(output.dataType) && sources.some((source) => influenced.has(source))) {
        influenced.add(output);
      }
    }
  }
  return influenced;
}
