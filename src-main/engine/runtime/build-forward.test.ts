import { expect, test } from "vitest";
import { elementCount } from "../graph/data-type.ts";
import { addGradients } from "../graph/gradients.ts";
import { Graph } from "../graph/graph.ts";
import type { TensorSymbol } from "../graph/graph.ts";
import { cast, greater, multiply } from "../graph/operations/arithmetic.ts";
import { randomKeepMask } from "../graph/operations/random.ts";
import { mean } from "../graph/operations/average.ts";
import { sum } from "../graph/operations/reduction.ts";
import { activation, dropout } from "../layers/activation.ts";
import { conv2d } from "../layers/convolution.ts";
import type { Layer, Mode } from "../layers/layer.ts";
import { batchNormalization } from "../layers/normalization.ts";
import { maxPooling2d, upSampling2d } from "../layers/resizing.ts";
import { loadTensorFlow } from "../load-tensorflow.ts";
import { modelOf } from "../models/describe.ts";
import { ModelBuilder, weightsOf } from "../models/model.ts";
import type { Model } from "../models/model.ts";
import { randomSource } from "../weights/random.ts";
import { buildForward } from "./build-forward.ts";
import type { WeightValues } from "./constant-weights.ts";
import { foldNormalizations } from "./fold-normalizations.ts";
import type { Feed } from "./session.ts";
import { GraphSession } from "./graph-session.ts";

/** Biases before normalizations and repeated pixels before convolutions, in few layers: deep ones amplify rounding. */
function smallSegnet(): Model {
  const builder = new ModelBuilder(64, 64, 3);
  const convolve = (layer: Layer, filters: number): Layer => {
    const convolved = builder.apply(conv2d({ filters, kernelSize: 3 }), layer);
    return builder.apply(activation("relu"), builder.apply(batchNormalization(), convolved));
  };
  const dropped = builder.apply(dropout(0.1), convolve(builder.input, 8));
  const pooled = builder.apply(maxPooling2d(), dropped);
  const enlarged = builder.apply(upSampling2d(2), convolve(pooled, 8));
  const half = convolve(enlarged, 6);
  builder.apply(conv2d({ filters: 3, kernelSize: 3 }), builder.apply(upSampling2d(2), half));
  return builder.finish();
}

const networks = {
  unet: modelOf({ architecture: "unet", width: 4, bands: 3, classes: 3, tileHeight: 64, tileWidth: 64 }),
  "small SegNet": smallSegnet(),
};

function numbers(count: number, name: string, from: number, to: number): Float32Array {
  const next = randomSource(3, name);
  return Float32Array.from({ length: count }, () => from + ((to - from) * next()) / 2 ** 32);
}

/** Numbers for a weight, as a training might have left them. */
function drawn(fullName: string, shape: readonly number[]): Float32Array {
  const positive = fullName.endsWith("/gamma") || fullName.endsWith("/moving_variance");
  return numbers(elementCount(shape), fullName, positive ? 0.5 : -0.3, positive ? 1.5 : 0.3);
}

/** Logits, gradients and updated statistics of a network with given weights. */
function forward(
  model: Model,
  mode: Mode,
  fuse: boolean,
  values: WeightValues = drawn,
  frozen: ReadonlySet<Layer> = new Set(),
): Map<string, ArrayLike<number | bigint>> {
  const graph = new Graph();
  const input = graph.placeholder("image", [2, 64, 64, 3], "float32");
  const seed = graph.placeholder("seed", [2], "int32");
  const feeds: Feed[] = [
    [input, numbers(2 * 64 * 64 * 3, "image", 0, 1)],
    [seed, Int32Array.of(5, 6)],
  ];
  const weights = new Map<string, TensorSymbol>();
  for (const { fullName, shape } of weightsOf(model)) {
    const symbol = graph.placeholder(fullName, shape, "float32");
    weights.set(fullName, symbol);
    feeds.push([symbol, values(fullName, shape)]);
  }
  const { logits, updates } = buildForward(graph, model, {
    mode,
    input,
    weight: (name) => weights.get(name) as TensorSymbol,
    dropoutSeed: seed,
    fuse,
    frozen,
  });
  const fetched = new Map<string, TensorSymbol>([["logits", logits], ...updates]);
  if (mode === "training") {
    const trainable = weightsOf(model).filter((weight) => weight.trainable);
    const targets = trainable.map(({ fullName }) => weights.get(fullName) as TensorSymbol);
    const gradients = addGradients(graph, mean(graph, multiply(graph, logits, logits)), targets);
    trainable.forEach(({ fullName }, index) =>
      fetched.set(`gradient of ${fullName}`, gradients[index] as TensorSymbol),
    );
  }
  const session = new GraphSession(loadTensorFlow(), graph);
  const results = session.run(
    feeds.filter(([symbol]) => mode === "training" || symbol !== seed),
    [...fetched.values()],
  );
  session.close();
  return new Map([...fetched.keys()].map((name, index) => [name, results[index] as Float32Array]));
}

const fusedBiases = new Set(["conv2d", "conv2d_1", "conv2d_2"].map((layer) => `gradient of ${layer}/bias`));

const cases = Object.entries(networks).flatMap(([name, model]) =>
  (["training", "inference"] as const).map((mode) => ({ name, mode, model })),
);

test.each(cases)("layers done together give what they give one by one ($name, $mode)", ({ model, mode }) => {
  const alone = forward(model, mode, false);
  for (const [name, values] of forward(model, mode, true)) {
    const expected = alone.get(name) as Float32Array;
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
    const worst = (values as Float32Array).reduce(
      (most, value, index) => Math.max(most, Math.abs(value - (expected[index] ?? NaN))),
      0,
    );
    // A bias before a normalization has the gradient 0, and one by one a sum of rounding errors.
    const scale = fusedBiases.has(name) ? 1 : largest;
    expect(worst / scale, name).toBeLessThan(2e-4);
  }
});

test("a bias before a normalization that stands still is felt", () => {
  const model = networks["small SegNet"];
  const standing = new Set(model.layers.filter(({ definition }) => definition.type === "BatchNormalization"));
  const alone = forward(model, "training", false, drawn, standing);
  const together = forward(model, "training", true, drawn, standing);
  for (const name of fusedBiases) {
    const expected = alone.get(name) as Float32Array;
    const largest = Math.max(...expected.map(Math.abs));
    expect(largest, name).toBeGreaterThan(1e-5);
    for (const [index, value] of (together.get(name) as Float32Array).entries()) {
      expect(Math.abs(value - (expected[index] ?? NaN)) / largest, name).toBeLessThan(2e-4);
    }
  }
});

test.each(Object.entries(networks))(
  "normalizations folded into the weights give what layers give one by one (%s)",
  (_, model) => {
    const folded = foldNormalizations(model, drawn);
    expect(weightsOf(folded.model).filter(({ name }) => name === "gamma")).toEqual([]);
    const expected = forward(model, "inference", false).get("logits") as Float32Array;
    const found = forward(folded.model, "inference", true, folded.values).get("logits") as Float32Array;
    const largest = Math.max(...expected.map(Math.abs));
    expect(
      Math.max(...found.map((value, index) => Math.abs(value - (expected[index] ?? NaN)))) / largest,
    ).toBeLessThan(2e-4);
  },
);

test("dropout's mask follows the seed, the step and its own stream, and keeps the share it should", () => {
  const graph = new Graph();
  const seed = graph.placeholder("seed", [2], "int32");
  const shape = [1000, 333];
  const masks = [1, 2].map((stream) => randomKeepMask(graph, shape, 0.1, seed, stream));
  const shares = masks.map((mask) => mean(graph, mask));
  const [first, second] = masks as [TensorSymbol, TensorSymbol];
  const both = sum(graph, cast(graph, greater(graph, multiply(graph, first, second), 0.5), "float32"));
  const session = new GraphSession(loadTensorFlow(), graph);
  const run = (step: number): number[] =>
    session.run([[seed, Int32Array.of(1, step)]], [...shares, both]).map((values) => Number(values[0]));
  const [one, other, together] = run(1) as [number, number, number];
  expect(one).toBeCloseTo(0.9, 2);
  expect(other).toBeCloseTo(0.9, 2);
  // Independent of each other: 0.9² of the elements are kept in both.
  expect(together / 333_000).toBeCloseTo(0.81, 2);
  expect(run(1)).toEqual([one, other, together]);
  expect(run(2)).not.toEqual([one, other, together]);
  session.close();
});
