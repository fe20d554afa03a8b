import { expect, it } from "vitest";
import { savedTrainingSettingsSchema } from "./saved-training-settings.ts";

/** As Orthomask 0.1 wrote them into run.json and orthomask.json. */
const versionOne = {
  architecture: "unet",
  width: 16,
  tilePixels: 256,
  inputPixels: null,
  batch: 8,
  epochs: 20,
  maxSteps: null,
  learningRate: 0.001,
  optimizer: "sgd",
  loss: "focal+dice",
  classWeighting: { kind: "auto" },
  split: { kind: "mosaic", share: 0.25 },
  augment: true,
  seed: 1,
  mosaicIds: null,
};

it("old settings open as what they meant", () => {
  const { augment: _augment, ...same } = versionOne;
  expect(savedTrainingSettingsSchema.parse(versionOne)).toEqual({
    ...same,
    version: 2,
    upsampling: null,
    freezeEncoder: false,
    accumulation: 1,
    optimizer: { kind: "sgd", momentum: 0.9, nesterov: false },
    schedule: { kind: "constant" },
    clipping: { kind: "none" },
    earlyStopping: null,
    l2: 0,
    precision: "float32",
    loss: "focal(alpha=1)+dice",
    sampling: "grid",
    augmentation: {
      flips: true,
      quarterTurns: true,
      scale: 0,
      brightness: 0,
      contrast: 0,
      hue: 0,
      noise: 0,
    },
  });
  const plain = savedTrainingSettingsSchema.parse({ ...versionOne, optimizer: "adam", augment: false });
  expect(plain.optimizer).toEqual({ kind: "adam" });
  expect(plain.augmentation).toMatchObject({ flips: false, quarterTurns: false });
});

it("today's settings stay as they are; damaged ones are refused", () => {
  const today = savedTrainingSettingsSchema.parse(versionOne);
  expect(savedTrainingSettingsSchema.parse(today)).toEqual(today);
  expect(savedTrainingSettingsSchema.safeParse({ ...versionOne, optimizer: "adagrad" }).success).toBe(false);
  expect(savedTrainingSettingsSchema.safeParse({ ...today, version: 3 }).success).toBe(false);
  expect(savedTrainingSettingsSchema.safeParse(null).success).toBe(false);
});
