import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { optimizerDefaults } from "#shared/training/training-settings.ts";
import { trainingRequestOf } from "../../../bench/harness/engine/works.ts";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { conv2d } from "../layers/convolution.ts";
import { loadTensorFlow } from "../load-tensorflow.ts";
import type { Model } from "../models/model.ts";
import { ModelBuilder } from "../models/model.ts";
import type { GradientRules, ModelSettings, TrainingRequest } from "../port.ts";
import { TrainingSession } from "../training-session.ts";
import { randomSource } from "../weights/random.ts";
import { LossScale } from "./loss-scale.ts";

const tensorflow = loadTensorFlow();
const SIZE = 16;
const BANDS = 3;
const CLASSES = 3;
const layers = [
  { name: "conv_a", filters: 8, kernelSize: 3, activation: "relu" },
  { name: "conv_b", filters: 8, kernelSize: 3, activation: "relu" },
  { name: "logits", filters: CLASSES, kernelSize: 1, activation: "linear" },
] as const;

/** No batch normalization: its statistics would tell a batch of four from two of two. */
function plainModel(): Model {
  const builder = new ModelBuilder(SIZE, SIZE, BANDS);
  let layer = builder.input;
  for (const { name, filters, kernelSize, activation } of layers) {
    layer = builder.apply(conv2d({ filters, kernelSize, activation }), layer, name);
  }
  return builder.finish();
}

const noRules: GradientRules = {
  clipping: { kind: "none" },
  l2: 0,
  accumulates: false,
  precision: "float32",
};

const settings: ModelSettings = {
  architecture: "unet",
  width: null,
  bands: BANDS,
  classes: CLASSES,
  tileHeight: SIZE,
  tileWidth: SIZE,
};

let opened: TrainingSession[] = [];
function open(changes: Partial<TrainingRequest>): TrainingSession {
  const session = new TrainingSession(
    tensorflow,
    { ...trainingRequestOf(settings, 2), seed: 5, ...changes },
    { model: plainModel(), dropout: false },
  );
  opened.push(session);
  return session;
}
afterEach(() => {
  opened.forEach((session) => {
    session.close();
  });
  opened = [];
});

/** Tiles with some pixels unlabelled, a different number in each. */
function drawTiles(seed: number, tiles: number): { pixels: Uint8Array; labels: Uint8Array } {
  const next = randomSource(seed, "optimizer-tiles");
  const count = tiles * SIZE * SIZE;
  const labels = Uint8Array.from({ length: count }, (_, pixel) =>
    pixel % (5 + 3 * Math.floor(pixel / (SIZE * SIZE))) === 0 ? 255 : (pixel >> 3) % CLASSES,
  );
  const pixels = Uint8Array.from(
    { length: count * BANDS },
    (_, sample) => (((labels[Math.floor(sample / BANDS)] ?? 0) * 67) % 200) + (next() % 56),
  );
  return { pixels, labels };
}

const answerSchema = z.array(
  z.object({ losses: z.array(z.number()), weights: z.array(z.array(z.number())) }),
);

const STEPS = 12;
const rates = (first: number): number[] => Array.from({ length: STEPS }, (_, step) => first * 0.9 ** step);
const cases: {
  name: string;
  optimizer: Exclude<TrainingRequest["optimizer"], string>;
  rules?: Partial<GradientRules>;
  rate: number;
}[] = [
  { name: "adam", optimizer: optimizerDefaults.adam, rate: 1e-2 },
  { name: "adamw, decay 0.05", optimizer: { kind: "adamw", weightDecay: 0.05 }, rate: 1e-2 },
  { name: "sgd", optimizer: { kind: "sgd", momentum: 0, nesterov: false }, rate: 0.1 },
  { name: "sgd with momentum", optimizer: optimizerDefaults.sgd, rate: 0.05 },
  { name: "sgd, Nesterov", optimizer: { kind: "sgd", momentum: 0.9, nesterov: true }, rate: 0.05 },
  {
    name: "clipped norm",
    optimizer: optimizerDefaults.sgd,
    rules: { clipping: { kind: "norm", limit: 0.1 } },
    rate: 0.1,
  },
  {
    name: "clipped values",
    optimizer: optimizerDefaults.sgd,
    rules: { clipping: { kind: "value", limit: 0.01 } },
    rate: 0.1,
  },
  { name: "L2", optimizer: optimizerDefaults.adam, rules: { l2: 0.02 }, rate: 1e-2 },
  {
    name: "L2 under a clipped norm",
    optimizer: optimizerDefaults.sgd,
    rules: { l2: 0.02, clipping: { kind: "norm", limit: 0.2 } },
    rate: 0.1,
  },
];

describe.skipIf(peerPython() === undefined)("against Keras (skipped without the Python peers)", () => {
  test("losses and weights of twelve steps with falling rates", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "orthomask-optimizers-"));
    const batches = [0, 1, 2].map((seed) => drawTiles(seed, 2));
    const weights = [...open({}).weights()].map(([, values]) => [...values]);
    writeFileSync(
      path.join(folder, "request.json"),
      JSON.stringify({
        layers,
        size: SIZE,
        bands: BANDS,
        classes: CLASSES,
        weights,
        pixels: batches.map(({ pixels }) => [...pixels]),
        labels: batches.map(({ labels }) => [...labels]),
        cases: cases.map(({ optimizer, rules, rate }) => ({
          ...noRules,
          ...rules,
          optimizer,
          rates: rates(rate),
        })),
      }),
    );
    const answers = answerSchema.parse(
      await runPeer("fixtures/keras_optimizers.py", [path.join(folder, "request.json")]),
    );
    rmSync(folder, { recursive: true });
    for (const [index, { name, optimizer, rules, rate }] of cases.entries()) {
      const session = open({ optimizer, gradientRules: { ...noRules, ...rules } });
      const losses = rates(rate).map(
        (learningRate, step) =>
          session.trainStep({ ...(batches[step % 3] ?? batchMissing()), learningRate, step: step + 1 }).loss,
      );
      const theirs = answers[index];
      for (const [step, loss] of losses.entries()) {
        expect(Math.abs(loss / (theirs?.losses[step] ?? NaN) - 1), `${name}, step ${step + 1}`).toBeLessThan(
          1e-4,
        );
      }
      expect(losses.at(-1), name).toBeLessThan(losses[0] ?? 0);
      for (const [weight, [fullName, values]] of [...session.weights()].entries()) {
        const worst = values.reduce(
          (most, value, at) => Math.max(most, Math.abs(value - (theirs?.weights[weight]?.[at] ?? NaN))),
          0,
        );
        expect(worst, `${name}: ${fullName}`).toBeLessThan(5e-4);
      }
    }
  }, 120_000);
});

function batchMissing(): never {
  throw new Error("There is no such batch.");
}

/** The `index`th pair of tiles of a batch of four. */
function half(batch: { pixels: Uint8Array; labels: Uint8Array }, index: number) {
  const cut = (bytes: Uint8Array): Uint8Array =>
    bytes.slice((index * bytes.length) / 2, ((index + 1) * bytes.length) / 2);
  return { pixels: cut(batch.pixels), labels: cut(batch.labels) };
}

test.each(["crossentropy", "focal(gamma=1)"])(
  "gradients of two batches of two, added up, are those of one of four: %s",
  (loss) => {
    const rules = { ...noRules, l2: 0.01, clipping: { kind: "norm", limit: 0.5 } } as const;
    const large = open({ batch: 4, loss, gradientRules: rules });
    const small = open({ batch: 2, loss, gradientRules: { ...rules, accumulates: true } });
    for (let update = 1; update <= 6; update++) {
      const batch = drawTiles(update, 4);
      large.trainStep({ ...batch, learningRate: 1e-2, step: update });
      small.trainStep({ ...half(batch, 0), learningRate: 1e-2, step: 2 * update - 1, update: null });
      small.trainStep({ ...half(batch, 1), learningRate: 1e-2, step: 2 * update, update });
    }
    const expected = new Map(large.weights());
    for (const [name, values] of small.weights()) {
      const worst = values.reduce(
        (most, value, at) => Math.max(most, Math.abs(value - (expected.get(name)?.[at] ?? NaN))),
        0,
      );
      expect(worst, name).toBeLessThan(2e-5);
    }
  },
);

test("without accumulation a step without an update is refused", () => {
  const session = open({});
  expect(() => session.trainStep({ ...drawTiles(1, 2), learningRate: 1e-2, step: 1, update: null })).toThrow(
    "each step is an update",
  );
});

test.each(["float16", "bfloat16"] as const)("%s convolutions train nearly like float32 ones", (precision) => {
  const run = (rules: GradientRules): number[] => {
    const session = open({ gradientRules: rules });
    return Array.from(
      { length: 10 },
      (_, step) =>
        session.trainStep({ ...drawTiles(step % 3, 2), learningRate: 1e-2, step: step + 1, update: step + 1 })
          .loss,
    );
  };
  const exact = run(noRules);
  const rough = run({ ...noRules, precision });
  rough.forEach((loss, step) => {
    // bfloat16 has 8 bits of a number's digits, float16 has 11.
    expect(Math.abs(loss / (exact[step] ?? NaN) - 1)).toBeLessThan(precision === "float16" ? 5e-3 : 5e-2);
  });
  expect(rough).not.toEqual(exact);
});

test("an update whose float16 gradients overflow is left out, and the next ones are scaled less", () => {
  const scale = new LossScale({ scale: 1024, soundSteps: 1999 });
  scale.note("sound");
  expect(scale.state).toEqual({ scale: 2048, soundSteps: 0 });
  scale.note("overflow");
  expect(scale.state).toEqual({ scale: 1024, soundSteps: 0 });

  // A loss 10⁴ times as large overflows float16 at the first scale of 2¹⁵.
  const session = open({
    loss: "10000*crossentropy",
    optimizer: { kind: "sgd", momentum: 0, nesterov: false },
    gradientRules: { ...noRules, precision: "float16" },
  });
  const before = [...session.weights()];
  const result = session.trainStep({ ...drawTiles(1, 2), learningRate: 1e-6, step: 1 });
  expect(result.loss).toBeGreaterThan(1e3);
  expect([...session.weights()]).toEqual(before);
  for (let step = 2; step <= 30; step++) {
    session.trainStep({ ...drawTiles(1, 2), learningRate: 1e-6, step });
  }
  expect([...session.weights()]).not.toEqual(before);
});
