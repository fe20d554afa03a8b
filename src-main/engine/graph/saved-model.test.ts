import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { z } from "zod";
import { attribute } from "./attributes.ts";
import { Graph } from "./graph.ts";
import { add } from "./operations/arithmetic.ts";
import { maximumPool } from "./operations/pooling.ts";
import { serializeSavedModel } from "./saved-model.ts";

/** tfjs-node's own reader of the format, as far as it is used here. */
interface SavedModelReader {
  SavedModel: { deserializeBinary(bytes: Uint8Array): { toObject(): unknown } };
}
const reader = createRequire(import.meta.url)(
  "@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js",
) as SavedModelReader;

const readSchema = z.object({
  metaGraphsList: z
    .array(
      z.object({
        metaInfoDef: z.object({ tagsList: z.array(z.string()) }),
        graphDef: z.object({
          nodeList: z.array(
            z.object({
              name: z.string(),
              op: z.string(),
              inputList: z.array(z.string()),
              attrMap: z.array(z.tuple([z.string(), z.looseObject({})])),
            }),
          ),
        }),
      }),
    )
    .length(1),
});

test("the generated protocol-buffer classes read what we write", () => {
  const graph = new Graph();
  const image = graph.placeholder("image", [1, 4, 4, 2], "float32");
  const pooled = graph.inScope("layer", () => maximumPool(graph, image, { size: 2 }));
  const sum = add(graph, pooled, 1.5);
  graph.add("NoOp", {
    controls: [sum.node],
    attributes: { negative: attribute.integer(-3), yes: attribute.boolean(true) },
  });

  const { metaGraphsList } = readSchema.parse(
    reader.SavedModel.deserializeBinary(serializeSavedModel(graph)).toObject(),
  );
  const [meta] = metaGraphsList;
  expect(meta?.metaInfoDef.tagsList).toEqual(["serve"]);
  const nodes = meta?.graphDef.nodeList ?? [];
  expect(nodes.map(({ name, op, inputList }) => [name, op, inputList])).toEqual([
    ["image", "Placeholder", []],
    ["layer/MaxPool", "MaxPool", ["image"]],
    ["Const", "Const", []],
    ["AddV2", "AddV2", ["layer/MaxPool", "Const"]],
    ["NoOp", "NoOp", ["^AddV2"]],
  ]);
  const attributes = nodes.map(({ attrMap }) => new Map(attrMap));
  expect(attributes[0]?.get("shape")).toMatchObject({
    shape: { dimList: [{ size: 1 }, { size: 4 }, { size: 4 }, { size: 2 }] },
  });
  expect(attributes[1]?.get("ksize")).toMatchObject({ list: { iList: [1, 2, 2, 1] } });
  expect(attributes[1]?.get("T")).toMatchObject({ type: 1 });
  expect(attributes[2]?.get("value")).toMatchObject({
    tensor: { dtype: 1, tensorContent: Buffer.from(Float32Array.of(1.5).buffer).toString("base64") },
  });
  expect(attributes[4]?.get("negative")).toMatchObject({ i: -3 });
  expect(attributes[4]?.get("yes")).toMatchObject({ b: true });
});
