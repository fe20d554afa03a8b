import { expect, it } from "vitest";
import { compareData, dataSentence, type RunData } from "./compare-data.ts";
import type { TilesFingerprint } from "./run.ts";
import { noAugmentation, optimizerDefaults, TRAINING_SETTINGS_VERSION } from "./training-settings.ts";

const tiles: TilesFingerprint = { tiles: 12, ground: "a1", labels: "b1" };

function run(name: string, validation: TilesFingerprint | null, seed = 0): RunData {
  return {
    name,
    best: { epoch: 4 },
    validationMosaicIds: ["north"],
    ...(validation === null ? {} : { data: { training: tiles, validation } }),
    settings: {
      version: TRAINING_SETTINGS_VERSION,
      ...{ architecture: "unet", width: null, upsampling: null, freezeEncoder: false },
      ...{ tilePixels: 256, inputPixels: null, batch: 4, accumulation: 1, epochs: 1, maxSteps: null },
      ...{ learningRate: 0.001, optimizer: optimizerDefaults.adam, schedule: { kind: "constant" } },
      ...{ clipping: { kind: "none" }, earlyStopping: null, l2: 0, precision: "float32" },
      ...{ loss: "crossentropy", classWeighting: { kind: "none" }, sampling: "grid" },
      split: { kind: "mosaic", share: 0.2 },
      augmentation: noAugmentation,
      seed,
      mosaicIds: null,
    },
  };
}

it("has nothing to say where tiles and labels are the same, whatever else differs", () => {
  expect(dataSentence(run("U-Net 1", tiles), run("U-Net 2", tiles, 5))).toBeNull();
});

it("says when the validation areas differ, with their tiles", () => {
  const other = { ...tiles, ground: "a2", tiles: 15 };
  expect(compareData(run("U-Net 1", tiles), run("U-Net 2", other))).toBe("other-ground");
  expect(dataSentence(run("U-Net 1", tiles), run("U-Net 2", other))).toMatch(
    /^Their validation areas differ \(12 and 15 tiles\)/,
  );
});

it("says when the same tiles have other labels", () => {
  const other = { ...tiles, labels: "b2" };
  expect(compareData(run("U-Net 1", tiles), run("U-Net 2", other))).toBe("other-labels");
  expect(dataSentence(run("U-Net 1", tiles), run("U-Net 2", other))).toMatch(
    /^The labels of their validation/,
  );
});

it("judges runs from before it was kept by their settings, and says what can't be known", () => {
  expect(compareData(run("U-Net 1", null), run("U-Net 2", tiles, 5))).toBe("other-ground");
  expect(dataSentence(run("U-Net 1", null), run("U-Net 2", tiles))).toBe(
    "Whether their validation tiles were the same isn’t known: U-Net 1 is from before that was kept with a run.",
  );
});

it("goes by what the best epoch was measured on, where labels changed before a run went on", () => {
  const relabelled = { ...tiles, labels: "b2" };
  const wentOn = (fromEpoch: number): RunData => ({
    ...run("U-Net 1", tiles),
    relabelled: [{ fromEpoch, data: { training: tiles, validation: relabelled } }],
  });
  expect(compareData(wentOn(3), run("U-Net 2", tiles))).toBe("other-labels");
  expect(compareData(wentOn(3), run("U-Net 2", relabelled))).toBe("same");
  // The best epoch is from before.
  expect(compareData(wentOn(5), run("U-Net 2", tiles))).toBe("same");
});
