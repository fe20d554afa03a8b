import { attribute } from "../attributes.ts";
import type { Shape } from "../data-type.ts";
import { outputOf } from "../graph.ts";
import type { Graph, GraphNode, TensorSymbol } from "../graph.ts";

/** Numbers that live in the session from one run to the next. */
export interface Variable {
  readonly name: string;
  readonly shape: Shape;
  readonly handle: TensorSymbol;
}

/** Declares a float32 variable; it holds nothing until it is assigned. */
export function declareVariable(graph: Graph, name: string, shape: Shape): Variable {
  const handle = outputOf(
    graph.add("VarHandleOp", {
      name,
      attributes: {
        dtype: attribute.type("float32"),
        shape: attribute.shape(shape),
        container: attribute.text(""),
        shared_name: attribute.text(name),
      },
      outputs: [{ shape: [], dataType: "resource" }],
    }),
  );
  return { name, shape, handle };
}

/** A variable's value at this point of the run. */
export function readVariable(
  graph: Graph,
  variable: Variable,
  controls: readonly GraphNode[] = [],
): TensorSymbol {
  return graph.symbol("ReadVariableOp", {
    inputs: [variable.handle],
    controls,
    attributes: { dtype: attribute.type("float32") },
    shape: variable.shape,
    dataType: "float32",
    name: `${variable.name}/read`,
  });
}

/** Replaces a variable's value. */
export function assignVariable(
  graph: Graph,
  variable: Variable,
  value: TensorSymbol,
  controls: readonly GraphNode[] = [],
): GraphNode {
  return graph.add("AssignVariableOp", {
    inputs: [variable.handle, value],
    controls,
    attributes: { dtype: attribute.type("float32"), validate_shape: attribute.boolean(false) },
    name: `${variable.name}/assign`,
  });
}

/** Adds to a variable's value in place. */
export function addToVariable(graph: Graph, variable: Variable, value: TensorSymbol): GraphNode {
  return graph.add("AssignAddVariableOp", {
    inputs: [variable.handle, value],
    attributes: { dtype: attribute.type("float32") },
    name: `${variable.name}/add`,
  });
}

/**
 * A copy of a fed tensor. A variable assigned a fed tensor itself would go on using JavaScript's memory, and give it back
 * from a thread of TensorFlow's, which Node doesn't survive.
 */
export function copyOf(graph: Graph, input: TensorSymbol): TensorSymbol {
  return graph.symbol("DeepCopy", {
    inputs: [input],
    attributes: { T: attribute.type(input.dataType) },
    shape: input.shape,
    dataType: input.dataType,
  });
}

/** `input`, handed on once all of `controls` have run: fetching it runs them. */
export function afterAll(
  graph: Graph,
  input: TensorSymbol,
  controls: readonly GraphNode[],
  name: string,
): TensorSymbol {
  return graph.symbol("Identity", {
    inputs: [input],
    controls,
    attributes: { T: attribute.type(input.dataType) },
    shape: input.shape,
    dataType: input.dataType,
    name,
  });
}
