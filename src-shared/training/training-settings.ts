import { z } from "zod";
import { idSchema } from "../project/mosaic.ts";

/** How class weights are found: none, from pixel shares (median-frequency balancing, Eigen & Fergus 2015), or given by class id. */
export const classWeightingSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("auto") }),
  z.strictObject({ kind: z.literal("manual"), weights: z.record(z.string(), z.number().nonnegative()) }),
]);

/**
 * Which tiles the network never trains on. `share` is of tiles (random, blocks) or of mosaics' area (mosaic).
 * `list` names tiles as LandCover.ai's train.txt / val.txt / test.txt do: `<mosaic>_<index>`, row-major, whole tiles only; a mosaic's own name
 * stands for all of it.
 */
export const splitSettingsSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("mosaic"), share: z.number().gt(0).lt(1) }),
  z.strictObject({
    kind: z.literal("blocks"),
    share: z.number().gt(0).lt(1),
    /** A block's side, in tiles. */
    blockTiles: z.int().min(1).max(64),
    /** Tiles within this many tiles of a validation block are used for neither part. */
    guardTiles: z.int().min(0).max(8),
  }),
  z.strictObject({ kind: z.literal("random"), share: z.number().gt(0).lt(1) }),
  z.strictObject({
    kind: z.literal("list"),
    training: z.array(z.string()).max(1_000_000),
    validation: z.array(z.string()).max(1_000_000),
  }),
  /** A split of the project by name; the run keeps a copy of it. */
  z.strictObject({ kind: z.literal("saved"), splitId: idSchema, name: z.string().max(120) }),
]);
export type SplitSettings = z.infer<typeof splitSettingsSchema>;

/** How a network enlarges coarse features: repeated pixels, interpolation, a learned kernel, or the encoder's remembered maxima. */
export const upsamplingSchema = z.enum(["nearest", "bilinear", "transposed", "unpooling"]);
export type Upsampling = z.infer<typeof upsamplingSchema>;

/** How gradients change weights, with Keras' defaults in `optimizerDefaults`. */
export const optimizerSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("adam") }),
  /** Each step first shrinks a weight by learning rate × `weightDecay`. */
  z.strictObject({ kind: z.literal("adamw"), weightDecay: z.number().min(0).max(1) }),
  z.strictObject({
    kind: z.literal("sgd"),
    /** Share of the last step that the next one keeps; 0 for none. */
    momentum: z.number().min(0).lt(1),
    /** Looks at the gradient where the momentum will have carried the weight (Nesterov 1983). */
    nesterov: z.boolean(),
  }),
]);
export type OptimizerSettings = z.infer<typeof optimizerSchema>;

/** How the learning rate changes in the course of a training. */
export const scheduleSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("constant") }),
  /** Times `factor` after each `everyEpochs` epochs. */
  z.strictObject({
    kind: z.literal("step"),
    everyEpochs: z.int().min(1).max(100_000),
    factor: z.number().gt(0).max(1),
  }),
  /** Rises evenly from 0 over the first `warmupEpochs`, then falls along half a cosine to 0 at the last step (Loshchilov and Hutter 2017, arXiv:1608.03983). */
  z.strictObject({ kind: z.literal("cosine"), warmupEpochs: z.number().min(0).max(100_000) }),
  /** Times `factor` whenever the validation loss hasn't fallen for `patience` epochs, as Keras' ReduceLROnPlateau. */
  z.strictObject({
    kind: z.literal("plateau"),
    patience: z.int().min(1).max(10_000),
    factor: z.number().gt(0).lt(1),
  }),
]);
export type ScheduleSettings = z.infer<typeof scheduleSchema>;

/** What is done with gradients that are too large: nothing, scaled together to a common norm, or each number cut off. */
export const clippingSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("norm"), limit: z.number().positive() }),
  z.strictObject({ kind: z.literal("value"), limit: z.number().positive() }),
]);
export type ClippingSettings = z.infer<typeof clippingSchema>;

/** Ends a training after `patience` epochs without a better validation; the best epoch is kept in any case. */
export const earlyStoppingSchema = z.strictObject({
  measure: z.enum(["mean-iou", "loss"]),
  patience: z.int().min(1).max(10_000),
});
export type EarlyStoppingSettings = z.infer<typeof earlyStoppingSchema>;

/** The numbers that convolutions work with: `float16` and `bfloat16` are for GPUs that have them, weights stay float32. */
export const precisionSchema = z.enum(["float32", "float16", "bfloat16"]);
export type Precision = z.infer<typeof precisionSchema>;

/**
 * Where an epoch's training windows lie: on the tile grid; at random places; or at random places that show each class equally often.
 * Random windows never leave the ground of the training tiles.
 */
export const samplingSchema = z.enum(["grid", "random", "balanced"]);
export type Sampling = z.infer<typeof samplingSchema>;

/** How training tiles are varied, anew in each epoch; validation tiles never are. Masks move along exactly (nearest pixel). */
export const augmentationSchema = z.strictObject({
  flips: z.boolean(),
  quarterTurns: z.boolean(),
  /** A window's side is drawn between tile / (1 + scale) and tile · (1 + scale); 0 for none. */
  scale: z.number().min(0).max(1),
  /** Largest shift, as a share of the range from black to white. */
  brightness: z.number().min(0).max(1),
  /** Distances from the tile's mean are multiplied by 1 ± this. */
  contrast: z.number().min(0).max(1),
  /** Largest turn, as a share of the colour circle; only where there are exactly three bands. */
  hue: z.number().min(0).max(0.5),
  /** Standard deviation of the noise, as a share of the range. */
  noise: z.number().min(0).max(1),
});
export type Augmentation = z.infer<typeof augmentationSchema>;

/** The version of these settings that this program writes; see `saved-training-settings.ts` for older ones. */
export const TRAINING_SETTINGS_VERSION = 2;

/** Everything that decides a training, apart from the data; written into the run. */
export const trainingSettingsSchema = z.strictObject({
  version: z.literal(TRAINING_SETTINGS_VERSION),
  architecture: z.string().min(1).max(60),
  /** Filters of the first stage, for the families that scale; null takes the family's default. */
  width: z.int().min(1).max(512).nullable(),
  /** How coarse features are enlarged, where the family leaves the choice; null takes the family's own way. */
  upsampling: upsamplingSchema.nullable(),
  /** Leaves the encoder as its first weights have it; worth it only with weights that have learned something. */
  freezeEncoder: z.boolean(),
  /** Side of the window read from the mosaic, in its pixels. */
  tilePixels: z.int().min(32).max(4096),
  /** Side of what the network sees; null for no resize. The image is averaged, the mask takes the nearest pixel. */
  inputPixels: z.int().min(32).max(2048).nullable(),
  /** Tiles a step. */
  batch: z.int().min(1).max(512),
  /** Steps whose gradients are added up for each change of the weights. */
  accumulation: z.int().min(1).max(1024),
  epochs: z.int().min(1).max(100_000),
  /** Ends the training early after this many steps in all; null for no limit. */
  maxSteps: z.int().min(1).nullable(),
  learningRate: z.number().positive().max(10),
  optimizer: optimizerSchema,
  schedule: scheduleSchema,
  clipping: clippingSchema,
  earlyStopping: earlyStoppingSchema.nullable(),
  /** Adds this times the sum of squares of all kernels that are learned to the loss (Keras' `kernel_regularizer`); 0 for none. */
  l2: z.number().min(0).max(1),
  precision: precisionSchema,
  /** A loss or a weighted sum of them, as `parseLossExpression` reads it: `focal(gamma=2)+0.5*dice`. */
  loss: z.string().min(1).max(400),
  classWeighting: classWeightingSchema,
  split: splitSettingsSchema,
  sampling: samplingSchema,
  augmentation: augmentationSchema,
  seed: z.int().min(0).max(0xffff_ffff),
  /** Mosaics to take part; null for all that have a mask. */
  mosaicIds: z.array(idSchema).nullable(),
});
export type TrainingSettings = z.infer<typeof trainingSettingsSchema>;

/** Each optimizer with the numbers that Keras gives it (momentum 0.9 as the papers have it: Keras' own is 0). */
export const optimizerDefaults = {
  adam: { kind: "adam" },
  adamw: { kind: "adamw", weightDecay: 0.004 },
  sgd: { kind: "sgd", momentum: 0.9, nesterov: false },
} as const satisfies { [Kind in OptimizerSettings["kind"]]: Extract<OptimizerSettings, { kind: Kind }> };

/** Each schedule with numbers to begin with. */
export const scheduleDefaults = {
  constant: { kind: "constant" },
  step: { kind: "step", everyEpochs: 10, factor: 0.5 },
  cosine: { kind: "cosine", warmupEpochs: 1 },
  plateau: { kind: "plateau", patience: 5, factor: 0.5 },
} as const satisfies { [Kind in ScheduleSettings["kind"]]: Extract<ScheduleSettings, { kind: Kind }> };

/** Tiles as they are. */
export const noAugmentation: Augmentation = {
  flips: false,
  quarterTurns: false,
  scale: 0,
  brightness: 0,
  contrast: 0,
  hue: 0,
  noise: 0,
};

/** A network, loss or preset as the page lists it. */
export const architectureSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** One sentence: what it is good for, and its source. */
  summary: z.string(),
  width: z.strictObject({ default: z.int(), minimum: z.int(), maximum: z.int() }).nullable(),
  /** The ways it can enlarge coarse features, its own first. */
  upsamplings: z.array(upsamplingSchema),
  /** Input sides must be a multiple of this, in pixels. */
  stride: z.int(),
});
export type Architecture = z.infer<typeof architectureSchema>;
/** A number that a loss takes, with the paper's value as its default. */
export const lossParameterSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** One sentence. */
  summary: z.string(),
  default: z.number(),
  minimum: z.number(),
  maximum: z.number(),
});
export type LossParameter = z.infer<typeof lossParameterSchema>;
export const lossSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  summary: z.string(),
  parameters: z.array(lossParameterSchema),
});
export type Loss = z.infer<typeof lossSchema>;
export const presetSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  summary: z.string(),
  settings: trainingSettingsSchema,
});
export type Preset = z.infer<typeof presetSchema>;

/** What a training would be, found without running it. */
export const trainingPlanSchema = z.strictObject({
  parameters: z.int(),
  trainableParameters: z.int(),
  trainingTiles: z.int(),
  validationTiles: z.int(),
  stepsPerEpoch: z.int(),
  /** Peak memory of the engine, bytes: weights, optimizer slots, activations. */
  estimatedBytes: z.number(),
  /** What the engine may use: bytes of this machine or container, and the largest batch that fits in them. Null where that isn't known. */
  memory: z
    .strictObject({
      limitBytes: z.number(),
      /** What is free just now. */
      freeBytes: z.number(),
      /** Null where not even one tile fits. */
      largestBatch: z.int().min(1).nullable(),
      /** What a step of that batch is expected to need. */
      largestBatchBytes: z.number(),
    })
    .nullable(),
  /** The weight of each class id in a weighted loss; null where all are alike, or masks are still being counted. */
  classWeights: z.array(z.strictObject({ classId: z.int(), weight: z.number() })).nullable(),
  trainingMosaics: z.array(z.string()),
  validationMosaics: z.array(z.string()),
  /** Share of labelled pixels of each class id in each part, 0–1; null while masks are being counted. */
  classShares: z
    .array(z.strictObject({ classId: z.int(), training: z.number(), validation: z.number() }))
    .nullable(),
  /** Sentences for the user: neighbours in both parts, classes that are missing in one, sizes rounded up. */
  warnings: z.array(z.string()),
});
export type TrainingPlan = z.infer<typeof trainingPlanSchema>;

/** A plan's time, measured on a few steps of the real network on the real data. */
export const trainingMeasureSchema = z.strictObject({
  stepMilliseconds: z.number(),
  secondsPerEpoch: z.number(),
  device: z.enum(["cpu", "gpu"]),
});
export type TrainingMeasure = z.infer<typeof trainingMeasureSchema>;
