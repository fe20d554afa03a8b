import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { layersForKeras, twinScript } from "../../bench/harness/engine/keras-side.ts";
import { trainingRequestOf } from "../../bench/harness/engine/works.ts";
import { peerPython, startPeer } from "../../fixtures/peers.ts";
import type { StandingPeer } from "../../fixtures/peers.ts";
import { loadTensorFlow } from "./load-tensorflow.ts";
import { modelOf } from "./models/describe.ts";
import { weightsOf } from "./models/model.ts";
import type { ModelSettings, OptimizerName, TrainingRequest } from "./port.ts";
import { TrainingSession } from "./training-session.ts";
import type { TrainingSessionOptions } from "./training-session.ts";
import { randomSource } from "./weights/random.ts";

const tensorflow = loadTensorFlow();
const tiny: ModelSettings = {
  architecture: "unet",
  width: 4,
  bands: 3,
  classes: 4,
  tileHeight: 32,
  tileWidth: 32,
};
const small: ModelSettings = {
  architecture: "unet",
  width: 8,
  bands: 3,
  classes: 4,
  tileHeight: 64,
  tileWidth: 64,
};

function request(changes: Partial<TrainingRequest> = {}): TrainingRequest {
  return { ...trainingRequestOf(small, 2), seed: 7, ...changes };
}

/** Tiles whose classes can be told from their colours, with a few unlabelled pixels. */
function drawBatch(seed: number, tiles = 2, model = small): { pixels: Uint8Array; labels: Uint8Array } {
  const next = randomSource(seed, "tiles");
  const count = tiles * model.tileHeight * model.tileWidth;
  const labels = new Uint8Array(count);
  const pixels = new Uint8Array(count * model.bands);
  for (let pixel = 0; pixel < count; pixel += 1) {
    // Blocks of 16×16 pixels, so that neighbours agree.
    const x = Math.floor((pixel % model.tileWidth) / 16);
    const y = Math.floor(pixel / model.tileWidth / 16);
    const label = (x * 7 + y * 3 + seed) % model.classes;
    labels[pixel] = pixel % 97 === 0 ? 255 : label;
    for (let band = 0; band < model.bands; band += 1) {
      pixels[pixel * model.bands + band] = ((label * 61 + band * 40) % 200) + (next() % 50);
    }
  }
  return { pixels, labels };
}

let folder = "";
let opened: TrainingSession[] = [];

function open(...words: [TrainingRequest, TrainingSessionOptions?]): TrainingSession {
  const session = new TrainingSession(tensorflow, ...words);
  opened.push(session);
  return session;
}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "orthomask-engine-test-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  for (const session of opened) {
    session.close();
  }
  opened = [];
  // Closing leaves nothing behind.
  expect(tensorflow.held).toEqual({ tensors: 0, graphs: 0 });
});

let twin: StandingPeer | undefined;
afterAll(() => twin?.close());

const twinSchema = z.object({ parameters: z.number(), losses: z.array(z.number()) });

/** Runs the same steps in Keras, from the same weights and tiles. */
async function keras(
  session: TrainingSession,
  settings: {
    model: ModelSettings;
    optimizer: OptimizerName;
    learningRate: number;
    steps: number;
    batches: number;
    frozen?: readonly string[];
  },
): Promise<{ parameters: number; losses: number[]; weights: Map<string, Float32Array> }> {
  const { model: size, steps } = settings;
  const file = (name: string): string => path.join(folder, name);
  session.saveCheckpoint(file("first.weights"), false);
  const batches = Array.from({ length: settings.batches }, (_, index) => {
    const { pixels, labels } = drawBatch(index, 2, size);
    writeFileSync(file(`pixels${index}`), pixels);
    writeFileSync(file(`labels${index}`), labels);
    return { pixels: file(`pixels${index}`), labels: file(`labels${index}`) };
  });
  const names = weightsOf(modelOf(size));
  writeFileSync(
    file("request.json"),
    JSON.stringify({
      layers: layersForKeras(size),
      ...{
        batch: 2,
        height: size.tileHeight,
        width: size.tileWidth,
        bands: size.bands,
        classes: size.classes,
      },
      ...{
        weights: file("first.weights"),
        optimizer: settings.optimizer,
        learningRate: settings.learningRate,
      },
      frozen: settings.frozen ?? [],
      ...{ batches, steps, dropout: false, mode: "losses", weightsAfter: file("after") },
      weightNames: names.map(({ fullName }) => fullName),
    }),
  );
  twin ??= startPeer(twinScript);
  const answer = twinSchema.parse(await twin.ask(file("request.json")));
  const bytes = readFileSync(file("after"));
  const weights = new Map<string, Float32Array>();
  let offset = 0;
  for (const { fullName, shape } of names) {
    const length = shape.reduce((product, value) => product * value, 1) * 4;
    weights.set(
      fullName,
      new Float32Array(bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + length)),
    );
    offset += length;
  }
  return { ...answer, weights };
}

describe.skipIf(peerPython() === undefined)("against Keras (skipped without the Python peers)", () => {
  test.each<{ architecture: string; optimizer: OptimizerName; rate: number; tile: number; within: number }>([
    { architecture: "unet", optimizer: "adam", rate: 1e-3, tile: 64, within: 1e-3 },
    // Where batch normalization has few numbers a channel, at the coarsest stage, it magnifies rounding from step to step.
    { architecture: "deeplabv3plus", optimizer: "sgd", rate: 1e-4, tile: 128, within: 2e-3 },
    { architecture: "pspnet", optimizer: "sgd", rate: 1e-4, tile: 128, within: 2e-3 },
    // How much a step of rate 1e-4 magnifies depends on the processor's own rounding (up to 2.2e-2): this one takes shorter steps.
    { architecture: "segnet-upsample", optimizer: "sgd", rate: 1e-5, tile: 160, within: 2e-3 },
  ])(
    "$architecture with $optimizer: losses of several steps and the weights after them",
    async ({ architecture, optimizer, rate: learningRate, tile, within }) => {
      const model = {
        ...small,
        architecture,
        width: { unet: 8, deeplabv3plus: 4, pspnet: 4 }[architecture] ?? null,
        tileHeight: tile,
        tileWidth: tile,
      };
      const session = open(request({ model, optimizer }), { dropout: false });
      // Small networks take ten steps in the time that the others take five.
      const steps = architecture === "unet" ? 10 : 5;
      const batches = 3;
      const theirs = await keras(session, { model, optimizer, learningRate, steps, batches });
      expect(session.parameters).toBe(theirs.parameters);

      const ours = Array.from({ length: steps }, (_, index) =>
        session.trainStep({ ...drawBatch(index % batches, 2, model), learningRate, step: index + 1 }),
      );
      const differences = ours.map(({ loss }, index) => Math.abs(loss / (theirs.losses[index] ?? NaN) - 1));
      const both = `${ours.map((step) => step.loss).join()} | ${theirs.losses.join()}`;
      // The second loss has gone through every gradient and update once; a wrong gradient shows as 1e-3 and more.
      expect(Math.max(...differences.slice(0, 2)), both).toBeLessThan(1e-4);
      expect(Math.max(...differences), both).toBeLessThan(within);
      // The same tiles again after all of them were seen once.
      expect(ours[batches]?.loss).toBeLessThan(ours[0]?.loss ?? 0);
      for (const [name, values] of session.weights()) {
        if (name.endsWith("moving_mean") || name.endsWith("moving_variance")) {
          const expected = theirs.weights.get(name);
          const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0.1);
          const worst = values.reduce(
            (most, value, index) => Math.max(most, Math.abs(value - (expected?.[index] ?? NaN))),
            0,
          );
          expect(worst / largest, name).toBeLessThan(Math.max(within, 1e-2));
        }
      }
    },
    180_000,
  );
});

test.skipIf(peerPython() === undefined)(
  "a frozen encoder does what Keras’ trainable=False does (skipped without the Python peers)",
  async () => {
    const session = open(request({ optimizer: "sgd", freezeEncoder: true }), { dropout: false });
    const withWeights = [...modelOf(small).encoder].filter(({ weights }) => weights.length > 0);
    const frozen = withWeights.map(({ name }) => name);
    const run = { model: small, optimizer: "sgd" as const, learningRate: 1e-3, steps: 6, batches: 2, frozen };
    const theirs = await keras(session, run);
    const ours = Array.from({ length: 6 }, (_, index) =>
      session.trainStep({ ...drawBatch(index % 2), learningRate: 1e-3, step: index + 1 }),
    );
    for (const [index, { loss }] of ours.entries()) {
      expect(Math.abs(loss / (theirs.losses[index] ?? NaN) - 1)).toBeLessThan(1e-4);
    }
  },
  180_000,
);

test("resuming from a checkpoint repeats the uninterrupted run to the last bit", () => {
  const steps = (session: TrainingSession, from: number, to: number): number[] =>
    Array.from(
      { length: to - from + 1 },
      (_, index) =>
        session.trainStep({ ...drawBatch((from + index) % 3), learningRate: 1e-3, step: from + index }).loss,
    );
  const whole = open(request());
  const wholeLosses = steps(whole, 1, 6);
  const wholeWeights = [...whole.weights()];

  const checkpoint = path.join(folder, "last.weights");
  const first = open(request());
  const firstLosses = steps(first, 1, 3);
  first.saveCheckpoint(checkpoint, true);
  const second = open(request({ checkpoint }));
  const secondLosses = steps(second, 4, 6);
  expect([...firstLosses, ...secondLosses]).toEqual(wholeLosses);
  expect([...second.weights()]).toEqual(wholeWeights);
});

test("pixels without a label and of ignored classes change neither loss, counts nor weights", () => {
  const { pixels, labels } = drawBatch(1);
  const weightsAfter = (changed: Uint8Array, ignoredClasses: number[]) => {
    const session = open(request({ ignoredClasses, loss: "crossentropy+dice" }));
    const result = session.trainStep({ pixels, labels: changed, learningRate: 1e-2, step: 1 });
    const weights = [...session.weights()];
    return { loss: result.loss, confusion: result.confusion, weights };
  };
  const ignored = weightsAfter(labels, [2]);
  const unlabelled = weightsAfter(
    labels.map((label) => (label === 2 ? 255 : label)),
    [],
  );
  expect(ignored).toEqual(unlabelled);
  expect(ignored.confusion.reduce((total, count) => total + count)).toBe(
    labels.filter((label) => label < 4 && label !== 2).length,
  );
});

test.each([
  "crossentropy",
  "weighted-crossentropy",
  "dice",
  "focal",
  "iou",
  "tversky",
  "focal-tversky",
  "lovasz",
])("%s of a batch without any label is 0 and moves no weight", (loss) => {
  const session = open(request({ model: tiny, loss, optimizer: "sgd" }));
  const trainable = (): [string, Float32Array][] =>
    [...session.weights()].filter(([name]) => !name.includes("moving"));
  const before = trainable();
  const { pixels, labels } = drawBatch(2, 2, tiny);
  const result = session.trainStep({ pixels, labels: labels.fill(255), learningRate: 1, step: 1 });
  expect(result.loss).toBe(0);
  expect(result.confusion.every((count) => count === 0)).toBe(true);
  expect(trainable()).toEqual(before);
});

test("evaluation counts what its prediction shows", () => {
  const session = open(request());
  const { pixels, labels } = drawBatch(3);
  const { confusion, prediction, validPixels } = session.evaluateStep({
    pixels,
    labels,
    returnPrediction: true,
  });
  const counted = new Array<number>(16).fill(0);
  labels.forEach((truth, pixel) => {
    if (truth < 4) {
      const cell = truth * 4 + (prediction?.[pixel] ?? NaN);
      counted[cell] = (counted[cell] ?? 0) + 1;
    }
  });
  expect(confusion).toEqual(counted);
  expect(validPixels).toBe(labels.filter((label) => label < 4).length);
});

test("a short last batch counts only its own tiles", () => {
  const session = open(request({ batch: 3 }));
  const { pixels, labels } = drawBatch(4, 2);
  const { confusion } = session.trainStep({ pixels, labels, learningRate: 1e-3, step: 1 });
  expect(confusion.reduce((total, count) => total + count)).toBe(labels.filter((label) => label < 4).length);
  const evaluated = session.evaluateStep({ pixels, labels, returnPrediction: true });
  expect(evaluated.prediction?.length).toBe(labels.length);
  expect(() =>
    session.trainStep({ pixels: pixels.subarray(1), labels, learningRate: 1e-3, step: 2 }),
  ).toThrow("Expected 1 to 3 tiles of 12288 bytes each, but 24575 bytes came.");
});

test("a label beyond the model's classes is refused, one that is ignored isn't", () => {
  const { pixels, labels } = drawBatch(6);
  labels[40] = 7;
  const step = { pixels, labels, learningRate: 1e-3, step: 1 };
  expect(() => open(request()).trainStep(step)).toThrow(
    "A label is class 7, but the model tells 4 classes apart, 0 to 3.",
  );
  expect(open(request({ ignoredClasses: [7] })).trainStep(step).loss).toBeGreaterThan(0);
});

test("a loss that isn't finite is told, not thrown", () => {
  const session = open(request({ loss: "weighted-crossentropy", classWeights: [Infinity, 1, 1, 1] }));
  expect(session.trainStep({ ...drawBatch(5), learningRate: 1e-3, step: 1 }).loss).toBe(Infinity);
  expect(session.trainStep({ ...drawBatch(5), learningRate: 1e-3, step: 2 }).loss).toBeNaN();
});
