import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { trainingRequestOf } from "../../../bench/harness/engine/works.ts";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { centredNormalization } from "#shared/training/normalization.ts";
import { createEngine } from "../engine.ts";
import { Graph } from "../graph/graph.ts";
import type { TensorSymbol } from "../graph/graph.ts";
import { conv2d } from "../layers/convolution.ts";
import type { Layer } from "../layers/layer.ts";
import { loadTensorFlow } from "../load-tensorflow.ts";
import { modelOf } from "../models/describe.ts";
import { ModelBuilder, weightsOf } from "../models/model.ts";
import type { Model } from "../models/model.ts";
import type { ModelSettings, TrainingRequest } from "../port.ts";
import { buildForward } from "../runtime/build-forward.ts";
import { GraphSession } from "../runtime/graph-session.ts";
import type { Feed } from "../runtime/session.ts";
import { TrainingSession } from "../training-session.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import { matchWeights } from "./match-weights.ts";
import { openWeightsFile } from "./weights-file.ts";
import type { StoredWeight } from "./weights-file.ts";

const tensorflow = loadTensorFlow();
const side = { tileHeight: 64, tileWidth: 64, bands: 3, classes: 5 };
const fcn: ModelSettings = { architecture: "fcn32", width: null, ...side };
const unet: ModelSettings = { architecture: "unet", width: 4, ...side };

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "orthomask-keras-test-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  expect(tensorflow.held).toEqual({ tensors: 0, graphs: 0 });
});

/** VGG16 with random weights in each of Keras' formats and what it sees of an image; a dense layer over a small image; layers without names. */
const PEER = `
import h5py, json, sys, numpy as np, keras
folder = sys.argv[1]
keras.utils.set_random_seed(1)
vgg = keras.applications.VGG16(weights=None, include_top=False, input_shape=(64, 64, 3))
vgg.set_weights([w + np.random.uniform(-0.02, 0.02, w.shape) for w in vgg.get_weights()])
vgg.save(folder + "/vgg.h5"); vgg.save(folder + "/vgg.keras"); vgg.save_weights(folder + "/vgg.weights.h5")
image = np.random.uniform(0, 1, (1, 64, 64, 3)).astype("f4")
image.tofile(folder + "/image"); vgg.predict(image, verbose=0).tofile(folder + "/seen")
source = keras.Input((2, 2, 3)); flat = keras.layers.Flatten()(source)
dense = keras.Model(source, keras.layers.Dense(4, name="fc1")(flat))
dense.save(folder + "/dense.h5")
# As Keras' own weights are used: under their published name, on an image as preprocess_input makes it.
vgg.save(folder + "/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5")
colours = np.random.randint(0, 256, (1, 64, 64, 3)).astype("f4")
colours.tofile(folder + "/colours")
vgg.predict(keras.applications.vgg16.preprocess_input(colours.copy()), verbose=0).tofile(folder + "/seen-colours")
small = image[:, :2, :2]
# Keras 3 before it noted the layers' names: only its numbered class names tell them apart.
with h5py.File(folder + "/vgg.weights.h5") as old, h5py.File(folder + "/old.weights.h5", "w") as new:
    for name in old["layers"]:
        for index in old["layers"][name]["vars"]:
            new[f"layers/{name}/vars/{index}"] = old["layers"][name]["vars"][index][:]
print(json.dumps({"dense": dense.predict(small, verbose=0).reshape(-1).astype(float).tolist()}))
`;

/** What a model's last layer gives for an image, with the weights of a file. */
async function seenBy(model: Model, filePath: string, image: Float32Array): Promise<Float32Array> {
  const file = await openWeightsFile(filePath);
  const { values } = matchWeights(model, file, path.basename(filePath));
  const graph = new Graph();
  const [height, width, bands] = (model.layers[0] as (typeof model.layers)[number]).outputShape;
  const input = graph.placeholder("image", [1, height, width, bands], "float32");
  const feeds: Feed[] = [[input, image]];
  const weights = new Map<string, TensorSymbol>();
  for (const { fullName, shape } of weightsOf(model)) {
    const symbol = graph.placeholder(fullName, shape, "float32");
    weights.set(fullName, symbol);
    feeds.push([symbol, values(fullName) ?? new Float32Array()]);
  }
  file.close();
  const { logits } = buildForward(graph, model, {
    mode: "inference",
    input,
    weight: (name) => weights.get(name) as TensorSymbol,
    dropoutSeed: null,
  });
  const session = new GraphSession(tensorflow, graph);
  const [result] = session.run(feeds, [logits]);
  session.close();
  return result as Float32Array;
}

function floatsOf(name: string): Float32Array {
  return new Float32Array(new Uint8Array(readFileSync(path.join(folder, name))).buffer);
}

function largestRelativeDifference(found: Float32Array, expected: Float32Array): number {
  expect(found).toHaveLength(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...found.map((value, index) => Math.abs(value - (expected[index] ?? NaN)))) / scale;
}

describe.skipIf(peerPython() === undefined)("files of real Keras (skipped without the Python peers)", () => {
  let answer = { dense: [0] };
  beforeAll(async () => {
    answer = z.object({ dense: z.array(z.number()) }).parse(await runPeer(PEER, [folder]));
  }, 180_000);

  /** FCN's encoder alone: everything up to what VGG16 without its classifier gives. */
  function encoder(): Model {
    const { layers, encoder: part } = modelOf(fcn);
    const kept = layers.filter((layer) => part.has(layer));
    return { layers: kept, output: kept.at(-1) as Layer, encoder: part };
  }

  test.each(["vgg.h5", "vgg.weights.h5", "vgg.keras", "old.weights.h5"])(
    "%s: FCN's encoder sees what VGG16 sees",
    async (name) => {
      const seen = await seenBy(encoder(), path.join(folder, name), floatsOf("image"));
      expect(largestRelativeDifference(seen, floatsOf("seen"))).toBeLessThan(1e-5);
    },
  );

  test("weights of Keras' VGG16 see RGB less ImageNet's means as Keras sees BGR after preprocess_input", async () => {
    const normalization = centredNormalization({ kind: "uint8" });
    if (normalization.kind !== "linear") {
      throw new Error("The means are nowhere.");
    }
    const { offset, scale } = normalization;
    const image = floatsOf("colours").map(
      (sample, index) => (sample - (offset[index % 3] ?? 0)) / (scale[index % 3] ?? 1),
    );
    const file = path.join(folder, "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5");
    const seen = await seenBy(encoder(), file, image);
    expect(largestRelativeDifference(seen, floatsOf("seen-colours"))).toBeLessThan(1e-4);
    const opened = await openWeightsFile(file);
    const inputOf = (model: ModelSettings, name: string, given?: "unit" | "imagenet"): string | null =>
      matchWeights(modelOf(model), opened, name, given).report.input;
    expect(inputOf(fcn, path.basename(file))).toBe("imagenet");
    expect(inputOf(fcn, path.basename(file), "unit")).toBe("unit");
    expect(inputOf(fcn, "mine.h5")).toBe("unit");
    expect(inputOf(fcn, "mine.h5", "imagenet")).toBe("imagenet");
    // Four bands: the first layer isn't taken, and nothing expects anything.
    expect(inputOf({ ...fcn, bands: 4 }, path.basename(file))).toBeNull();
    opened.close();
  });

  test("the report names what was loaded, skipped and unused", async () => {
    const engine = createEngine(() => tensorflow);
    const context = { signal: new AbortController().signal };
    const file = path.join(folder, "vgg.h5");
    const report = await engine.engine.inspectWeights(
      { model: { ...fcn, architecture: "fcn8", bands: 4 }, path: file },
      context,
    );
    expect(report.source).toBe("vgg.h5");
    expect(report.loaded).toHaveLength(12);
    expect(report.skipped).toEqual([
      { layer: "block1_conv1", expected: "[3, 3, 4, 64] and [64]", found: "[3, 3, 3, 64] and [64]" },
      { layer: "fc1", expected: "[7, 7, 512, 4096] and [4096]", found: null },
      { layer: "fc2", expected: "[1, 1, 4096, 4096] and [4096]", found: null },
      { layer: "conv2d", expected: "[1, 1, 4096, 5] and [5]", found: null },
      { layer: "score_pool4", expected: "[1, 1, 512, 5] and [5]", found: null },
      { layer: "score_pool3", expected: "[1, 1, 256, 5] and [5]", found: null },
    ]);
    await expect(engine.engine.createTraining(request({ initialWeights: file }), context)).rejects.toThrow(
      "vgg.h5 has no layer that this network could begin with",
    );
  });

  test("a dense layer becomes the convolution that sees the whole image", async () => {
    const builder = new ModelBuilder(2, 2, 3);
    builder.apply(conv2d({ filters: 4, kernelSize: 2, padding: "valid" }), builder.input, "fc1");
    const image = floatsOf("image");
    const corner = Float32Array.of(...image.subarray(0, 6), ...image.subarray(64 * 3, 64 * 3 + 6));
    const seen = await seenBy(builder.finish(), path.join(folder, "dense.h5"), corner);
    expect(largestRelativeDifference(seen, Float32Array.from(answer.dense))).toBeLessThan(1e-5);
  });

  test("VGG16's own dense layers have FCN's numbers", () => {
    const stored = (...shape: number[]): StoredWeight => ({ shape, read: () => new Float32Array() });
    const layers = new Map([
      ["fc1", [stored(25_088, 4096), stored(4096)]],
      ["fc2", [stored(4096, 4096), stored(4096)]],
      ["predictions", [stored(4096, 1000), stored(1000)]],
    ]);
    const file = { layers, isNumbered: false, close: () => undefined };
    const { report } = matchWeights(modelOf(fcn), file, "vgg16.h5");
    expect([report.loaded, report.unused]).toEqual([["fc1", "fc2"], ["predictions"]]);
  });
});

function request(changes: Partial<TrainingRequest> = {}): TrainingRequest {
  return { ...trainingRequestOf(unet, 1), seed: 7, ...changes };
}

const batch = {
  pixels: Uint8Array.from({ length: 64 * 64 * 3 }, (_, index) => (index * 37) % 251),
  labels: Uint8Array.from({ length: 64 * 64 }, (_, index) => Math.floor(index / 700) % 3),
};

test("a run's checkpoint begins another with another count of classes, all but the classifier", async () => {
  const first = new TrainingSession(tensorflow, request());
  first.trainStep({ ...batch, learningRate: 0.01, step: 1 });
  const file = path.join(folder, "best.weights");
  first.saveCheckpoint(file, true);
  const learned = new Map(first.weights());
  first.close();
  const opened = await openWeightsFile(file);
  const model = { ...unet, classes: 3 };
  const { report, values } = matchWeights(modelOf(model), opened, "U-Net 1");
  expect(report.skipped).toEqual([
    { layer: "conv2d_18", expected: "[1, 1, 4, 3] and [3]", found: "[1, 1, 4, 5] and [5]" },
  ]);
  expect(report.unused).toEqual([]);
  const second = new TrainingSession(tensorflow, request({ model }), { initialWeights: values });
  for (const [name, numbers] of second.weights()) {
    if (!name.startsWith("conv2d_18/")) {
      expect(numbers).toEqual(learned.get(name));
    }
  }
  second.close();
  opened.close();
});

test("a frozen encoder stays as it is, statistics too, and the rest learns", () => {
  const session = new TrainingSession(tensorflow, request({ freezeEncoder: true }));
  const { encoder } = modelOf(unet);
  const inEncoder = new Set([...encoder].map(({ name }) => name));
  const before = new Map([...session.weights()].map(([name, numbers]) => [name, numbers.slice()]));
  const losses = [1, 2, 3, 4, 5].map(
    (step) => session.trainStep({ ...batch, learningRate: 0.01, step }).loss,
  );
  expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  const changed = [...session.weights()].filter(
    ([name, numbers]) => !numbers.every((value, index) => value === before.get(name)?.[index]),
  );
  const changedLayers = new Set(changed.map(([name]) => name.split("/")[0] ?? ""));
  expect([...changedLayers].filter((name) => inEncoder.has(name))).toEqual([]);
  expect(changedLayers.size).toBeGreaterThan(20);
  // Resuming finds optimizer slots for what learns, and asks for no others.
  const file = path.join(folder, "frozen.weights");
  session.saveCheckpoint(file, true);
  const expected = session.trainStep({ ...batch, learningRate: 0.01, step: 6 }).loss;
  session.close();
  const resumed = new TrainingSession(tensorflow, request({ freezeEncoder: true, checkpoint: file }));
  expect(resumed.trainStep({ ...batch, learningRate: 0.01, step: 6 }).loss).toBe(expected);
  const frozenCount = [...encoder]
    .flatMap(({ weights }) => weights)
    .filter(({ trainable }) => trainable).length;
  expect(frozenCount).toBeGreaterThan(0);
  resumed.close();
});

test.each([
  ["a text", () => "not weights at all", "holds no weights: expected Keras’ .h5"],
  [
    "a broken HDF5 file",
    () => Buffer.from("\x89HDF\r\n\x1a\nand nothing", "latin1"),
    "is no weights file of Keras’",
  ],
  [
    "a broken archive",
    () => Buffer.from("PK\x03\x04 and nothing else", "latin1"),
    "is no weights file of Keras’",
  ],
  ["an empty file", () => "", "holds no weights"],
])("%s is refused by name", async (_, content, message) => {
  const file = path.join(folder, "odd.h5");
  writeFileSync(file, content());
  await expect(openWeightsFile(file)).rejects.toThrow(`odd.h5 ${message}`);
  await expect(openWeightsFile(path.join(folder, "missing.h5"))).rejects.toThrow(
    "missing.h5 could not be opened",
  );
});

test("checkpoints without a layer in common are refused when a training begins", async () => {
  const file = path.join(folder, "other.weights");
  writeCheckpoint(file, new Map([["odd/kernel", [1]]]), {}, [["odd/kernel", Float32Array.of(1)]]);
  const engine = createEngine(() => tensorflow);
  await expect(
    engine.engine.createTraining(request({ initialWeights: file }), { signal: new AbortController().signal }),
  ).rejects.toThrow("other.weights has no layer that this network could begin with");
});
