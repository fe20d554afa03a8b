import type { Attribute, ConstantValue } from "./attributes.ts";
import { dataTypeNumbers } from "./data-type.ts";
import type { Shape } from "./data-type.ts";
import type { Graph, GraphNode, TensorSymbol } from "./graph.ts";
import { ProtobufWriter } from "./protobuf.ts";

/** The graph format's version that our operations were checked against (TensorFlow 2.21 reads anything from 1 on). */
const GRAPH_PRODUCER_VERSION = 1882;

/** The tag under which the graph is stored and loaded. */
export const SAVED_MODEL_TAG = "serve";

/** What other programs feed and fetch, by the names they know it by. */
export interface ServingSignature {
  readonly inputs: Readonly<Record<string, TensorSymbol>>;
  readonly outputs: Readonly<Record<string, TensorSymbol>>;
}

/**
 * The bytes of `saved_model.pb` for a graph: the one form in which the tfjs binding takes a graph. It holds no variables folder: ours
 * feed their weights, and exported graphs have them as constants. Only those need a `signature`, TensorFlow's `serving_default`.
 */
export function serializeSavedModel(graph: Graph, signature?: ServingSignature): Uint8Array {
  return new ProtobufWriter()
    .integer(1, 1)
    .message(2, (meta) => {
      meta.message(1, (info) => info.text(4, SAVED_MODEL_TAG));
      meta.message(2, (definition) => {
        definition.repeated(1, graph.nodes, writeNode);
        definition.message(4, (versions) => versions.integer(1, GRAPH_PRODUCER_VERSION));
      });
      if (signature !== undefined) {
        meta.message(5, (entry) => {
          entry.text(1, "serving_default").message(2, (definition) => {
            writeSignature(definition, signature);
          });
        });
      }
    })
    .finish();
}

/** How other nodes and a session call name a tensor: `node:output`. */
export function tensorName(symbol: TensorSymbol): string {
  return `${symbol.node.name}:${symbol.index}`;
}

function writeSignature(writer: ProtobufWriter, { inputs, outputs }: ServingSignature): void {
  const writeTensor = (entry: ProtobufWriter, [name, symbol]: readonly [string, TensorSymbol]): void => {
    entry.text(1, name).message(2, (info) =>
      info
        .text(1, tensorName(symbol))
        .integer(2, dataTypeNumbers[symbol.dataType])
        .message(3, (shape) => {
          writeShape(shape, symbol.shape);
        }),
    );
  };
  writer
    .repeated(1, Object.entries(inputs), writeTensor)
    .repeated(2, Object.entries(outputs), writeTensor)
    .text(3, "tensorflow/serving/predict");
}

function writeNode(writer: ProtobufWriter, node: GraphNode): void {
  writer.text(1, node.name).text(2, node.operation);
  for (const input of node.inputs) {
    writer.text(3, input.index === 0 ? input.node.name : tensorName(input));
  }
  for (const control of node.controls) {
    writer.text(3, `^${control.name}`);
  }
  for (const [name, value] of Object.entries(node.attributes)) {
    writer.message(5, (entry) => {
      entry.text(1, name).message(2, (inner) => {
        writeAttribute(inner, value);
      });
    });
  }
}

function writeAttribute(writer: ProtobufWriter, attribute: Attribute): void {
  switch (attribute.kind) {
    case "type":
      writer.integer(6, dataTypeNumbers[attribute.value]);
      return;
    case "integer":
      writer.integer(3, attribute.value);
      return;
    case "integers":
      writer.message(1, (list) => {
        for (const value of attribute.value) {
          list.integer(3, value);
        }
      });
      return;
    case "float":
      writer.float(4, attribute.value);
      return;
    case "boolean":
      writer.integer(5, attribute.value ? 1 : 0);
      return;
    case "text":
      writer.text(2, attribute.value);
      return;
    case "shape":
      writer.message(7, (shape) => {
        writeShape(shape, attribute.value);
      });
      return;
    case "tensor":
      writer.message(8, (tensor) => {
        writeConstant(tensor, attribute.value);
      });
      return;
  }
}

function writeShape(writer: ProtobufWriter, shape: Shape): void {
  for (const size of shape) {
    writer.message(2, (dimension) => dimension.integer(1, size));
  }
}

function writeConstant(writer: ProtobufWriter, constant: ConstantValue): void {
  writer
    .integer(1, dataTypeNumbers[constant.dataType])
    .message(2, (shape) => {
      writeShape(shape, constant.shape);
    })
    .bytes(4, constant.bytes);
}
