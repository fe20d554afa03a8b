import { createRequire } from "node:module";
import { expect, test } from "vitest";
import type * as Tf from "@tensorflow/tfjs";
import { loadTensorFlow } from "../load-tensorflow.ts";
import { GraphSession } from "../runtime/graph-session.ts";
import { randomSource } from "../weights/random.ts";
import { elementCount } from "./data-type.ts";
import { addGradients } from "./gradients.ts";
import { Graph } from "./graph.ts";
import type { TensorSymbol } from "./graph.ts";
import * as activation from "./operations/activation.ts";
import * as arithmetic from "./operations/arithmetic.ts";
import { crossEntropyOfLogits } from "./operations/classification.ts";
import * as convolution from "./operations/convolution.ts";
import { convolveFast, convolveRepeated, convolveTransposedFast } from "./operations/fast-convolution.ts";
import { convolveWinograd } from "./operations/winograd.ts";
import { normalizeByBatch } from "./operations/normalization.ts";
import { averagePool, maximumPool, unpoolMaxima } from "./operations/pooling.ts";
import { mean } from "./operations/average.ts";
import { broadcastTo, sum } from "./operations/reduction.ts";
import { repeatPixels, resizeBilinear } from "./operations/resizing.ts";
import * as shape from "./operations/shape.ts";
import { split } from "./operations/splitting.ts";

// tfjs runs operations one by one and has gradients of its own: an independent reference for each rule of ours.
const require = createRequire(import.meta.url);
// Node 23 took these away; tfjs-node 4.22 still calls them.
const util = require("node:util") as Record<string, unknown>;
util["isNullOrUndefined"] ??= (value: unknown): boolean => value === null || value === undefined;
util["isArray"] ??= Array.isArray;
const tf = require("@tensorflow/tfjs-node-gpu") as typeof Tf;

interface Case {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  /** Keeps the inputs in a range in which the operation is defined. */
  readonly positive?: boolean;
  /** Where tfjs' own gradient is missing or wrong: differences of its forward value, with this step, stand in. */
  readonly difference?: number;
  readonly ours: (graph: Graph, inputs: readonly TensorSymbol[]) => TensorSymbol;
  readonly theirs: (inputs: readonly Tf.Tensor4D[]) => Tf.Tensor;
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) {
    throw new Error(`The case has no input ${index}.`);
  }
  return value;
}

function binary(
  name: string,
  ours: (graph: Graph, first: TensorSymbol, second: TensorSymbol) => TensorSymbol,
  theirs: (first: Tf.Tensor, second: Tf.Tensor) => Tf.Tensor,
): Case[] {
  return [
    [
      [2, 3, 4, 5],
      [2, 3, 4, 5],
    ],
    [[2, 3, 4, 5], [5]],
    [
      [2, 1, 4, 5],
      [3, 1, 5],
    ],
    [[2, 3], []],
  ].map((shapes) => ({
    name: `${name} of ${shapes.map((one) => `[${one.join()}]`).join(" and ")}`,
    shapes,
    positive: true,
    ours: (graph, inputs) => ours(graph, at(inputs, 0), at(inputs, 1)),
    theirs: (inputs) => theirs(at(inputs, 0), at(inputs, 1)),
  }));
}

const image = [2, 6, 8, 3];
const cases: readonly Case[] = [
  ...binary("sum", arithmetic.add, (first, second) => first.add(second)),
  ...binary("difference", arithmetic.subtract, (first, second) => first.sub(second)),
  ...binary("product", arithmetic.multiply, (first, second) => first.mul(second)),
  ...binary("quotient", arithmetic.divide, (first, second) => first.div(second)),
  // tfjs forgets to sum this gradient over broadcast axes; its sum doesn't.
  ...binary("larger", arithmetic.maximum, (first, second) =>
    first.add(tf.zerosLike(second)).maximum(second.add(tf.zerosLike(first))),
  ),
  {
    name: "power",
    shapes: [[3, 4]],
    positive: true,
    ours: (graph, inputs) => arithmetic.power(graph, at(inputs, 0), 0.75),
    theirs: (inputs) => at(inputs, 0).pow(0.75),
  },
  {
    name: "negation",
    shapes: [[3, 4]],
    ours: (graph, inputs) => arithmetic.negate(graph, at(inputs, 0)),
    theirs: (inputs) => at(inputs, 0).neg(),
  },
  {
    name: "logarithm",
    shapes: [[3, 4]],
    positive: true,
    ours: (graph, inputs) => arithmetic.log(graph, at(inputs, 0)),
    theirs: (inputs) => at(inputs, 0).log(),
  },
  {
    name: "exponential",
    shapes: [[3, 4]],
    ours: (graph, inputs) => arithmetic.exponential(graph, at(inputs, 0)),
    theirs: (inputs) => at(inputs, 0).exp(),
  },
  {
    name: "one over root",
    shapes: [[3, 4]],
    positive: true,
    ours: (graph, inputs) => arithmetic.reciprocalSquareRoot(graph, at(inputs, 0)),
    theirs: (inputs) => at(inputs, 0).rsqrt(),
  },
  {
    name: "sum of three",
    shapes: [
      [3, 4],
      [3, 4],
      [3, 4],
    ],
    ours: (graph, inputs) => arithmetic.addAll(graph, inputs),
    theirs: (inputs) => tf.addN([...inputs]),
  },
  {
    name: "sum over axes",
    shapes: [[2, 3, 4]],
    ours: (graph, inputs) => sum(graph, at(inputs, 0), [0, 2]),
    theirs: (inputs) => at(inputs, 0).sum([0, 2]),
  },
  {
    name: "mean over an axis",
    shapes: [[2, 3, 4]],
    ours: (graph, inputs) => mean(graph, at(inputs, 0), [1]),
    theirs: (inputs) => at(inputs, 0).mean(1),
  },
  {
    name: "reshape",
    shapes: [[2, 3, 4]],
    ours: (graph, inputs) => arithmetic.multiply(graph, shape.reshape(graph, at(inputs, 0), [6, 4]), 2),
    theirs: (inputs) => at(inputs, 0).reshape([6, 4]).mul(2),
  },
  {
    name: "broadcast",
    shapes: [[2, 1, 4]],
    ours: (graph, inputs) => broadcastTo(graph, at(inputs, 0), [2, 5, 4]),
    theirs: (inputs) => at(inputs, 0).broadcastTo([2, 5, 4]),
  },
  {
    name: "concatenation",
    shapes: [
      [2, 3, 4, 1],
      [2, 3, 4, 2],
    ],
    ours: (graph, inputs) => shape.concatenate(graph, inputs, 3),
    theirs: (inputs) => tf.concat([...inputs], 3),
  },
  {
    name: "slice",
    shapes: [[4, 5]],
    ours: (graph, inputs) => shape.slice(graph, at(inputs, 0), [1, 2], [2, 3]),
    theirs: (inputs) => tf.slice(at(inputs, 0), [1, 2], [2, 3]),
  },
  {
    name: "padding",
    shapes: [[4, 5]],
    ours: (graph, inputs) =>
      shape.pad(graph, at(inputs, 0), [
        [1, 0],
        [2, 3],
      ]),
    theirs: (inputs) =>
      tf.pad(at(inputs, 0), [
        [1, 0],
        [2, 3],
      ]),
  },
  {
    name: "rectifier",
    shapes: [image],
    ours: (graph, inputs) => activation.rectify(graph, at(inputs, 0)),
    theirs: (inputs) => at(inputs, 0).relu(),
  },
  {
    name: "softmax",
    shapes: [[6, 5]],
    ours: (graph, inputs) => activation.softmax(graph, at(inputs, 0)),
    theirs: (inputs) => at(inputs, 0).softmax(),
  },
  {
    name: "cross-entropy of logits",
    shapes: [[6, 5]],
    ours: (graph, inputs) =>
      crossEntropyOfLogits(graph, at(inputs, 0), graph.constant([0, 1, 2, 3, 4, 0], "int32")),
    theirs: (inputs) =>
      tf
        .oneHot(tf.tensor1d([0, 1, 2, 3, 4, 0], "int32"), 5)
        .mul(tf.logSoftmax(at(inputs, 0) as Tf.Tensor))
        .sum(1)
        .neg(),
  },
  ...(
    [
      [1, 1, "same"],
      [2, 1, "same"],
      [1, 2, "same"],
      [1, 1, "valid"],
    ] as const
  ).map(([stride, dilation, padding]): Case => ({
    name: `convolution, stride ${stride}, dilation ${dilation}, ${padding}`,
    ...(dilation > 1 ? { difference: 1 } : {}),
    shapes: [image, [3, 3, 3, 4]],
    ours: (graph, inputs) =>
      convolution.convolve(graph, at(inputs, 0), at(inputs, 1), { stride, dilation, padding }),
    theirs: (inputs) => tf.conv2d(at(inputs, 0), at(inputs, 1), stride, padding, "NHWC", dilation),
  })),
  {
    name: "transposed convolution",
    shapes: [
      [2, 3, 4, 3],
      [2, 2, 5, 3],
    ],
    ours: (graph, inputs) =>
      convolution.convolveTransposed(graph, at(inputs, 0), at(inputs, 1), [2, 6, 8, 5], { stride: 2 }),
    theirs: (inputs) => tf.conv2dTranspose(at(inputs, 0), at(inputs, 1), [2, 6, 8, 5], 2, "same"),
  },
  ...[2, 3].map((stride): Case => ({
    name: `transposed convolution as a matrix product, ${stride}×${stride}`,
    shapes: [
      [2, 3, 4, 3],
      [stride, stride, 5, 3],
    ],
    ours: (graph, inputs) =>
      convolveTransposedFast(graph, at(inputs, 0), at(inputs, 1), [2, 3 * stride, 4 * stride, 5], { stride }),
    theirs: (inputs) =>
      tf.conv2dTranspose(at(inputs, 0), at(inputs, 1), [2, 3 * stride, 4 * stride, 5], stride, "same"),
  })),
  {
    name: "depthwise convolution",
    shapes: [image, [3, 3, 3, 1]],
    ours: (graph, inputs) => convolution.convolveDepthwise(graph, at(inputs, 0), at(inputs, 1)),
    theirs: (inputs) => tf.depthwiseConv2d(at(inputs, 0), at(inputs, 1), 1, "same"),
  },
  // At least twice as many filters as pixels, so that the kernel is larger than the patches.
  ...(
    [
      { what: "3×3", image: [2, 3, 4, 3], kernel: [3, 3, 3, 48], padding: "same" },
      { what: "7×7 on a smaller image", image: [1, 2, 3, 2], kernel: [7, 7, 2, 12], padding: "same" },
      { what: "1×1", image: [1, 2, 3, 5], kernel: [1, 1, 5, 13], padding: "valid" },
    ] as const
  ).map(({ what, image: imageShape, kernel, padding }): Case => ({
    name: `convolution as a matrix product, ${what}`,
    shapes: [imageShape, kernel],
    ours: (graph, inputs) => convolveFast(graph, at(inputs, 0), at(inputs, 1), { padding }),
    theirs: (inputs) => tf.conv2d(at(inputs, 0), at(inputs, 1), 1, padding),
  })),
  // Tiles that end with the image, and tiles that reach over its edges by one, two and three pixels.
  ...(
    [
      [2, 8, 4, 3],
      [1, 7, 9, 2],
      [2, 5, 6, 3],
    ] as const
  ).map((size): Case => ({
    name: `convolution by Winograd's filtering, ${size[1]}×${size[2]} pixels`,
    shapes: [size, [3, 3, size[3], 4]],
    ours: (graph, inputs) => convolveWinograd(graph, at(inputs, 0), at(inputs, 1)),
    theirs: (inputs) => tf.conv2d(at(inputs, 0), at(inputs, 1), 1, "same"),
  })),
  // A row of tiles takes 36 × 2 × 4 × 4 bytes: bands of two rows, then the images two by two.
  ...[
    { size: [2, 17, 7, 3], partBytes: 2400 },
    { size: [3, 8, 5, 3], partBytes: 5000 },
  ].map(({ size, partBytes }): Case => ({
    name: `convolution by Winograd's filtering in parts, ${size.join("×")}`,
    shapes: [size, [3, 3, 3, 4]],
    ours: (graph, inputs) => convolveWinograd(graph, at(inputs, 0), at(inputs, 1), { partBytes }),
    theirs: (inputs) => tf.conv2d(at(inputs, 0), at(inputs, 1), 1, "same"),
  })),
  ...[
    { side: 3, factor: 2 },
    { side: 5, factor: 3 },
  ].map(({ side, factor }): Case => ({
    name: `convolution ${side}×${side} of pixels repeated ${factor} times`,
    shapes: [
      [2, 3, 4, 3],
      [side, side, 3, 5],
    ],
    ours: (graph, inputs) => convolveRepeated(graph, at(inputs, 0), at(inputs, 1), factor),
    theirs: (inputs) =>
      tf.conv2d(
        tf.image.resizeNearestNeighbor(at(inputs, 0), [3 * factor, 4 * factor], false, true),
        at(inputs, 1),
        1,
        "same",
      ),
    difference: 0.01,
  })),
  {
    name: "parts of a tensor, one of which nobody uses",
    shapes: [[2, 3, 6, 2]],
    ours: (graph, inputs) => {
      const [first, , third] = split(graph, at(inputs, 0), [1, 2, 3], 2);
      return arithmetic.multiply(graph, first as TensorSymbol, third as TensorSymbol);
    },
    theirs: (inputs) => {
      const [first, , third] = tf.split(at(inputs, 0), [1, 2, 3], 2);
      return (first as Tf.Tensor).mul(third as Tf.Tensor);
    },
  },
  {
    name: "bias",
    shapes: [image, [3]],
    ours: (graph, inputs) => convolution.addBias(graph, at(inputs, 0), at(inputs, 1)),
    theirs: (inputs) => at(inputs, 0).add(at(inputs, 1)),
  },
  {
    name: "maximum pooling",
    shapes: [image],
    ours: (graph, inputs) => maximumPool(graph, at(inputs, 0), { size: 2 }),
    theirs: (inputs) => tf.maxPool(at(inputs, 0), 2, 2, "valid"),
  },
  {
    name: "average pooling",
    shapes: [image],
    ours: (graph, inputs) => averagePool(graph, at(inputs, 0), { size: 2 }),
    theirs: (inputs) => tf.avgPool(at(inputs, 0), 2, 2, "valid"),
  },
  {
    name: "bilinear resizing",
    difference: 1,
    shapes: [image],
    ours: (graph, inputs) => resizeBilinear(graph, at(inputs, 0), 12, 24),
    theirs: (inputs) => tf.image.resizeBilinear(at(inputs, 0), [12, 24], false, true),
  },
  {
    name: "repeated pixels",
    shapes: [image],
    ours: (graph, inputs) => repeatPixels(graph, at(inputs, 0), 2),
    theirs: (inputs) => tf.image.resizeNearestNeighbor(at(inputs, 0), [12, 16]),
  },
  {
    name: "batch normalization",
    shapes: [image, [3], [3]],
    ours: (graph, inputs) =>
      normalizeByBatch(graph, at(inputs, 0), at(inputs, 1), at(inputs, 2), 1e-3).output,
    theirs: (inputs) => {
      const { mean: average, variance } = tf.moments(at(inputs, 0), [0, 1, 2]);
      return at(inputs, 0).sub(average).div(variance.add(1e-3).sqrt()).mul(at(inputs, 1)).add(at(inputs, 2));
    },
  },
];

test.each(cases)(
  "$name: value and gradients as in tfjs",
  ({ name, shapes, positive, difference, ours, theirs }) => {
    const next = randomSource(1, name);
    const numbers = (count: number): Float32Array =>
      Float32Array.from({ length: count }, () => (positive === true ? 0.5 : -1) + (2 * next()) / 2 ** 32);
    const values = shapes.map((one) => numbers(elementCount(one)));

    const graph = new Graph();
    const inputs = shapes.map((one, index) => graph.placeholder(`input${index}`, one, "float32"));
    const output = ours(graph, inputs);
    const weights = numbers(elementCount(output.shape));
    const weighting = graph.placeholder("weighting", output.shape, "float32");
    const loss = sum(graph, arithmetic.multiply(graph, output, weighting));
    const gradients = addGradients(graph, loss, inputs);
    const session = new GraphSession(loadTensorFlow(), graph);
    const results = session.run(
      [...inputs.map((input, index) => [input, at(values, index)] as const), [weighting, weights]],
      [output, ...gradients],
    );
    session.close();

    const expected = tf.tidy(() => {
      const tensors = shapes.map(
        (one, index) => tf.tensor(at(values, index), [...one] as [number]) as unknown as Tf.Tensor4D,
      );
      const result = theirs(tensors);
      expect(output.shape).toEqual(result.shape);
      const weighted = (...again: Tf.Tensor[]): Tf.Tensor =>
        theirs(again as Tf.Tensor4D[])
          .mul(tf.tensor(weights, [...output.shape] as [number]))
          .sum();
      if (difference !== undefined) {
        const slopes = tensors.map((tensor, index) =>
          Float32Array.from(tensor.dataSync(), (_, position) => {
            const moved = [1, -1].map((sign) =>
              tf.tidy(() => {
                const step = tf
                  .oneHot(tf.scalar(position, "int32"), tensor.size)
                  .reshape(tensor.shape)
                  .mul(sign * difference);
                return Number(weighted(...tensors.with(index, tensor.add(step))).dataSync()[0]);
              }),
            );
            return (at(moved, 0) - at(moved, 1)) / (2 * difference);
          }),
        );
        return [result.dataSync<"float32">(), ...slopes];
      }
      const derivatives = tf.grads(weighted)(tensors);
      return [result, ...derivatives].map((tensor) => tensor.dataSync<"float32">());
    });
    for (const [index, values] of expected.entries()) {
      const worst = values.reduce((most, value, position) => {
        const mine = Number(results[index]?.[position]);
        return Math.max(most, Math.abs(mine - value) / Math.max(1, Math.abs(value)));
      }, 0);
      expect(results[index]?.length).toBe(values.length);
      expect(worst, index === 0 ? "value" : `gradient of input ${index - 1}`).toBeLessThan(
        difference === undefined ? 2e-5 : 2e-3,
      );
    }
  },
);

test("unpooling puts numbers where the maxima were, and its gradient takes them from there", () => {
  const graph = new Graph();
  const image = graph.placeholder("image", [1, 4, 4, 1], "float32");
  const values = graph.placeholder("values", [1, 2, 2, 1], "float32");
  const weighting = graph.placeholder("weighting", [1, 4, 4, 1], "float32");
  const unpooled = unpoolMaxima(graph, values, image, maximumPool(graph, image, { size: 2 }));
  const [gradient] = addGradients(graph, sum(graph, arithmetic.multiply(graph, unpooled, weighting)), [
    values,
  ]);
  const session = new GraphSession(loadTensorFlow(), graph);
  // prettier-ignore
  const results = session.run(
    [
      [image, Float32Array.of(
        1, 9, 0, 0,
        2, 3, 0, 5,
        7, 1, 4, 4,
        1, 1, 8, 4,
      )],
      [values, Float32Array.of(10, 20, 30, 40)],
      [weighting, Float32Array.from({ length: 16 }, (_, index) => index)],
    ],
    [unpooled, gradient as TensorSymbol],
  );
  session.close();
  // prettier-ignore
  expect([...(results[0] as Float32Array)]).toEqual([
    0, 10, 0, 0,
    0, 0, 0, 20,
    30, 0, 0, 0,
    0, 0, 40, 0,
  ]);
  expect([...(results[1] as Float32Array)]).toEqual([1, 7, 8, 14]);
});

test("a target that the loss doesn't depend on is an error", () => {
  const graph = new Graph();
  const used = graph.placeholder("used", [2], "float32");
  const unused = graph.placeholder("unused", [2], "float32");
  expect(() => addGradients(graph, sum(graph, used), [used, unused])).toThrow(
    "The loss doesn't depend on unused.",
  );
});

test("an operation without a gradient rule is an error", () => {
  const graph = new Graph();
  const input = graph.placeholder("input", [2], "float32");
  const sine = graph.symbol("Sin", { inputs: [input], shape: [2], dataType: "float32" });
  expect(() => addGradients(graph, sum(graph, sine), [input])).toThrow(
    "There is no gradient rule for Sin (node Sin).",
  );
});
