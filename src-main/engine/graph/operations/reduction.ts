import { attribute } from "../attributes.ts";
import { sameShape } from "../data-type.ts";
import type { Shape } from "../data-type.ts";
import type { GradientRules } from "../gradients.ts";
import { inputOf } from "../graph.ts";
import type { Graph, TensorSymbol } from "../graph.ts";
import { reshape } from "./shape.ts";

/** Sums over `axes` (all of them by default), which disappear from the shape. */
export function sum(graph: Graph, input: TensorSymbol, axes?: readonly number[]): TensorSymbol {
  const over = axes ?? input.shape.map((_, axis) => axis);
  return graph.symbol("Sum", {
    inputs: [input, graph.constant(over, "int32")],
    attributes: {
      T: attribute.type(input.dataType),
      Tidx: attribute.type("int32"),
      keep_dims: attribute.boolean(false),
    },
    shape: input.shape.filter((_, axis) => !over.includes(axis)),
    dataType: input.dataType,
  });
}

/** Half the sum of squares of all elements. No gradient. */
export function halfSumOfSquares(graph: Graph, input: TensorSymbol): TensorSymbol {
  return graph.symbol("L2Loss", {
    inputs: [input],
    attributes: { T: attribute.type(input.dataType) },
    shape: [],
    dataType: input.dataType,
  });
}

/** Repeats axes of size 1 up to `shape`; both have the same rank. */
export function broadcastTo(graph: Graph, input: TensorSymbol, shape: Shape): TensorSymbol {
  if (sameShape(input.shape, shape)) {
    return input;
  }
  return graph.symbol("BroadcastTo", {
    inputs: [input, graph.constant(shape, "int32", [shape.length])],
    attributes: { T: attribute.type(input.dataType), Tidx: attribute.type("int32") },
    shape,
    dataType: input.dataType,
  });
}

/** The index of the largest element along the last axis, int32. */
export function indexOfLargest(graph: Graph, input: TensorSymbol): TensorSymbol {
  const axis = input.shape.length - 1;
  return graph.symbol("ArgMax", {
    inputs: [input, graph.constant(axis, "int32")],
    attributes: {
      T: attribute.type(input.dataType),
      Tidx: attribute.type("int32"),
      output_type: attribute.type("int32"),
    },
    shape: input.shape.slice(0, axis),
    dataType: "int32",
  });
}

/** How often each of 0…size-1 occurs in a flat int32 tensor; numbers outside are not counted. */
export function countOccurrences(graph: Graph, values: TensorSymbol, size: number): TensorSymbol {
  const noWeights = graph.symbol("Const", {
    shape: [0],
    dataType: "int32",
    name: "noWeights",
    attributes: {
      dtype: attribute.type("int32"),
      value: attribute.tensor({ dataType: "int32", shape: [0], bytes: new Uint8Array(0) }),
    },
  });
  return graph.symbol("DenseBincount", {
    inputs: [values, graph.constant(size, "int32"), noWeights],
    attributes: {
      Tidx: attribute.type("int32"),
      T: attribute.type("int32"),
      binary_output: attribute.boolean(false),
    },
    shape: [size],
    dataType: "int32",
  });
}

/** Gradients of sums and of their opposite. */
export const reductionGradients: GradientRules = {
  BroadcastTo: ({ graph, node, outputGradients: [gradient] }) => {
    const input = inputOf(node, 0);
    if (!gradient) {
      return [];
    }
    const axes = gradient.shape
      .map((_, axis) => axis)
      .filter((axis) => input.shape[axis] !== gradient.shape[axis]);
    return [reshape(graph, sum(graph, gradient, axes), input.shape)];
  },
  Sum: ({ graph, node, outputGradients: [gradient] }) => {
    const input = inputOf(node, 0);
    if (!gradient) {
      return [];
    }
    // The summed axes come back with size 1: those of the input that the output lacks.
    const kept = summedShape(input.shape, inputOf(node, 1));
    return [broadcastTo(graph, reshape(graph, gradient, kept), input.shape), null];
  },
};

function summedShape(shape: readonly number[], axes: TensorSymbol): number[] {
  const value = axes.node.attributes["value"];
  if (value?.kind !== "tensor") {
    throw new Error(`The axes of ${axes.node.name} must be a constant.`);
  }
  const bytes = value.value.bytes.slice();
  const over = [...new Int32Array(bytes.buffer)];
  return shape.map((size, axis) => (over.includes(axis) ? 1 : size));
}
