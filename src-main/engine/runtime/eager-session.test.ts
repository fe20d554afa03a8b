import { expect, test } from "vitest";
import { trainingRequestOf } from "../../../bench/harness/engine/works.ts";
import { listArchitectures } from "../catalog.ts";
import { loadTensorFlow } from "../load-tensorflow.ts";
import type { ModelSettings } from "../port.ts";
import { TrainingSession } from "../training-session.ts";
import { randomSource } from "../weights/random.ts";

const tensorflow = loadTensorFlow();
const BATCH = 2;
/** So large that a weight's change is its gradient: what it was before is lost in rounding. */
const RATE = 1e3;

/** The smallest form of a network that its strides allow with more than one value a channel at the bottom. */
function smallest(id: string): ModelSettings {
  const { width, stride } = listArchitectures().find((one) => one.id === id) ?? { width: null, stride: 32 };
  const side = id.startsWith("segnet") ? 4 * stride : 2 * stride;
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

/** The Euclidean distance of two lists of numbers. */
function length(first: Float32Array, second: Float32Array): number {
  return Math.sqrt(first.reduce((sum, value, at) => sum + (value - (second[at] ?? NaN)) ** 2, 0));
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
      const measured = { ...drawTiles(model, 3), returnPrediction: false };
      const expectedMeasure = eager.evaluateStep(measured);
      expect(Math.abs(compiled.evaluateStep(measured).loss / expectedMeasure.loss - 1)).toBeLessThan(1e-5);

      const before = new Map(eager.weights());
      const input = { ...drawTiles(model, 1), learningRate: RATE, step: 1 };
      const expected = eager.trainStep(input);
      expect(Math.abs(compiled.trainStep(input).loss / expected.loss - 1)).toBeLessThan(1e-5);

      const updated = new Map(eager.weights());
      for (const [name, values] of compiled.weights()) {
        const first = before.get(name) ?? new Float32Array();
        const theirs = updated.get(name) ?? new Float32Array();
        const change = length(theirs, first);
        if (name.endsWith("/bias") && length(values, first) === 0) {
          // Before a normalization a bias has no effect: fused it stands still, by itself it moves by a sum of rounding errors.
          expect(change / RATE, name).toBeLessThan(1e-5);
          continue;
        }
        // SegNet's normalizations over the few values at its bottom enlarge rounding a thousandfold.
        const within = id.startsWith("segnet") ? 5e-2 : 1e-4;
        expect(length(values, theirs) / change, name).toBeLessThan(within);
      }
    } finally {
      compiled.close();
      eager.close();
    }
    expect(tensorflow.held).toEqual({ tensors: 0, graphs: 0 });
  },
  120_000,
);
