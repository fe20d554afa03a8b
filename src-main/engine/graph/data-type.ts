/** The element types that our graphs use, with TensorFlow's number for each (`tensorflow/core/framework/types.proto`). */
export const dataTypeNumbers = {
  float32: 1,
  int32: 3,
  uint8: 4,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  uint16: 17,
  float16: 19,
  resource: 20,
} as const;

export type DataType = keyof typeof dataTypeNumbers;

/** Whether gradients pass through numbers of this type. */
export function isFloating(dataType: DataType): boolean {
  return dataType === "float32" || dataType === "float16" || dataType === "bfloat16";
}

/**
 * Sizes along each axis, outermost first; all known when the graph is built, but for the batch of an exported graph, which is -1.
 * `[]` is a scalar.
 */
export type Shape = readonly number[];

/** How many elements a tensor of `shape` has. */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Whether two shapes are the same. */
export function sameShape(first: Shape, second: Shape): boolean {
  return first.length === second.length && first.every((size, axis) => size === second[axis]);
}

/** The shape that element-wise operations give two operands (NumPy's broadcasting). Throws when they don't fit. */
export function broadcastShapes(first: Shape, second: Shape): Shape {
  const rank = Math.max(first.length, second.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = first[axis - rank + first.length] ?? 1;
    const right = second[axis - rank + second.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new Error(`Shapes [${first.join(", ")}] and [${second.join(", ")}] can't be broadcast together.`);
    }
    // Not the larger one: -1 stands for a size that is known only when the graph runs.
    return left === 1 ? right : left;
  });
}
