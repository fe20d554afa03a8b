import type { DataType, Shape } from "./data-type.ts";

/** A constant's value as it is written into the graph: little-endian bytes, row-major. */
export interface ConstantValue {
  readonly dataType: DataType;
  readonly shape: Shape;
  readonly bytes: Uint8Array;
}

/** An attribute of a TensorFlow operation (`AttrValue`). */
export type Attribute =
  | { readonly kind: "type"; readonly value: DataType }
  | { readonly kind: "integer"; readonly value: number }
  | { readonly kind: "integers"; readonly value: readonly number[] }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "shape"; readonly value: Shape }
  | { readonly kind: "tensor"; readonly value: ConstantValue };

export type Attributes = Readonly<Record<string, Attribute>>;

/** Makes attributes, named after their kinds: `attribute.type("float32")`. */
export const attribute = {
  type: (value: DataType): Attribute => ({ kind: "type", value }),
  integer: (value: number): Attribute => ({ kind: "integer", value }),
  integers: (value: readonly number[]): Attribute => ({ kind: "integers", value }),
  float: (value: number): Attribute => ({ kind: "float", value }),
  boolean: (value: boolean): Attribute => ({ kind: "boolean", value }),
  text: (value: string): Attribute => ({ kind: "text", value }),
  shape: (value: Shape): Attribute => ({ kind: "shape", value }),
  tensor: (value: ConstantValue): Attribute => ({ kind: "tensor", value }),
};
