import { attribute } from "../attributes.ts";
import { elementCount, sameShape } from "../data-type.ts";
import type { Shape } from "../data-type.ts";
import type { GradientRules } from "../gradients.ts";
import { inputOf } from "../graph.ts";
import type { Graph, GraphNode, TensorSymbol } from "../graph.ts";

/** The same elements in another shape. */
export function reshape(graph: Graph, input: TensorSymbol, shape: Shape): TensorSymbol {
  if (sameShape(input.shape, shape)) {
    return input;
  }
  if (elementCount(input.shape) !== elementCount(shape)) {
    throw new Error(`A tensor of shape [${input.shape.join(", ")}] can't become [${shape.join(", ")}].`);
  }
  return graph.symbol("Reshape", {
    inputs: [input, graph.constant(shape, "int32", [shape.length])],
    attributes: { T: attribute.type(input.dataType), Tshape: attribute.type("int32") },
    shape,
    dataType: input.dataType,
  });
}

/** Joins tensors along an axis; the other axes have the same sizes. */
export function concatenate(graph: Graph, inputs: readonly TensorSymbol[], axis: number): TensorSymbol {
  const [first] = inputs;
  if (first === undefined) {
    throw new Error("Nothing to concatenate.");
  }
  const size = inputs.reduce((total, input) => total + (input.shape[axis] ?? 0), 0);
  return graph.symbol("ConcatV2", {
    inputs: [...inputs, graph.constant(axis, "int32")],
    attributes: {
      N: attribute.integer(inputs.length),
      T: attribute.type(first.dataType),
      Tidx: attribute.type("int32"),
    },
    shape: first.shape.map((other, index) => (index === axis ? size : other)),
    dataType: first.dataType,
  });
}

/** A tensor's sizes when the graph runs, int32. */
export function shapeOf(graph: Graph, input: TensorSymbol): TensorSymbol {
  return graph.symbol("Shape", {
    inputs: [input],
    attributes: { T: attribute.type(input.dataType), out_type: attribute.type("int32") },
    shape: [input.shape.length],
    dataType: "int32",
  });
}

/** The block of `size` that begins at `begin`. */
export function slice(graph: Graph, input: TensorSymbol, begin: Shape, size: Shape): TensorSymbol {
  return graph.symbol("Slice", {
    inputs: [input, graph.constant(begin, "int32"), graph.constant(size, "int32")],
    attributes: { T: attribute.type(input.dataType), Index: attribute.type("int32") },
    shape: size,
    dataType: input.dataType,
  });
}

/** Rows become columns. */
export function transposeMatrix(graph: Graph, input: TensorSymbol): TensorSymbol {
  return permuteAxes(graph, input, [1, 0]);
}

/** Puts the axes in another order: axis `order[i]` of the input becomes axis `i`. */
export function permuteAxes(graph: Graph, input: TensorSymbol, order: readonly number[]): TensorSymbol {
  return graph.symbol("Transpose", {
    inputs: [input, graph.constant(order, "int32")],
    attributes: { T: attribute.type(input.dataType), Tperm: attribute.type("int32") },
    shape: order.map((axis) => input.shape[axis] ?? 0),
    dataType: input.dataType,
  });
}

/** Adds zeros around: `[before, after]` for each axis, after `controls` have run. */
export function pad(
  graph: Graph,
  input: TensorSymbol,
  paddings: readonly (readonly [number, number])[],
  controls: readonly GraphNode[] = [],
): TensorSymbol {
  return graph.symbol("Pad", {
    inputs: [input, graph.constant(paddings.flat(), "int32", [paddings.length, 2])],
    controls,
    attributes: { T: attribute.type(input.dataType), Tpaddings: attribute.type("int32") },
    shape: input.shape.map((size, axis) => size + (paddings[axis]?.[0] ?? 0) + (paddings[axis]?.[1] ?? 0)),
    dataType: input.dataType,
  });
}

/** Rows of a table (its first axis) by int32 index, after `controls` have run. No gradient rule. */
export function lookUp(
  graph: Graph,
  table: TensorSymbol,
  indices: TensorSymbol,
  controls: readonly GraphNode[] = [],
): TensorSymbol {
  return graph.symbol("GatherV2", {
    inputs: [table, indices, graph.constant(0, "int32")],
    controls,
    attributes: {
      Tparams: attribute.type(table.dataType),
      Tindices: attribute.type("int32"),
      Taxis: attribute.type("int32"),
      batch_dims: attribute.integer(0),
    },
    shape: [...indices.shape, ...table.shape.slice(1)],
    dataType: table.dataType,
  });
}

/** A new last axis of `depth` with a 1 at each int32 index; all zeros for an index outside. */
export function oneHot(graph: Graph, indices: TensorSymbol, depth: number): TensorSymbol {
  return graph.symbol("OneHot", {
    inputs: [indices, graph.constant(depth, "int32"), graph.constant(1), graph.constant(0)],
    attributes: { T: attribute.type("float32"), TI: attribute.type("int32"), axis: attribute.integer(-1) },
    shape: [...indices.shape, depth],
    dataType: "float32",
  });
}

/** Four bytes read as one int32 and back: the session can hand out int32 but not uint8. The last axis is 4. */
export function packBytes(graph: Graph, input: TensorSymbol): TensorSymbol {
  return graph.symbol("Bitcast", {
    inputs: [input],
    attributes: { T: attribute.type("uint8"), type: attribute.type("int32") },
    shape: input.shape.slice(0, -1),
    dataType: "int32",
  });
}

/** Exchanges the last two axes of a four-dimensional tensor. */
export function exchangeLastAxes(graph: Graph, input: TensorSymbol): TensorSymbol {
  return permuteAxes(graph, input, [0, 1, 3, 2]);
}

/** Gradients of the operations that only move elements. */
export const shapeGradients: GradientRules = {
  Reshape: ({ graph, node, outputGradients: [gradient] }) => [
    gradient ? reshape(graph, gradient, inputOf(node, 0).shape) : null,
  ],
  ConcatV2: ({ graph, node, outputGradients: [gradient], wanted }) => {
    if (!gradient) {
      return [];
    }
    const parts = node.inputs.slice(0, -1);
    const axis = gradient.shape.findIndex((size, index) => size !== parts[0]?.shape[index]);
    if (axis === -1) {
      return [gradient];
    }
    let offset = 0;
    return parts.map((part, index) => {
      const begin = part.shape.map((_, other) => (other === axis ? offset : 0));
      offset += part.shape[axis] ?? 0;
      return wanted[index] ? slice(graph, gradient, begin, part.shape) : null;
    });
  },
  Transpose: ({ graph, node, outputGradients: [gradient] }) => {
    const order = inputOf(node, 1).node.attributes["value"];
    if (!gradient || order?.kind !== "tensor") {
      return [];
    }
    const axes = [...new Int32Array(order.value.bytes.slice().buffer)];
    const back = axes.map((_, axis) => axes.indexOf(axis));
    return [permuteAxes(graph, gradient, back)];
  },
  Pad: ({ graph, node, outputGradients: [gradient] }) => {
    const paddings = inputOf(node, 1).node.attributes["value"];
    if (!gradient || paddings?.kind !== "tensor") {
      return [];
    }
    const numbers = new Int32Array(paddings.value.bytes.slice().buffer);
    const shape = inputOf(node, 0).shape;
    return [
      slice(
        graph,
        gradient,
        shape.map((_, axis) => numbers[axis * 2] ?? 0),
        shape,
      ),
    ];
  },
  Slice: ({ graph, node, outputGradients: [gradient] }) => {
    const begin = inputOf(node, 1).node.attributes["value"];
    if (!gradient || begin?.kind !== "tensor") {
      return [];
    }
    const offsets = new Int32Array(begin.value.bytes.slice().buffer);
    return [
      pad(
        graph,
        gradient,
        inputOf(node, 0).shape.map((size, axis): [number, number] => {
          const before = offsets[axis] ?? 0;
          return [before, size - before - (gradient.shape[axis] ?? 0)];
        }),
      ),
    ];
  },
};
