import { elementCount, sameShape } from "../graph/data-type.ts";
import type { Layer } from "../layers/layer.ts";
import { kerasNumberedNames } from "../models/keras-order.ts";
import type { Model } from "../models/model.ts";
import type { WeightsReport } from "#shared/training/weights-report.ts";
import type { StoredWeight, WeightsFile } from "./weights-file.ts";

/** What a file gives a model. */
export interface MatchedWeights {
  readonly report: WeightsReport;
  /** The numbers for a weight by its full name; undefined where the file has none for its layer. */
  readonly values: (fullName: string) => Float32Array | undefined;
}

/**
 * Finds a file's weights for the layers of a model, by name; a layer is taken whole or not at all. The dense layers of a VGG16 with
 * its classifier become the convolutions that FCNs have in their place: the same numbers in the same order.
 */
export function matchWeights(model: Model, file: WeightsFile, source: string): MatchedWeights {
  const numbered = file.isNumbered ? kerasNumberedNames(model) : null;
  const matched = new Map<string, StoredWeight>();
  const used = new Set<string>();
  const loaded: string[] = [];
  const skipped: WeightsReport["skipped"][number][] = [];
  for (const layer of model.layers.filter(({ weights }) => weights.length > 0)) {
    const name = numbered?.get(layer) ?? layer.name;
    const found = file.layers.get(name);
    if (found !== undefined) {
      used.add(name);
    }
    if (found !== undefined && fits(layer, found)) {
      loaded.push(layer.name);
      for (const [index, weight] of layer.weights.entries()) {
        matched.set(`${layer.name}/${weight.name}`, found[index] as StoredWeight);
      }
    } else {
      skipped.push({
        layer: layer.name,
        expected: shapesText(layer.weights),
        found: found === undefined ? null : shapesText(found),
      });
    }
  }
  return {
    report: { source, loaded, skipped, unused: [...file.layers.keys()].filter((name) => !used.has(name)) },
    values: (fullName) => matched.get(fullName)?.read(),
  };
}

function fits({ weights }: Layer, found: readonly StoredWeight[]): boolean {
  return (
    weights.length === found.length &&
    weights.every(({ shape }, index) => {
      const other = found[index]?.shape ?? [];
      // Dense [height·width·in, out] is row-major what a convolution [height, width, in, out] is.
      const isDense =
        shape.length === 4 &&
        other.length === 2 &&
        other[1] === shape[3] &&
        elementCount(other) === elementCount(shape);
      return isDense || sameShape(shape, other);
    })
  );
}

function shapesText(weights: readonly { readonly shape: readonly number[] }[]): string {
  return weights.map(({ shape }) => `[${shape.join(", ")}]`).join(" and ");
}
