import { elementCount, sameShape } from "../graph/data-type.ts";
import type { Layer } from "../layers/layer.ts";
import { kerasNumberedNames } from "../models/keras-order.ts";
import type { Model } from "../models/model.ts";
import type { WeightsInput, WeightsReport } from "#shared/training/weights-report.ts";
import type { StoredWeight, WeightsFile } from "./weights-file.ts";

/** What a file gives a model. */
export interface MatchedWeights {
  readonly report: WeightsReport;
  /** The numbers for a weight by its full name; undefined where the file has none for its layer. */
  readonly values: (fullName: string) => Float32Array | undefined;
}

/** What Keras calls the files that it downloads for VGG16: with `_notop` for the one without its classifier. */
const PUBLISHED_VGG16 = /^vgg16_weights_tf_dim_ordering_tf_kernels/;

/**
 * Finds a file's weights for the layers of a model, by name; a layer is taken whole or not at all. The dense layers of a VGG16 with
 * its classifier become the convolutions that FCNs have in their place: the same numbers in the same order. `input` says what images they were learned from, null
 * that the source's name tells it.
 */
export function matchWeights(
  model: Model,
  file: WeightsFile,
  source: string,
  input: WeightsInput | null = null,
): MatchedWeights {
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
  const first = model.layers.find(({ inputs }) => inputs.some((layer) => layer === model.layers[0]));
  const seesColours = first?.weights[0]?.shape[2] === 3 && loaded.includes(first.name);
  const expects = seesColours ? (input ?? (PUBLISHED_VGG16.test(source) ? "imagenet" : "unit")) : null;
  return {
    report: {
      ...{ source, input: expects, loaded, skipped },
      unused: [...file.layers.keys()].filter((name) => !used.has(name)),
    },
    values: (fullName) => {
      const values = matched.get(fullName)?.read();
      return values !== undefined && expects === "imagenet" && fullName === `${first?.name ?? ""}/kernel`
        ? fromImagenet(values, first?.weights[0]?.shape[3] ?? 1)
        : values;
    },
  };
}

/** A kernel `[height, width, 3, filters]` for blue, green and red at 0–255 as one for red, green and blue at 0–1. */
function fromImagenet(kernel: Float32Array, filters: number): Float32Array {
  return kernel.map((_, index) => {
    const [band, filter] = [Math.floor(index / filters) % 3, index % filters];
    const tap = index - filter - band * filters;
    return 255 * (kernel[tap + (2 - band) * filters + filter] as number);
  });
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
