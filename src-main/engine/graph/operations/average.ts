import { elementCount } from "../data-type.ts";
import type { Graph, TensorSymbol } from "../graph.ts";
import { multiply } from "./arithmetic.ts";
import { sum } from "./reduction.ts";

/** Averages over `axes` (all of them by default). */
export function mean(graph: Graph, input: TensorSymbol, axes?: readonly number[]): TensorSymbol {
  const total = sum(graph, input, axes);
  return multiply(graph, total, elementCount(total.shape) / elementCount(input.shape));
}
