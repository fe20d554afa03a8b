import { add, multiply } from "../graph/operations/arithmetic.ts";
import { normalizeByBatch, normalizeByStatistics } from "../graph/operations/normalization.ts";
import type { LayerDefinition } from "./layer.ts";
import { onlyInput } from "./layer.ts";

/** Keras' defaults. */
const KERAS_MOMENTUM = 0.99;
const EPSILON = 1e-3;

/** How much of the first moving statistics may be left before evaluation sees about what training sees. */
const SETTLED_SHARE = 0.05;

/** Steps until moving statistics that keep `momentum` of themselves a step have forgotten all but a twentieth of where they began. */
export function settlingSteps(momentum: number): number {
  return Math.ceil(Math.log(SETTLED_SHARE) / Math.log(momentum));
}

/**
 * Batch normalization (Ioffe and Szegedy 2015) with Keras' defaults. The moving variance follows the biased batch variance as
 * in Keras 3; the fused operation reports the unbiased one.
 *
 * `momentum` is the share of the moving statistics that a step keeps. Keras' 0.99 needs some 300 steps before evaluation
 * sees what training sees, which a short training on a few mosaics never reaches.
 */
export function batchNormalization({ momentum = KERAS_MOMENTUM } = {}): LayerDefinition {
  return {
    type: "BatchNormalization",
    defaultName: "batch_normalization",
    config: { momentum, epsilon: EPSILON },
    outputShape: (inputs) => onlyInput(inputs, "BatchNormalization"),
    weights: (inputs) => {
      const [, , channels] = onlyInput(inputs, "BatchNormalization");
      return [
        { name: "gamma", shape: [channels], initializer: "ones", trainable: true },
        { name: "beta", shape: [channels], initializer: "zeros", trainable: true },
        { name: "moving_mean", shape: [channels], initializer: "zeros", trainable: false },
        { name: "moving_variance", shape: [channels], initializer: "ones", trainable: false },
      ];
    },
    build: ({ graph, mode, inputs, weight, updateWeight }) => {
      const input = onlyInput(inputs, "BatchNormalization");
      const scale = weight("gamma");
      const offset = weight("beta");
      if (mode === "inference") {
        const statistics = { mean: weight("moving_mean"), variance: weight("moving_variance") };
        return normalizeByStatistics(graph, input, { scale, offset, ...statistics }, EPSILON);
      }
      const { output, mean, variance } = normalizeByBatch(graph, input, scale, offset, EPSILON);
      const [batch = 0, height = 0, width = 0] = input.shape;
      const pixels = batch * height * width;
      const follow = (name: string, value: typeof mean, share: number): void => {
        updateWeight(
          name,
          add(graph, multiply(graph, weight(name), momentum), multiply(graph, value, share)),
        );
      };
      follow("moving_mean", mean, 1 - momentum);
      follow("moving_variance", variance, ((1 - momentum) * (pixels - 1)) / pixels);
      return output;
    },
  };
}
