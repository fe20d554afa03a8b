import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { noAugmentation } from "#shared/training/training-settings.ts";
import { seededRandom } from "#shared/training/seeded-random.ts";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { changeColors, drawColorChange, type ColorChange } from "./color-change.ts";

const SIDE = 24;
const random = seededRandom(3, "colors");
/** All hues, greys and black among them. */
const tile = Float32Array.from({ length: SIDE * SIDE * 3 }, (_, index) =>
  index < 30 ? Math.floor(index / 3) / 10 : random.next(),
);
const labelled = new Uint8Array(SIDE * SIDE);
const nothing: ColorChange = { brightness: 0, contrast: 1, hue: 0, noise: 0, noiseSeed: 1 };
const changes: ColorChange[] = [
  { ...nothing, brightness: 0.13 },
  { ...nothing, contrast: 1.4 },
  { ...nothing, contrast: 0.6 },
  { ...nothing, hue: 0.2 },
  { ...nothing, hue: -0.37 },
  { ...nothing, brightness: -0.05, contrast: 0.8, hue: 0.05 },
];

const reference = `
import json, sys
import numpy as np, tensorflow as tf
request = json.load(open(sys.argv[1]))
image = tf.constant(np.array(request["tile"], np.float32).reshape(request["side"], request["side"], 3))
answers = []
for change in request["changes"]:
    x = tf.image.adjust_contrast(image, change["contrast"])
    x = tf.image.adjust_brightness(x, change["brightness"])
    x = tf.image.adjust_hue(x, change["hue"]) if change["hue"] != 0 else x
    answers.append(x.numpy().reshape(-1).tolist())
print(json.dumps(answers))
`;

describe.skipIf(peerPython() === undefined)("against tf.image (skipped without the Python peers)", () => {
  it("contrast, brightness and hue", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "orthomask-colors-"));
    writeFileSync(`${folder}/request.json`, JSON.stringify({ tile: [...tile], side: SIDE, changes }));
    const answers = z.array(z.array(z.number())).parse(await runPeer(reference, [`${folder}/request.json`]));
    rmSync(folder, { recursive: true });
    for (const [index, change] of changes.entries()) {
      const ours = tile.slice();
      changeColors(ours, labelled, 3, 255, change);
      ours.forEach((value, sample) => {
        expect(value, `${JSON.stringify(change)}, ${sample}`).toBeCloseTo(answers[index]?.[sample] ?? NaN, 4);
      });
      const bytes = Uint8Array.from(tile, (value) => Math.round(value * 255));
      changeColors(bytes, labelled, 3, 255, change);
      if (change.hue === 0) {
        bytes.forEach((value, sample) => {
          const expected = Math.min(255, Math.max(0, (answers[index]?.[sample] ?? NaN) * 255));
          expect(Math.abs(value - expected)).toBeLessThanOrEqual(1.5);
        });
      }
    }
  }, 60_000);
});

it("noise has the wanted mean and deviation, and is the same for the same seed", () => {
  const noisy = (noiseSeed: number): Float32Array => {
    const samples = new Float32Array(120_000).fill(0.5);
    changeColors(samples, new Uint8Array(40_000), 3, 255, { ...nothing, noise: 0.1, noiseSeed });
    return samples;
  };
  const samples = noisy(12_345);
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length;
  const deviation = Math.sqrt(samples.reduce((sum, value) => sum + (value - mean) ** 2, 0) / samples.length);
  expect(mean).toBeCloseTo(0.5, 2);
  expect(deviation).toBeCloseTo(0.1, 2);
  expect(noisy(12_345)).toEqual(samples);
  expect(noisy(12_346)).not.toEqual(samples);
});

it("pixels outside the image stay black, labelled black ones are changed", () => {
  const samples = new Uint8Array(6);
  changeColors(samples, Uint8Array.of(255, 0), 3, 255, { ...nothing, brightness: 0.2 });
  expect([...samples]).toEqual([0, 0, 0, 51, 51, 51]);
});

it("draws within the limits, nothing where nothing is wanted, and no hue but for three bands", () => {
  expect(drawColorChange({ ...noAugmentation, flips: true }, 3, 1, 1, 1)).toBeNull();
  expect(drawColorChange({ ...noAugmentation, hue: 0.1 }, 4, 1, 1, 1)).toBeNull();
  const wanted = { ...noAugmentation, brightness: 0.2, contrast: 0.3, hue: 0.1, noise: 0.05 };
  const drawn = Array.from({ length: 500 }, (_, place) => drawColorChange(wanted, 3, 1, 1, place));
  for (const [key, middle, most] of [
    ["brightness", 0, 0.2],
    ["contrast", 1, 0.3],
    ["hue", 0, 0.1],
  ] as const) {
    const values = drawn.map((change) => (change?.[key] ?? NaN) - middle);
    expect(Math.max(...values)).toBeLessThanOrEqual(most);
    expect(Math.max(...values)).toBeGreaterThan(most * 0.95);
    expect(Math.min(...values)).toBeLessThan(-most * 0.95);
  }
});
