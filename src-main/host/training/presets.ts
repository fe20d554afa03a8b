import {
  noAugmentation,
  optimizerDefaults,
  TRAINING_SETTINGS_VERSION,
  type Preset,
  type TrainingSettings,
} from "#shared/training/training-settings.ts";

const base: TrainingSettings = {
  version: TRAINING_SETTINGS_VERSION,
  architecture: "unet",
  width: 16,
  upsampling: null,
  freezeEncoder: false,
  tilePixels: 256,
  inputPixels: null,
  batch: 8,
  epochs: 20,
  maxSteps: null,
  learningRate: 1e-3,
  accumulation: 1,
  optimizer: optimizerDefaults.adam,
  schedule: { kind: "constant" },
  clipping: { kind: "none" },
  earlyStopping: null,
  l2: 0,
  precision: "float32",
  loss: "crossentropy",
  classWeighting: { kind: "none" },
  split: { kind: "mosaic", share: 0.25 },
  sampling: "grid",
  augmentation: { ...noAugmentation, flips: true, quarterTurns: true },
  seed: 1,
  mosaicIds: null,
};

/**
 * Sees tiles at half their resolution, so that a laptop has a mask worth looking at within a minute or two. The overlap loss beside
 * cross-entropy is for the small classes: on the sample, validation mean IoU after 16 epochs is 0.78 with it and 0.66 without.
 */
const quickStart: TrainingSettings = {
  ...base,
  inputPixels: 128,
  batch: 4,
  epochs: 16,
  learningRate: 2e-3,
  loss: "crossentropy+dice",
};

/**
 * The recipes offered by name.
 *
 * `landcover-ai` is the seed notebook's: FCN-32, Adam 1e-5, batch 8, 100 epochs, tiles resized to 256, 30 % held out at random. (The notebook cut tiles of 1024 in its
 * code and says 512 in its text; 512 is also what LandCover.ai's site publishes lists for.) Four of its steps are mistakes and not copied: it resized masks with interpolation,
 * which makes up classes (we take the nearest pixel); it dropped the last row and column of partial tiles (ours are moved inward); it rounded probabilities before
 * the argmax; and it calls a random split of neighbouring tiles a test (kept, since it is the recipe, but the plan warns).
 */
export const presets: readonly Preset[] = [
  {
    id: "laptop",
    name: "Quick start",
    summary: "A small U-Net at half resolution, trained within a minute or two on a laptop: where to begin.",
    settings: quickStart,
  },
  {
    id: "landcover-ai",
    name: "LandCover.ai (notebook)",
    summary:
      "FCN-32 as in the notebook: tiles of 512 px seen at 256, Adam at 1e-5, batch 8, 100 epochs, 30 % of tiles held out at random. Large: 134 million parameters.",
    settings: {
      ...base,
      architecture: "fcn32",
      width: null,
      tilePixels: 512,
      inputPixels: 256,
      epochs: 100,
      learningRate: 1e-5,
      split: { kind: "random", share: 0.3 },
      augmentation: noAugmentation,
      seed: 10,
    },
  },
  {
    id: "segnet",
    name: "SegNet (notebook)",
    summary: "The notebook's SegNet, which finds outlines better than FCN-32 at a ninth of the parameters.",
    settings: {
      ...base,
      architecture: "segnet-upsample",
      width: null,
      tilePixels: 512,
      inputPixels: 256,
      epochs: 100,
      learningRate: 1e-3,
      split: { kind: "random", share: 0.3 },
      augmentation: noAugmentation,
      seed: 10,
    },
  },
];

/** The recipe that everything not asked for is taken from. */
export const defaultSettings: TrainingSettings = base;
