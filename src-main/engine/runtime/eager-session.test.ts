import { expect, test } from "vitest";
import { trainingRequestOf } from "../../../bench/harness/engine/works.ts";
import { listArchitectures } from "../catalog.ts";
import { loadTensorFlow } from "../load-tensorflow.ts";
import type { ModelSettings } from "../port.ts";
import { TrainingSession } from "../training-session.ts";
import { randomSource } from "../weights/random.ts";

const tensorflow = loadTensorFlow();
const BATCH = 2;

/** The smallest form of a network that its strides allow with more than one value a channel at the bottom. */
function smallest(id: string): ModelSettings {
  const { width, stride } = listArchitectures().find((one) => one.id === id) ?? { width: null, stride: 32 };
  const side = 2 * stride;
  const settings = { architecture: id, bands: 3, classes: 4, tileHeight: side, tileWidth: side };
  return { ...settings, width: width === null ? null : 4 };
}

function drawTiles({ tileHeight, tileWidth, bands, classes }: ModelSettings, seed: number) {
  const next = randomSource(seed, "eager");
  const draw = (count: number, below: number): Uint8Array =>
    Uint8Array.from({ length: count }, () => next() % below);
  const pixels = BATCH * tileHeight * tileWidth;
  const labels = draw(pixels, classes);
  labels[7] = 255;
  return { pixels: draw(pixels * bands, 256), labels };
}

/** FCN's layers are all among the others', and its 134 million weights take a quarter of a minute each. */
const tried = listArchitectures()
  .map(({ id }) => id)
  .filter((id) => !id.startsWith("fcn") || process.env["ORTHOMASK_NETWORKS"] === "all");

test.each(tried)(
  "%s: the compiled graph does what its layers do one by one, operation by operation",
  (id) => {
    const model = smallest(id);
    const request = { ...trainingRequestOf(model, BATCH), optimizer: "sgd" as const, seed: 11 };
    const compiled = new TrainingSession(tensorflow, request);
    const eager = new TrainingSession(tensorflow, request, { eager: true });
    try {
      for (const step of [1, 2]) {
        const input = { ...drawTiles(model, step), learningRate: 1e-3, step };
        const expected = eager.trainStep(input);
        const found = compiled.trainStep(input);
        expect(Math.abs(found.loss / expected.loss - 1), `${found.loss} ${expected.loss}`).toBeLessThan(1e-4);
      }
      const evaluated = { ...drawTiles(model, 3), returnPrediction: false };
      const expected = eager.evaluateStep(evaluated);
      expect(Math.abs(compiled.evaluateStep(evaluated).loss / expected.loss - 1)).toBeLessThan(1e-4);

      const reference = new Map(eager.weights());
      for (const [name, values] of compiled.weights()) {
        const theirs = reference.get(name) ?? new Float32Array();
        const largest = theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
        const worst = values.reduce(
          (most, value, index) => Math.max(most, Math.abs(value - (theirs[index] ?? NaN))),
          0,
        );
        // A normalization over the few values at SegNet's bottom enlarges rounding; all others stay within 1e-4.
        expect(worst / largest, name).toBeLessThan(id.startsWith("segnet") ? 2e-2 : 1e-4);
      }
    } finally {
      compiled.close();
      eager.close();
    }
    expect(tensorflow.held).toEqual({ tensors: 0, graphs: 0 });
  },
  120_000,
);
