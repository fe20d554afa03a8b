import { attribute } from "../attributes.ts";
import { outputOf } from "../graph.ts";
import type { Graph, TensorSymbol } from "../graph.ts";
import { reshape } from "./shape.ts";

/** Each row of a matrix from its largest number to its smallest, and where each number was (int32); equal ones keep their order. No gradient. */
export function sortRowsDescending(
  graph: Graph,
  input: TensorSymbol,
): { readonly values: TensorSymbol; readonly indices: TensorSymbol } {
  const [, columns = 0] = input.shape;
  const node = graph.add("TopKV2", {
    inputs: [input, graph.constant(columns, "int32")],
    attributes: {
      T: attribute.type("float32"),
      Tk: attribute.type("int32"),
      index_type: attribute.type("int32"),
      sorted: attribute.boolean(true),
    },
    outputs: [
      { shape: input.shape, dataType: "float32" },
      { shape: input.shape, dataType: "int32" },
    ],
  });
  return { values: outputOf(node, 0), indices: outputOf(node, 1) };
}

/** Sums along each row of a matrix, each element with all before it. No gradient. */
export function cumulativeSum(graph: Graph, input: TensorSymbol): TensorSymbol {
  return graph.symbol("Cumsum", {
    inputs: [input, graph.constant(1, "int32")],
    attributes: {
      T: attribute.type("float32"),
      Tidx: attribute.type("int32"),
      exclusive: attribute.boolean(false),
      reverse: attribute.boolean(false),
    },
    shape: input.shape,
    dataType: "float32",
  });
}

/** A flat tensor of `size` with `values[n]` at `indices[n]`, each index once. No gradient. */
export function putAt(graph: Graph, values: TensorSymbol, indices: TensorSymbol, size: number): TensorSymbol {
  const [count = 0] = indices.shape;
  return graph.symbol("ScatterNd", {
    inputs: [reshape(graph, indices, [count, 1]), values, graph.constant([size], "int32")],
    attributes: { T: attribute.type("float32"), Tindices: attribute.type("int32") },
    shape: [size],
    dataType: "float32",
  });
}
