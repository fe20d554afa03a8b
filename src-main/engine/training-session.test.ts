import { expect, test } from "vitest";
import { loadTensorFlow } from "./load-tensorflow.ts";
import { TrainingSession } from "./training-session.ts";

test("unet learns", () => {
  const tf = loadTensorFlow();
  const session = new TrainingSession(tf, {
    model: { architecture: process.env["ARCH"] ?? "unet", width: 8, bands: 3, classes: 3, tileHeight: 64, tileWidth: 64 },
    batch: 2, loss: process.env["LOSS"] ?? "crossentropy", optimizer: "adam", seed: 1, classWeights: null, ignoredClasses: [], inputType: "uint8", checkpoint: null,
  });
  const pixels = new Uint8Array(2 * 64 * 64 * 3).map((_, i) => (i * 7919) % 251);
  const labels = new Uint8Array(2 * 64 * 64).map((_, i) => Math.floor((pixels[i * 3] ?? 0) / 85) % 3);
  for (let step = 1; step <= 20; step += 1) {
    const r = session.trainStep({ pixels, labels, learningRate: 1e-3, step });
    console.log(step, r.loss, r.confusion, r.milliseconds);
  }
  const e = session.evaluateStep({ pixels, labels, returnPrediction: true });
  console.log({ ...e, prediction: e.prediction?.slice(0, 10) });
  session.close();
  expect(tf.held).toEqual({ tensors: 0, graphs: 0 });
});
