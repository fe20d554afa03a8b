import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Normalization } from "#shared/training/normalization.ts";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { elementCount } from "../graph/data-type.ts";
import { loadTensorFlow } from "../load-tensorflow.ts";
import { modelOf } from "../models/describe.ts";
import { weightsOf } from "../models/model.ts";
import type { ModelSettings } from "../port.ts";
import { PredictionSession } from "../prediction-session.ts";
import { CheckpointFile, writeCheckpoint } from "../weights/checkpoint.ts";
import { matchWeights } from "../weights/match-weights.ts";
import { randomSource } from "../weights/random.ts";
import { openWeightsFile } from "../weights/weights-file.ts";
import { exportModel } from "./export-model.ts";

const TILES = 2;
const side = { tileHeight: 64, tileWidth: 64, classes: 3 };
const uint8: Normalization = { kind: "uint8" };
const linear: Normalization = { kind: "linear", offset: [10, -20, 30, 5], scale: [100, 90, 80, 70] };

interface Case extends ModelSettings {
  readonly id: string;
  readonly normalization: Normalization;
}

/** Every family, and every way to enlarge; FCN, whose layers are all among the others' and whose weights take half a gigabyte, where all are asked for. */
const cases: readonly Case[] = [
  { id: "unet", architecture: "unet", width: 4, bands: 3, normalization: uint8, ...side },
  {
    id: "unet-bands",
    architecture: "unet",
    width: 4,
    upsampling: "bilinear",
    bands: 4,
    normalization: linear,
    ...side,
  },
  {
    id: "unet-unpooling",
    architecture: "unet",
    width: 4,
    upsampling: "unpooling",
    bands: 3,
    normalization: uint8,
    ...side,
  },
  {
    id: "deeplab",
    architecture: "deeplabv3plus",
    width: 4,
    upsampling: "transposed",
    bands: 3,
    normalization: uint8,
    ...side,
  },
  { id: "pspnet", architecture: "pspnet", width: 4, bands: 3, normalization: uint8, ...side },
  { id: "segnet", architecture: "segnet", width: null, bands: 3, normalization: uint8, ...side },
  {
    id: "segnet-upsample",
    architecture: "segnet-upsample",
    width: null,
    upsampling: "nearest",
    bands: 3,
    normalization: uint8,
    ...side,
  },
  ...(process.env["ORTHOMASK_NETWORKS"] === "all"
    ? [{ id: "fcn8", architecture: "fcn8", width: null, bands: 3, normalization: uint8, ...side }]
    : []),
];

const answerSchema = z.record(
  z.string(),
  z.strictObject({
    savedModel: z.array(z.number()),
    keras: z.array(z.number()),
    onnx: z.array(z.number()),
    metadata: z.record(z.string(), z.unknown()),
    savedFiles: z.array(z.string()),
  }),
);

/** Loads each export with what it is made for, predicts the same tiles, and saves Keras' model in each of Keras' formats. */
const PEER = `
import importlib.util, json, os, sys
import numpy as np, tensorflow as tf, keras, onnx, onnxruntime
answers = {}
for job in json.load(open(sys.argv[1])):
    image = np.fromfile(job["image"], "<f4").reshape(job["shape"])
    folder = job["folder"]
    served = tf.saved_model.load(folder + "/saved").signatures["serving_default"]
    saved = served(image=tf.constant(image))["probabilities"].numpy()
    spec = importlib.util.spec_from_file_location("net", folder + "/net.py")
    module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)
    model = module.build_model()
    model.load_weights(folder + "/net.weights.h5")
    ours = model.predict(image, verbose=0)
    files = [folder + "/again" + ending for ending in (".weights.h5", ".keras", ".h5")]
    model.save_weights(files[0]); model.save(files[1]); model.save(files[2])
    onnx.checker.check_model(onnx.load(folder + "/net.onnx"), full_check=True)
    session = onnxruntime.InferenceSession(folder + "/net.onnx", providers=["CPUExecutionProvider"])
    meta = session.get_modelmeta().custom_metadata_map
    # As Deepness prepares tiles: 0-255 to 0-1, standardized, NCHW.
    mean, deviation = (np.array(json.loads(meta["standardization_" + name]), "f4") for name in ("mean", "std"))
    network_input = ((image / 255 - mean) / deviation).transpose(0, 3, 1, 2).astype("f4")
    given = session.run(None, {session.get_inputs()[0].name: network_input})[0].transpose(0, 2, 3, 1)
    answers[job["id"]] = {
        "savedModel": saved.reshape(-1)[:6000].astype(float).tolist(), "keras": ours.reshape(-1)[:6000].astype(float).tolist(),
        "onnx": given.reshape(-1)[:6000].astype(float).tolist(),
        "metadata": {**{k: json.loads(v) for k, v in meta.items() if k != "orthomask_input"},
                     "shape": [str(s) for s in session.get_inputs()[0].shape]},
        "savedFiles": files}
print(json.dumps(answers))
`;

/** Random weights with statistics that no fresh network has. */
function drawCheckpoint(filePath: string, settings: ModelSettings): Map<string, Float32Array> {
  const weights = weightsOf(modelOf(settings));
  const values = new Map(
    weights.map(({ fullName, name, shape }) => {
      const next = randomSource(5, fullName);
      const fanIn = shape.length === 4 ? elementCount(shape.slice(0, 3)) : 1;
      const reach = shape.length === 4 ? Math.sqrt(6 / fanIn) : 0.3;
      const positive = name === "gamma" || name === "moving_variance";
      return [
        fullName,
        Float32Array.from({ length: elementCount(shape) }, () => {
          const random = (next() / 2 ** 32) * 2 - 1;
          return positive ? 1 + 0.5 * random : reach * random;
        }),
      ];
    }),
  );
  writeCheckpoint(filePath, new Map(weights.map(({ fullName, shape }) => [fullName, shape])), {}, values);
  return values;
}

function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  for (let index = 0; index < found.length; index += 1) {
    largest = Math.max(largest, Math.abs((found[index] ?? NaN) - (expected[index] ?? NaN)));
  }
  return largest;
}

describe.skipIf(peerPython() === undefined)("an exported network (skipped without the Python peers)", () => {
  const tensorflow = loadTensorFlow();
  let folder = "";
  let answers: z.infer<typeof answerSchema> = {};
  const predicted = new Map<string, Float32Array>();
  const weights = new Map<string, Map<string, Float32Array>>();

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "orthomask-export-test-"));
    const jobs = [];
    for (const { id, normalization, ...model } of cases) {
      const own = path.join(folder, id);
      const checkpoint = path.join(folder, `${id}.weights`);
      weights.set(id, drawCheckpoint(checkpoint, model));
      const next = randomSource(9, id);
      const samples = Float32Array.from({ length: TILES * 64 * 64 * model.bands }, () => next() % 256);
      const inputType = normalization.kind === "uint8" ? "uint8" : "float32";
      const session = new PredictionSession(tensorflow, {
        model,
        batch: TILES,
        inputType,
        weights: checkpoint,
      });
      const pixels =
        normalization.kind === "uint8"
          ? Uint8Array.from(samples)
          : new Uint8Array(
              samples.map((sample, index) => {
                const band = index % model.bands;
                return (sample - (normalization.offset[band] ?? 0)) / (normalization.scale[band] ?? 1);
              }).buffer,
            );
      predicted.set(id, new Float32Array(session.predict(pixels).probabilities.slice().buffer));
      session.close();
      const request = {
        model,
        weights: checkpoint,
        normalization,
        classNames: ["land", "water", "road"],
        resolutionCentimeters: 48,
        producer: "Orthomask 9.8.7",
      };
      await exportModel({ ...request, format: "savedmodel", path: path.join(own, "saved") });
      await exportModel({ ...request, format: "keras", path: path.join(own, "net.weights.h5") });
      await exportModel({ ...request, format: "onnx", path: path.join(own, "net.onnx") });
      const image = path.join(own, "image");
      writeFileSync(image, new Uint8Array(samples.buffer));
      jobs.push({ id, folder: own, image, shape: [TILES, 64, 64, model.bands] });
    }
    writeFileSync(path.join(folder, "jobs.json"), JSON.stringify(jobs));
    answers = answerSchema.parse(await runPeer(PEER, [path.join(folder, "jobs.json")]));
  }, 480_000);

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    expect(tensorflow.held).toEqual({ tensors: 0, graphs: 0 });
  });

  describe.each(cases)("$id", ({ id, normalization: _, ...model }) => {
    test("gives TensorFlow, Keras and ONNX Runtime the answer it gives us", () => {
      const expected = predicted.get(id) ?? new Float32Array();
      const answer = answers[id];
      expect(answer?.savedModel).toHaveLength(6000);
      // Rounding differs by processor, and thirteen normalized convolutions magnify it: SegNet came to 1.2e-5 on an AMD EPYC.
      expect(largestDifference(answer?.savedModel ?? [], expected)).toBeLessThan(3e-5);
      expect(largestDifference(answer?.keras ?? [], expected)).toBeLessThan(3e-5);
      expect(largestDifference(answer?.onnx ?? [], expected)).toBeLessThan(1e-4);
      // An answer that were the same for every pixel would compare well, too.
      expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.05);
    });

    test("comes back from each of Keras’ formats, to the last bit", async () => {
      const files = answers[id]?.savedFiles ?? [];
      expect(files).toHaveLength(3);
      for (const file of files) {
        const opened = await openWeightsFile(file);
        const { report, values } = matchWeights(modelOf(model), opened, path.basename(file));
        expect(report).toMatchObject({ skipped: [], unused: [] });
        for (const [name, numbers] of weights.get(id) ?? []) {
          expect(
            Buffer.from(values(name)?.buffer ?? new ArrayBuffer(0)).equals(Buffer.from(numbers.buffer)),
          ).toBe(true);
        }
        opened.close();
      }
    });
  });

  test("tells Deepness what it asks for", () => {
    expect(answers["unet-bands"]?.metadata).toEqual({
      model_type: "Segmentor",
      class_names: { 0: "land", 1: "water", 2: "road" },
      resolution: 48,
      tile_size: 64,
      tiles_overlap: 25,
      standardization_mean: [10 / 255, -20 / 255, 30 / 255, 5 / 255],
      standardization_std: [100 / 255, 90 / 255, 80 / 255, 70 / 255],
      seg_thresh: 0,
      seg_small_segment: 0,
      shape: ["batch", "4", "64", "64"],
    });
  });
});

test("what can't be written says which file", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "orthomask-export-test-"));
  const model: ModelSettings = { architecture: "unet", width: 4, bands: 3, ...side };
  drawCheckpoint(path.join(folder, "best.weights"), model);
  const file = path.join(folder, "file");
  writeFileSync(file, "");
  const request = {
    model,
    weights: path.join(folder, "best.weights"),
    normalization: uint8,
    classNames: [],
    resolutionCentimeters: null,
    producer: "Orthomask 1",
  };
  for (const format of ["savedmodel", "keras", "onnx"] as const) {
    await expect(exportModel({ ...request, format, path: path.join(file, "below") })).rejects.toThrow(
      `${path.join(file, "below")} could not be written`,
    );
  }
  expect(readFileSync(file, "utf8")).toBe("");
  // And the checkpoint was closed each time: it can still be read.
  new CheckpointFile(path.join(folder, "best.weights")).close();
  rmSync(folder, { recursive: true, force: true });
});
