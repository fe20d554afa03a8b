import type { Graph, TensorSymbol } from "../graph/graph.ts";
import { elementCount } from "../graph/data-type.ts";
import { add, cast, greater, maximum, multiply } from "../graph/operations/arithmetic.ts";
import { softmax } from "../graph/operations/activation.ts";
import { countOccurrences, indexOfLargest, sum } from "../graph/operations/reduction.ts";
import { lookUp, oneHot, reshape } from "../graph/operations/shape.ts";
import type { LossInput } from "../losses/loss.ts";

/** What decides how label bytes count. */
export interface LabelRules {
  readonly classes: number;
  readonly classWeights: readonly number[] | null;
  readonly ignoredClasses: readonly number[];
}

/** Label bytes (`[batch, height, width]`, 255 or an ignored class: no label) and logits as losses want them. */
export function lossInput(
  graph: Graph,
  logits: TensorSymbol,
  labels: TensorSymbol,
  rules: LabelRules,
): LossInput {
  const { classes, classWeights, ignoredClasses } = rules;
  const pixels = elementCount(labels.shape);
  const flat = reshape(graph, cast(graph, labels, "int32"), [pixels]);
  const counts = (label: number): boolean => label < classes && !ignoredClasses.includes(label);
  const table = (value: (label: number) => number): number[] =>
    Array.from({ length: 256 }, (_, label) => (counts(label) ? value(label) : 0));

  const valid = lookUp(graph, graph.constant(table(() => 1)), flat);
  // Where there is no label any class will do: its loss is multiplied by 0.
  const classIndices = lookUp(
    graph,
    graph.constant(
      table((label) => label),
      "int32",
    ),
    flat,
  );
  const classWeight = lookUp(graph, graph.constant(table((label) => classWeights?.[label] ?? 1)), flat);
  const flatLogits = reshape(graph, logits, [pixels, classes]);
  let probabilities: TensorSymbol | undefined;
  let truth: TensorSymbol | undefined;
  return {
    graph,
    logits: flatLogits,
    probabilities: () => (probabilities ??= softmax(graph, flatLogits)),
    classIndices,
    truth: () =>
      (truth ??= multiply(graph, oneHot(graph, classIndices, classes), reshape(graph, valid, [pixels, 1]))),
    valid,
    validCount: maximum(graph, sum(graph, valid), 1),
    classWeight,
    classes,
  };
}

/** The likeliest class of each pixel and how truth and prediction meet: int32 `[pixels]` and `[classes × classes]`. */
export function pixelConfusion(input: LossInput): { prediction: TensorSymbol; confusion: TensorSymbol } {
  const { graph, logits, classIndices, valid, classes } = input;
  const prediction = indexOfLargest(graph, logits);
  const cell = add(graph, multiply(graph, classIndices, classes), prediction);
  // A pixel that doesn't count goes to a cell beyond the matrix.
  const outside = multiply(
    graph,
    cast(graph, greater(graph, graph.constant(0.5), valid), "int32"),
    classes * classes,
  );
  return { prediction, confusion: countOccurrences(graph, add(graph, cell, outside), classes * classes) };
}
