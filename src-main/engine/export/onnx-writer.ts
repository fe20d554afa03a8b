import { ProtobufWriter } from "../graph/protobuf.ts";

/** An attribute of an ONNX node. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** One ONNX operation: inputs and outputs by name. */
export interface OnnxNode {
  readonly operation: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A constant tensor, row-major. */
export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** What goes in or comes out; the first size is open and called `batch`. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly ["batch", ...number[]];
}

/** An ONNX file's graph with what it says about itself (`ModelProto`). */
export interface OnnxModel {
  readonly producerName: string;
  readonly producerVersion: string;
  readonly description: string;
  readonly nodes: readonly OnnxNode[];
  readonly tensors: readonly OnnxTensor[];
  readonly input: OnnxValue;
  readonly output: OnnxValue;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's version and its operations' (ONNX 1.12), old enough for any runtime in use. */
const IR_VERSION = 8;
const OPSET_VERSION = 17;

const FLOAT = 1;
const attributeTypes = { float: 1, integer: 2, text: 3, integers: 7 } as const;

/** The bytes of an `.onnx` file (`onnx/onnx.proto`), all tensors float32. */
export function serializeOnnx(model: OnnxModel): Uint8Array {
  return new ProtobufWriter()
    .integer(1, IR_VERSION)
    .text(2, model.producerName)
    .text(3, model.producerVersion)
    .text(6, model.description)
    .message(7, (graph) => {
      graph
        .repeated(1, model.nodes, writeNode)
        .text(2, "orthomask")
        .repeated(5, model.tensors, writeTensor)
        .repeated(11, [model.input], writeValue)
        .repeated(12, [model.output], writeValue);
    })
    .message(8, (opset) => opset.text(1, "").integer(2, OPSET_VERSION))
    .repeated(14, Object.entries(model.metadata), (entry, [key, value]) => entry.text(1, key).text(2, value))
    .finish();
}

function writeNode(writer: ProtobufWriter, { operation, name, inputs, outputs, attributes }: OnnxNode): void {
  for (const input of inputs) {
    writer.text(1, input);
  }
  for (const output of outputs) {
    writer.text(2, output);
  }
  writer.text(3, name).text(4, operation);
  for (const [key, value] of Object.entries(attributes)) {
    writer.message(5, (attribute) => {
      attribute.text(1, key);
      if (typeof value === "number") {
        attribute.integer(3, value).integer(20, attributeTypes.integer);
      } else if (typeof value === "string") {
        attribute.text(4, value).integer(20, attributeTypes.text);
      } else if ("float" in value) {
        attribute.float(2, value.float).integer(20, attributeTypes.float);
      } else {
        for (const item of value) {
          attribute.integer(8, item);
        }
        attribute.integer(20, attributeTypes.integers);
      }
    });
  }
}

function writeTensor(writer: ProtobufWriter, { name, shape, values }: OnnxTensor): void {
  for (const size of shape) {
    writer.integer(1, size);
  }
  writer.integer(2, FLOAT).text(8, name);
  writer.bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

function writeValue(writer: ProtobufWriter, { name, shape }: OnnxValue): void {
  writer.text(1, name).message(2, (type) =>
    type.message(1, (tensor) =>
      tensor.integer(1, FLOAT).message(2, (sizes) => {
        for (const size of shape) {
          sizes.message(1, (dimension) =>
            typeof size === "number" ? dimension.integer(1, size) : dimension.text(2, size),
          );
        }
      }),
    ),
  );
}
