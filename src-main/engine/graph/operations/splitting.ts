import { attribute } from "../attributes.ts";
import type { GradientRules } from "../gradients.ts";
import { inputOf } from "../graph.ts";
import type { Graph, TensorSymbol } from "../graph.ts";
import { fill } from "./arithmetic.ts";
import { concatenate } from "./shape.ts";

/** Cuts a tensor into parts of these sizes along an axis. */
export function split(
  graph: Graph,
  input: TensorSymbol,
  sizes: readonly number[],
  axis: number,
): readonly TensorSymbol[] {
  if (sizes.reduce((total, size) => total + size, 0) !== input.shape[axis]) {
    throw new Error(
      `A tensor of shape [${input.shape.join()}] can't be cut into ${sizes.join(" + ")} along axis ${axis}.`,
    );
  }
  if (sizes.length === 1) {
    return [input];
  }
  const { outputs } = graph.add("SplitV", {
    inputs: [input, graph.constant(sizes, "int32"), graph.constant(axis, "int32")],
    attributes: {
      T: attribute.type(input.dataType),
      Tlen: attribute.type("int32"),
      num_split: attribute.integer(sizes.length),
    },
    outputs: sizes.map((size) => ({
      shape: input.shape.map((other, index) => (index === axis ? size : other)),
      dataType: input.dataType,
    })),
  });
  return outputs;
}

/** The gradient of cutting: the parts' gradients side by side. */
export const splittingGradients: GradientRules = {
  SplitV: ({ graph, node, outputGradients }) => {
    const axis = inputOf(node, 2).node.attributes["value"];
    if (axis?.kind !== "tensor") {
      return [];
    }
    const parts = outputGradients.map(
      (gradient, index) => gradient ?? fill(graph, node.outputs[index]?.shape ?? [], 0),
    );
    return [concatenate(graph, parts, new Int32Array(axis.value.bytes.slice().buffer)[0] ?? 0)];
  },
};
