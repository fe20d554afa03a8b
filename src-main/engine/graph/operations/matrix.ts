import { attribute } from "../attributes.ts";
import type { GradientRules } from "../gradients.ts";
import { inputOf } from "../graph.ts";
import type { Graph, GraphNode, TensorSymbol } from "../graph.ts";

/** How the matrices of a product lie; as they are by default. */
export interface MatrixProductOptions {
  /** Take the first (second) matrix with rows and columns exchanged. */
  readonly transposeFirst?: boolean;
  readonly transposeSecond?: boolean;
}

/** The product of two matrices, after `controls` have run. */
export function multiplyMatrices(
  graph: Graph,
  first: TensorSymbol,
  second: TensorSymbol,
  { transposeFirst = false, transposeSecond = false }: MatrixProductOptions = {},
  controls: readonly GraphNode[] = [],
): TensorSymbol {
  const [rows = 0, inner] = transposeFirst ? first.shape.toReversed() : first.shape;
  const [otherInner, columns = 0] = transposeSecond ? second.shape.toReversed() : second.shape;
  if (inner !== otherInner) {
    throw new Error(`Matrices with ${inner ?? 0} columns and ${otherInner ?? 0} rows can't be multiplied.`);
  }
  return graph.symbol("MatMul", {
    inputs: [first, second],
    controls,
    attributes: {
      T: attribute.type("float32"),
      transpose_a: attribute.boolean(transposeFirst),
      transpose_b: attribute.boolean(transposeSecond),
    },
    shape: [rows, columns],
    dataType: "float32",
  });
}

/** The products of two stacks of matrices, one by one: `[count, rows, inner]` and `[count, inner, columns]`. No gradient rule. */
export function multiplyMatricesEach(
  graph: Graph,
  first: TensorSymbol,
  second: TensorSymbol,
  { transposeFirst = false, transposeSecond = false }: MatrixProductOptions = {},
): TensorSymbol {
  const [count = 0, ...firstSides] = first.shape;
  const [otherCount, ...secondSides] = second.shape;
  const [rows = 0, inner] = transposeFirst ? firstSides.toReversed() : firstSides;
  const [otherInner, columns = 0] = transposeSecond ? secondSides.toReversed() : secondSides;
  if (count !== otherCount || inner !== otherInner) {
    throw new Error(`Matrices [${first.shape.join()}] and [${second.shape.join()}] can't be multiplied.`);
  }
  return graph.symbol("BatchMatMulV2", {
    inputs: [first, second],
    attributes: {
      T: attribute.type("float32"),
      adj_x: attribute.boolean(transposeFirst),
      adj_y: attribute.boolean(transposeSecond),
    },
    shape: [count, rows, columns],
    dataType: "float32",
  });
}

/** Gradients of matrix operations. */
export const matrixGradients: GradientRules = {
  MatMul: ({ graph, node, outputGradients: [gradient], wanted }) => {
    const [first, second] = [inputOf(node, 0), inputOf(node, 1)];
    const isTransposed = (name: string): boolean => {
      const value = node.attributes[name];
      return value?.kind === "boolean" && value.value;
    };
    if (isTransposed("transpose_a")) {
      throw new Error(`There is no gradient rule for ${node.name}, whose first matrix is transposed.`);
    }
    if (!gradient) {
      return [];
    }
    const transposeSecond = isTransposed("transpose_b");
    const [left, right] = transposeSecond ? [gradient, first] : [first, gradient];
    return [
      wanted[0] ? multiplyMatrices(graph, gradient, second, { transposeSecond: !transposeSecond }) : null,
      wanted[1] ? multiplyMatrices(graph, left, right, { transposeFirst: true }) : null,
    ];
  },
};
