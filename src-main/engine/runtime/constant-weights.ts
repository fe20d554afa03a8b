import { attribute } from "../graph/attributes.ts";
import type { Shape } from "../graph/data-type.ts";
import type { Graph, TensorSymbol } from "../graph/graph.ts";
import { weightsOf } from "../models/model.ts";
import type { Model } from "../models/model.ts";

/** A weight's numbers, by full name (`layer/weight`). */
export type WeightValues = (fullName: string, shape: Shape) => Float32Array;

/** Adds a model's weights to a graph as constants, by full name. They become part of the graph's bytes. */
export function constantWeights(
  graph: Graph,
  model: Model,
  values: WeightValues,
): ReadonlyMap<string, TensorSymbol> {
  return new Map(
    weightsOf(model).map(({ fullName, shape }) => [
      fullName,
      constantWeight(graph, fullName, shape, values(fullName, shape)),
    ]),
  );
}

function constantWeight(graph: Graph, name: string, shape: Shape, values: Float32Array): TensorSymbol {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return graph.symbol("Const", {
    name: `weights/${name}`,
    shape,
    dataType: "float32",
    attributes: {
      dtype: attribute.type("float32"),
      value: attribute.tensor({ dataType: "float32", shape, bytes }),
    },
  });
}
