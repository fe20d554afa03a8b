import { conv2d } from "../layers/convolution.ts";
import type { Layer } from "../layers/layer.ts";
import type { Padding } from "../graph/operations/convolution.ts";
import type { Model } from "../models/model.ts";
import type { WeightValues } from "./constant-weights.ts";
import { findFusions } from "./fusions.ts";

/** A model that only predicts, and where its weights come from. */
export interface FoldedModel {
  readonly model: Model;
  readonly values: WeightValues;
}

/**
 * A trained model without the normalizations that follow a convolution: their scale and offset are worked into its kernel and bias,
 * once, instead of in each run (`convolveNormalized`, for weights that still change). Layers keep their names; the output is the
 * same up to rounding.
 */
export function foldNormalizations(model: Model, values: WeightValues): FoldedModel {
  const { convolutionBefore } = findFusions(model);
  const normalizationAfter = new Map([...convolutionBefore].map(([after, before]) => [before, after]));
  const folded = new Map<string, { convolution: Layer; normalization: Layer }>();
  const now = new Map<Layer, Layer>();
  const layers: Layer[] = [];
  for (const layer of model.layers) {
    const convolution = convolutionBefore.get(layer);
    if (convolution !== undefined) {
      now.set(layer, layerOf(now, convolution));
      continue;
    }
    const inputs = layer.inputs.map((input) => layerOf(now, input));
    const normalization = normalizationAfter.get(layer);
    const made = normalization === undefined ? { ...layer, inputs } : withBias(layer, inputs);
    if (normalization !== undefined) {
      folded.set(layer.name, { convolution: layer, normalization });
    }
    now.set(layer, made);
    layers.push(made);
  }
  return {
    model: { layers, output: layerOf(now, model.output), encoder: new Set() },
    values: (fullName, shape) => {
      const [layerName = "", name] = fullName.split("/");
      const pair = folded.get(layerName);
      if (pair === undefined) {
        return values(fullName, shape);
      }
      const { scale, offset } = scaleAndOffset(pair.convolution, pair.normalization, values);
      return name === "kernel" ? scaledKernel(values(fullName, shape), scale) : Float32Array.from(offset);
    },
  };
}

function layerOf(layers: ReadonlyMap<Layer, Layer>, layer: Layer): Layer {
  const found = layers.get(layer);
  if (found === undefined) {
    throw new Error(`Layer ${layer.name} is used before it is built.`);
  }
  return found;
}

/** The convolution with a bias, whether or not it had one. */
function withBias(layer: Layer, inputs: readonly Layer[]): Layer {
  const { filters, kernelSize, stride, dilation, padding } = layer.definition.config;
  const definition = conv2d({
    filters: Number(filters),
    kernelSize: Number(kernelSize),
    stride: Number(stride),
    dilation: Number(dilation),
    padding: padding as Padding,
  });
  return {
    ...layer,
    inputs,
    definition,
    weights: definition.weights(inputs.map((input) => input.outputShape)),
  };
}

/** What each filter's result is multiplied by and what is added to it. */
function scaleAndOffset(
  convolution: Layer,
  normalization: Layer,
  values: WeightValues,
): { scale: number[]; offset: number[] } {
  const filters = [convolution.outputShape[2]];
  const of = (name: string): Float32Array => values(`${normalization.name}/${name}`, filters);
  const [gamma, beta, mean, variance] = [of("gamma"), of("beta"), of("moving_mean"), of("moving_variance")];
  const hasBias = convolution.definition.config["bias"] === true;
  const bias = hasBias ? values(`${convolution.name}/bias`, filters) : undefined;
  const epsilon = Number(normalization.definition.config["epsilon"]);
  const scale = Array.from(gamma, (value, filter) => value / Math.sqrt((variance[filter] ?? 0) + epsilon));
  const offset = scale.map(
    (factor, filter) => ((bias?.[filter] ?? 0) - (mean[filter] ?? 0)) * factor + (beta[filter] ?? 0),
  );
  return { scale, offset };
}

/** A kernel `[height, width, in, out]` with each filter multiplied by its own factor. */
function scaledKernel(kernel: Float32Array, scale: readonly number[]): Float32Array {
  const filters = scale.length;
  return kernel.map((value, index) => value * (scale[index % filters] ?? 1));
}
