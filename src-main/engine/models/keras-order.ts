import type { Layer } from "../layers/layer.ts";
import type { Model } from "./model.ts";

/**
 * What Keras 3 calls each layer inside a `.weights.h5`: its class with a number, counted in the order of `model.layers`, whatever
 * the layer's own name is.
 */
export function kerasNumberedNames(model: Model): ReadonlyMap<Layer, string> {
  const counts = new Map<string, number>();
  return new Map(
    kerasLayerOrder(model).map((layer) => {
      const { defaultName } = layer.definition;
      const count = counts.get(defaultName) ?? 0;
      counts.set(defaultName, count + 1);
      return [layer, count === 0 ? defaultName : `${defaultName}_${count}`];
    }),
  );
}

/**
 * The order of a Keras functional model's layers: the farthest from the output first, and among equally far ones in the order in
 * which a depth-first walk from the output meets them (`keras/src/ops/function.py`, `map_graph`).
 */
function kerasLayerOrder(model: Model): Layer[] {
  const met = new Map<Layer, number>();
  const finished: Layer[] = [];
  const visit = (layer: Layer): void => {
    if (met.has(layer)) {
      return;
    }
    met.set(layer, met.size);
    for (const input of layer.inputs) {
      visit(input);
    }
    finished.push(layer);
  };
  visit(model.output);
  const depths = new Map<Layer, number>();
  for (const layer of finished.toReversed()) {
    const depth = depths.get(layer) ?? 0;
    depths.set(layer, depth);
    for (const input of layer.inputs) {
      depths.set(input, Math.max(depths.get(input) ?? 0, depth + 1));
    }
  }
  return [...met.keys()].toSorted(
    (first, second) =>
      (depths.get(second) ?? 0) - (depths.get(first) ?? 0) || (met.get(first) ?? 0) - (met.get(second) ?? 0),
  );
}
