import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectContract } from "#shared/rpc/client.ts";
import type { Client } from "#shared/rpc/contract.ts";
import { processPort } from "#shared/rpc/ports/process-port.ts";
import { buildForNode } from "../../fixtures/rpc/build-for-node.ts";
import { engineContract, engineInfoSchema } from "./port.ts";
import type { EngineContract, ModelSettings, TrainingRequest } from "./port.ts";

/** The real process, with the real TensorFlow, asked as the host asks it. */
let child: ChildProcess;
let engine: Client<EngineContract>["engine"];
let buildFolder = "";
let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "orthomask-engine-"));
  // Below the repository, so that the process finds TensorFlow's package.
  const cache = path.resolve(import.meta.dirname, "../../node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  buildFolder = mkdtempSync(path.join(cache, "engine-test-"));
  const script = await buildForNode(path.join(import.meta.dirname, "main.ts"), buildFolder);
  child = fork(script, {
    serialization: "advanced",
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  engine = connectContract(engineContract, processPort(child)).engine;
});
afterAll(() => {
  child.kill();
  rmSync(buildFolder, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

const model: ModelSettings = {
  architecture: "unet",
  width: 4,
  bands: 3,
  classes: 3,
  tileHeight: 32,
  tileWidth: 48,
};
const request: TrainingRequest = {
  model,
  batch: 2,
  loss: "crossentropy+dice",
  optimizer: "adam",
  seed: 1,
  classWeights: null,
  ignoredClasses: [],
  inputType: "uint8",
  checkpoint: null,
};
/** Bright pixels are class 2, dark ones class 0, in stripes. */
const labels = Uint8Array.from({ length: 2 * 32 * 48 }, (_, pixel) => Math.floor((pixel % 48) / 16));
const pixels = Uint8Array.from(
  { length: labels.length * 3 },
  (_, index) => (labels[Math.floor(index / 3)] ?? 0) * 100 + (index % 7),
);

test("says what it runs on", async () => {
  const info = engineInfoSchema.parse(await engine.info());
  expect(info.tensorflowVersion).toMatch(/^2\.\d+\.\d+/);
  expect(info.device).toBe("cpu");
});

test("trains, saves, predicts and closes", async () => {
  const created = await engine.createTraining(request);
  expect(created.trainableParameters).toBeLessThan(created.parameters);
  const { sessionId } = created;
  let first = 0;
  for (let step = 1; step <= 40; step += 1) {
    const { loss, confusion } = await engine.trainStep({
      sessionId,
      pixels,
      labels,
      learningRate: 1e-2,
      step,
    });
    first = step === 1 ? loss : first;
    expect(confusion.length).toBe(9);
  }
  const evaluated = await engine.evaluateStep({ sessionId, pixels, labels, returnPrediction: true });
  expect(evaluated.validPixels).toBe(labels.length);
  expect(evaluated.loss).toBeLessThan(first);

  const weights = path.join(folder, "best.weights");
  await engine.saveCheckpoint({ sessionId, path: weights, includeOptimizer: false });
  await engine.close({ sessionId });
  await expect(
    engine.trainStep({ sessionId, pixels, labels, learningRate: 1e-2, step: 41 }),
  ).rejects.toMatchObject({
    code: "not-found",
    message: expect.stringContaining("There is no training session") as string,
  });

  const prediction = await engine.createPrediction({ model, batch: 2, inputType: "uint8", weights });
  const { probabilities } = await engine.predict({ sessionId: prediction.sessionId, pixels });
  const values = new Float32Array(probabilities.slice().buffer);
  expect(values.length).toBe(labels.length * 3);
  const likeliest = labels.map((_, pixel) => {
    const three = [...values.subarray(pixel * 3, pixel * 3 + 3)];
    expect(three.reduce((total, value) => total + value)).toBeCloseTo(1, 4);
    return three.indexOf(Math.max(...three));
  });
  // With its normalizations folded, the same network: the same classes but for rounding.
  const different = likeliest.filter((value, pixel) => value !== evaluated.prediction?.[pixel]).length;
  expect(different).toBeLessThan(labels.length / 1000);

  const one = await engine.predict({
    sessionId: prediction.sessionId,
    pixels: pixels.slice(0, pixels.length / 2),
  });
  expect(one.probabilities).toEqual(probabilities.subarray(0, probabilities.length / 2));
  await engine.close({ sessionId: prediction.sessionId });
});

test("refuses what doesn't fit, with the numbers", async () => {
  await expect(
    engine.createTraining({ ...request, model: { ...model, tileWidth: 50 } }),
  ).rejects.toMatchObject({
    code: "invalid-input",
    message: "U-Net needs tiles whose sides are multiples of 16, not 50×32.",
  });
  await expect(engine.createTraining({ ...request, loss: "hinge" })).rejects.toMatchObject({
    code: "invalid-input",
    message: expect.stringContaining('There is no loss "hinge"; known are crossentropy,') as string,
  });
  const weights = path.join(folder, "wide.weights");
  const { sessionId } = await engine.createTraining({ ...request, model: { ...model, width: 8 } });
  await engine.saveCheckpoint({ sessionId, path: weights, includeOptimizer: true });
  await engine.close({ sessionId });
  expect(existsSync(weights)).toBe(true);
  await expect(engine.createTraining({ ...request, checkpoint: weights })).rejects.toMatchObject({
    code: "invalid-input",
    message: `${weights}: layer "conv2d" (kernel) expects [3, 3, 3, 4], found [3, 3, 3, 8].`,
  });
  await expect(
    engine.createPrediction({ model, batch: 1, inputType: "uint8", weights: path.join(folder, "none") }),
  ).rejects.toMatchObject({ code: "not-found" });
});

test("ends when its host is gone", async () => {
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  child.disconnect();
  expect(await ended).toBe(0);
});
