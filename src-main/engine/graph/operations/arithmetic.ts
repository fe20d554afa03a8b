import { attribute } from "../attributes.ts";
import { broadcastShapes, sameShape } from "../data-type.ts";
import type { DataType, Shape } from "../data-type.ts";
import type { GradientRules } from "../gradients.ts";
import { inputOf, outputOf } from "../graph.ts";
import type { Graph, TensorSymbol } from "../graph.ts";
import { sum } from "./reduction.ts";
import { reshape } from "./shape.ts";

type Operand = TensorSymbol | number;

/** A number becomes a constant of the other operand's type. */
function asSymbol(graph: Graph, operand: Operand, dataType: DataType): TensorSymbol {
  if (typeof operand !== "number") {
    return operand;
  }
  if (dataType !== "float32" && dataType !== "int32" && dataType !== "uint16") {
    throw new Error(`There are no constants of type ${dataType}.`);
  }
  return graph.constant(operand, dataType);
}

function binary(
  graph: Graph,
  operation: string,
  first: Operand,
  second: Operand,
  result?: DataType,
): TensorSymbol {
  const dataType = typeof first === "number" ? (second as TensorSymbol).dataType : first.dataType;
  const left = asSymbol(graph, first, dataType);
  const right = asSymbol(graph, second, dataType);
  if (left.dataType !== right.dataType) {
    throw new Error(`${operation} of ${left.dataType} and ${right.dataType}: the types must be the same.`);
  }
  return graph.symbol(operation, {
    inputs: [left, right],
    attributes: { T: attribute.type(dataType) },
    shape: broadcastShapes(left.shape, right.shape),
    dataType: result ?? dataType,
  });
}

function unary(graph: Graph, operation: string, input: TensorSymbol): TensorSymbol {
  return graph.symbol(operation, {
    inputs: [input],
    attributes: { T: attribute.type(input.dataType) },
    shape: input.shape,
    dataType: input.dataType,
  });
}

/** Element-wise operations with NumPy's broadcasting; a plain number stands for a constant. */
export function add(graph: Graph, first: Operand, second: Operand): TensorSymbol {
  return binary(graph, "AddV2", first, second);
}

/** `first - second`, element by element. */
export function subtract(graph: Graph, first: Operand, second: Operand): TensorSymbol {
  return binary(graph, "Sub", first, second);
}

/** `first * second`, element by element. */
export function multiply(graph: Graph, first: Operand, second: Operand): TensorSymbol {
  return binary(graph, "Mul", first, second);
}

/** `first / second`, element by element. */
export function divide(graph: Graph, first: Operand, second: Operand): TensorSymbol {
  return binary(graph, "RealDiv", first, second);
}

/** The larger of two, element by element; where they are equal the gradient goes to the first. */
export function maximum(graph: Graph, first: Operand, second: Operand): TensorSymbol {
  return binary(graph, "Maximum", first, second);
}

/** `base` to the power of a constant. The base must be positive where the exponent isn't a whole number. */
export function power(graph: Graph, base: TensorSymbol, exponent: number): TensorSymbol {
  return binary(graph, "Pow", base, exponent);
}

/** `first >= second` as bool, element by element. */
export function greaterEqual(graph: Graph, first: Operand, second: Operand): TensorSymbol {
  return binary(graph, "GreaterEqual", first, second, "bool");
}

/** `first > second` as bool, element by element. */
export function greater(graph: Graph, first: Operand, second: Operand): TensorSymbol {
  return binary(graph, "Greater", first, second, "bool");
}

/** `-input`. */
export function negate(graph: Graph, input: TensorSymbol): TensorSymbol {
  return unary(graph, "Neg", input);
}

/** The natural logarithm. */
export function log(graph: Graph, input: TensorSymbol): TensorSymbol {
  return unary(graph, "Log", input);
}

/** e to the power of each element. */
export function exponential(graph: Graph, input: TensorSymbol): TensorSymbol {
  return unary(graph, "Exp", input);
}

/** The square root of each element. */
export function squareRoot(graph: Graph, input: TensorSymbol): TensorSymbol {
  return unary(graph, "Sqrt", input);
}

/** The smaller of two, element by element. No gradient. */
export function minimum(graph: Graph, first: Operand, second: Operand): TensorSymbol {
  return binary(graph, "Minimum", first, second);
}

/** One over the square root of each element. */
export function reciprocalSquareRoot(graph: Graph, input: TensorSymbol): TensorSymbol {
  return unary(graph, "Rsqrt", input);
}

/** The same numbers as another type; gradients pass between floating types only. */
export function cast(graph: Graph, input: TensorSymbol, dataType: DataType): TensorSymbol {
  return graph.symbol("Cast", {
    inputs: [input],
    attributes: { SrcT: attribute.type(input.dataType), DstT: attribute.type(dataType) },
    shape: input.shape,
    dataType,
  });
}

/** The sum of tensors of one shape. */
export function addAll(graph: Graph, inputs: readonly TensorSymbol[]): TensorSymbol {
  const [first] = inputs;
  if (first === undefined) {
    throw new Error("Nothing to add up.");
  }
  return graph.symbol("AddN", {
    inputs,
    attributes: { N: attribute.integer(inputs.length), T: attribute.type(first.dataType) },
    shape: first.shape,
    dataType: first.dataType,
  });
}

/** A tensor of ones. */
export function onesOf(graph: Graph, shape: Shape): TensorSymbol {
  return fill(graph, shape, 1);
}

/** A float32 tensor with the same number everywhere. */
export function fill(graph: Graph, shape: Shape, value: number): TensorSymbol {
  if (shape.length === 0) {
    return graph.constant(value);
  }
  return graph.symbol("Fill", {
    inputs: [graph.constant(shape, "int32"), graph.constant(value)],
    attributes: { T: attribute.type("float32"), index_type: attribute.type("int32") },
    shape,
    dataType: "float32",
  });
}

/** Sums a gradient over the axes along which an operand of `shape` was broadcast. */
function unbroadcast(graph: Graph, gradient: TensorSymbol, shape: Shape): TensorSymbol {
  if (sameShape(gradient.shape, shape)) {
    return gradient;
  }
  const lead = gradient.shape.length - shape.length;
  const axes = gradient.shape
    .map((size, axis) => ({ size, axis }))
    .filter(({ size, axis }) => axis < lead || (shape[axis - lead] === 1 && size !== 1))
    .map(({ axis }) => axis);
  return reshape(graph, sum(graph, gradient, axes), shape);
}

/** Gradients of the element-wise operations. */
export const arithmeticGradients: GradientRules = {
  AddV2: ({ graph, node, outputGradients: [gradient] }) =>
    gradient ? node.inputs.map((input) => unbroadcast(graph, gradient, input.shape)) : [],
  AddN: ({ node, outputGradients: [gradient] }) => node.inputs.map(() => gradient ?? null),
  Sub: ({ graph, node, outputGradients: [gradient], wanted }) =>
    gradient
      ? [
          wanted[0] ? unbroadcast(graph, gradient, inputOf(node, 0).shape) : null,
          wanted[1] ? unbroadcast(graph, negate(graph, gradient), inputOf(node, 1).shape) : null,
        ]
      : [],
  Mul: ({ graph, node, outputGradients: [gradient], wanted }) => {
    const [first, second] = [inputOf(node, 0), inputOf(node, 1)];
    return gradient
      ? [
          wanted[0] ? unbroadcast(graph, multiply(graph, gradient, second), first.shape) : null,
          wanted[1] ? unbroadcast(graph, multiply(graph, gradient, first), second.shape) : null,
        ]
      : [];
  },
  RealDiv: ({ graph, node, outputGradients: [gradient], wanted }) => {
    const [first, second] = [inputOf(node, 0), inputOf(node, 1)];
    if (!gradient) {
      return [];
    }
    const byFirst = divide(graph, gradient, second);
    return [
      wanted[0] ? unbroadcast(graph, byFirst, first.shape) : null,
      wanted[1]
        ? unbroadcast(graph, negate(graph, multiply(graph, byFirst, outputOf(node))), second.shape)
        : null,
    ];
  },
  Maximum: ({ graph, node, outputGradients: [gradient], wanted }) => {
    const [first, second] = [inputOf(node, 0), inputOf(node, 1)];
    if (!gradient) {
      return [];
    }
    const firstWins = cast(graph, greaterEqual(graph, first, second), "float32");
    return [
      wanted[0] ? unbroadcast(graph, multiply(graph, gradient, firstWins), first.shape) : null,
      wanted[1]
        ? unbroadcast(graph, multiply(graph, gradient, subtract(graph, 1, firstWins)), second.shape)
        : null,
    ];
  },
  Pow: ({ graph, node, outputGradients: [gradient] }) => {
    const [base, exponent] = [inputOf(node, 0), inputOf(node, 1)];
    if (!gradient) {
      return [];
    }
    const oneLess = graph.symbol("Pow", {
      inputs: [base, subtract(graph, exponent, 1)],
      attributes: { T: attribute.type("float32") },
      shape: base.shape,
      dataType: "float32",
    });
    return [multiply(graph, gradient, multiply(graph, exponent, oneLess)), null];
  },
  Cast: ({ graph, node, outputGradients: [gradient] }) => [
    gradient ? cast(graph, gradient, inputOf(node, 0).dataType) : null,
  ],
  Neg: ({ graph, outputGradients: [gradient] }) => [gradient ? negate(graph, gradient) : null],
  Log: ({ graph, node, outputGradients: [gradient] }) => [
    gradient ? divide(graph, gradient, inputOf(node, 0)) : null,
  ],
  Exp: ({ graph, node, outputGradients: [gradient] }) => [
    gradient ? multiply(graph, gradient, outputOf(node)) : null,
  ],
  Rsqrt: ({ graph, node, outputGradients: [gradient] }) => {
    if (!gradient) {
      return [];
    }
    const root = outputOf(node);
    const cubed = multiply(graph, multiply(graph, root, root), root);
    return [multiply(graph, multiply(graph, gradient, cubed), -0.5)];
  },
};
