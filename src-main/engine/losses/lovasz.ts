import { cast, add, divide, greater, maximum, multiply, subtract } from "../graph/operations/arithmetic.ts";
import { sum } from "../graph/operations/reduction.ts";
import { lookUp, reshape, transposeMatrix } from "../graph/operations/shape.ts";
import { cumulativeSum, putAt, sortRowsDescending } from "../graph/operations/sorting.ts";
import type { Loss } from "./loss.ts";

/**
 * Lovász-softmax over the classes that occur in the batch: the convex extension of 1 - IoU in the errors of a class's probability, sorted from the worst
 * (algorithm 1 of the paper). The slope along the sorted errors is written as the exact difference of two neighbouring Jaccard losses,
 * 1/U for a pixel of the class and I / (U·(U-1)) for another, where subtracting them in float32 would lose most digits.
 */
export const lovasz: Loss = {
  id: "lovasz",
  name: "Lovász",
  summary: "Works on the IoU of each class itself, pixel by pixel (Berman et al. 2018, arXiv:1705.08790).",
  parameters: [],
  build: (input) => {
    const { graph, valid, classes } = input;
    const [pixels = 0] = valid.shape;
    const truth = transposeMatrix(graph, input.truth());
    const probabilities = transposeMatrix(graph, input.probabilities());
    // |truth - probability|, linear in the probability; -1 for pixels that don't count, so that they are sorted behind all others.
    const misses = add(
      graph,
      truth,
      multiply(graph, probabilities, subtract(graph, 1, multiply(graph, truth, 2))),
    );
    const mask = reshape(graph, valid, [1, pixels]);
    const errors = add(graph, multiply(graph, misses, mask), subtract(graph, mask, 1));

    const { values, indices } = sortRowsDescending(graph, errors);
    // The row's start makes an index into the flattened matrix.
    const rowStarts = graph.constant(
      Array.from({ length: classes }, (_, row) => row * pixels),
      "int32",
      [classes, 1],
    );
    const flatIndices = reshape(graph, add(graph, indices, rowStarts), [classes * pixels]);
    const sortedTruth = reshape(
      graph,
      lookUp(graph, reshape(graph, truth, [classes * pixels]), flatIndices),
      [classes, pixels],
    );
    const actual = reshape(graph, sum(graph, truth, [1]), [classes, 1]);
    const intersection = subtract(graph, actual, cumulativeSum(graph, sortedTruth));
    const union = add(graph, actual, cumulativeSum(graph, subtract(graph, 1, sortedTruth)));
    // An absent class has an empty union before its first pixel; it is left out of the mean.
    const ofOthers = divide(
      graph,
      intersection,
      multiply(graph, union, maximum(graph, subtract(graph, union, 1), 1)),
    );
    const slopes = add(
      graph,
      divide(graph, sortedTruth, maximum(graph, union, 1)),
      multiply(graph, ofOthers, subtract(graph, 1, sortedTruth)),
    );

    const ofClass = sum(graph, multiply(graph, maximum(graph, values, 0), slopes), [1]);
    graph.overrideGradient(ofClass, {
      sources: [errors],
      // The slopes hold still under small changes: only the order would change them.
      rule: (gradient) => [
        multiply(
          graph,
          reshape(
            graph,
            putAt(graph, reshape(graph, slopes, [classes * pixels]), flatIndices, classes * pixels),
            [classes, pixels],
          ),
          reshape(graph, gradient, [classes, 1]),
        ),
      ],
    });
    const present = cast(graph, greater(graph, reshape(graph, actual, [classes]), 0), "float32");
    return divide(
      graph,
      sum(graph, multiply(graph, ofClass, present)),
      maximum(graph, sum(graph, present), 1),
    );
  },
};
