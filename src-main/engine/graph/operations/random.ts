import { attribute } from "../attributes.ts";
import { elementCount } from "../data-type.ts";
import type { Shape } from "../data-type.ts";
import type { Graph, TensorSymbol } from "../graph.ts";
import { add, cast, greaterEqual } from "./arithmetic.ts";
import { reshape, slice } from "./shape.ts";

/**
 * A float32 tensor of ones and zeros, zero with probability `rate`, that depends only on `seed` (int32 `[2]`, fed at each
 * run) and `stream` (a number of one's own for each use in a graph).
 *
 * Sixteen random bits an element, two elements out of each Philox word: half the work of uniform floats, which take 15 %
 * of a SegNet step. The rate is thereby rounded to a multiple of 1/65536.
 */
export function randomKeepMask(
  graph: Graph,
  shape: Shape,
  rate: number,
  seed: TensorSymbol,
  stream: number,
): TensorSymbol {
  const elements = elementCount(shape);
  const words = Math.ceil(elements / 2);
  const streamSeed = add(graph, seed, graph.constant([0, stream], "int32"));
  const bits = graph.symbol("StatelessRandomUniformFullInt", {
    inputs: [graph.constant([words], "int32"), streamSeed],
    attributes: {
      dtype: attribute.type("int32"),
      T: attribute.type("int32"),
      Tseed: attribute.type("int32"),
    },
    shape: [words],
    dataType: "int32",
  });
  const halves = graph.symbol("Bitcast", {
    inputs: [bits],
    attributes: { T: attribute.type("int32"), type: attribute.type("uint16") },
    shape: [words, 2],
    dataType: "uint16",
  });
  const flat = reshape(graph, halves, [words * 2]);
  const drawn = reshape(graph, elements === words * 2 ? flat : slice(graph, flat, [0], [elements]), shape);
  return cast(graph, greaterEqual(graph, drawn, Math.round(rate * 65536)), "float32");
}
