import { attribute } from "../attributes.ts";
import type { Attributes } from "../attributes.ts";
import type { GradientRules } from "../gradients.ts";
import { inputOf, outputOf } from "../graph.ts";
import type { Graph, TensorSymbol } from "../graph.ts";

/** A batch normalization's output and the statistics of the batch it was made with. */
export interface NormalizedBatch {
  readonly output: TensorSymbol;
  readonly mean: TensorSymbol;
  /** With Bessel's correction, as FusedBatchNormV3 gives it: n/(n-1) times the mean squared deviation. */
  readonly variance: TensorSymbol;
}

/** Normalizes each channel of an NHWC tensor by its mean and variance over the batch (training mode). */
export function normalizeByBatch(
  graph: Graph,
  input: TensorSymbol,
  scale: TensorSymbol,
  offset: TensorSymbol,
  epsilon: number,
): NormalizedBatch {
  const empty = graph.constant([], "float32", [0]);
  const node = graph.add("FusedBatchNormV3", {
    inputs: [input, scale, offset, empty, empty],
    attributes: batchNormAttributes(epsilon, true),
    outputs: batchNormOutputs(input),
  });
  return { output: outputOf(node, 0), mean: outputOf(node, 1), variance: outputOf(node, 2) };
}

/** Normalizes each channel of an NHWC tensor by given statistics (inference mode). */
export function normalizeByStatistics(
  graph: Graph,
  input: TensorSymbol,
  parameters: { scale: TensorSymbol; offset: TensorSymbol; mean: TensorSymbol; variance: TensorSymbol },
  epsilon: number,
): TensorSymbol {
  return outputOf(
    graph.add("FusedBatchNormV3", {
      inputs: [input, parameters.scale, parameters.offset, parameters.mean, parameters.variance],
      attributes: batchNormAttributes(epsilon, false),
      outputs: batchNormOutputs(input),
    }),
  );
}

function batchNormAttributes(epsilon: number, training: boolean): Attributes {
  return {
    T: attribute.type("float32"),
    U: attribute.type("float32"),
    epsilon: attribute.float(epsilon),
    data_format: attribute.text("NHWC"),
    is_training: attribute.boolean(training),
  };
}

function batchNormOutputs(input: TensorSymbol): { shape: readonly number[]; dataType: "float32" }[] {
  const channel = { shape: input.shape.slice(-1), dataType: "float32" as const };
  // Outputs 3 to 5 are scratch space for the gradient; their shapes are the kernel's own business.
  return [{ shape: input.shape, dataType: "float32" }, channel, channel, channel, channel, channel];
}

/** Gradient of batch normalization in training mode, by TensorFlow's own kernel. */
export const normalizationGradients: GradientRules = {
  FusedBatchNormV3: ({ graph, node, outputGradients: [gradient] }) => {
    if (!gradient) {
      return [];
    }
    const [input, scale] = [inputOf(node, 0), inputOf(node, 1)];
    const channel = { shape: scale.shape, dataType: "float32" as const };
    const result = graph.add("FusedBatchNormGradV3", {
      inputs: [gradient, input, scale, outputOf(node, 3), outputOf(node, 4), outputOf(node, 5)],
      attributes: node.attributes,
      outputs: [
        { shape: input.shape, dataType: "float32" },
        channel,
        channel,
        { shape: [0], dataType: "float32" },
        { shape: [0], dataType: "float32" },
      ],
    });
    return [outputOf(result, 0), outputOf(result, 1), outputOf(result, 2)];
  },
};
