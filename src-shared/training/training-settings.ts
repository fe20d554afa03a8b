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
]);
export type SplitSettings = z.infer<typeof splitSettingsSchema>;

/** How a network enlarges coarse features: repeated pixels, interpolation, a learned kernel, or the encoder's remembered maxima. */
export const upsamplingSchema = z.enum(["nearest", "bilinear", "transposed", "unpooling"]);
export type Upsampling = z.infer<typeof upsamplingSchema>;

export const optimizerSchema = z.enum(["adam", "adamw", "sgd"]);

/** Everything that decides a training, apart from the data; written into the run. */
export const trainingSettingsSchema = z.strictObject({
  architecture: z.string().min(1).max(60),
  /** Filters of the first stage, for the families that scale; null takes the family's default. */
  width: z.int().min(1).max(512).nullable(),
  /** How coarse features are enlarged, where the family leaves the choice; null takes the family's own way. */
  upsampling: upsamplingSchema.nullable().default(null),
  /** Leaves the encoder as its first weights have it; worth it only with weights that have learned something. */
  freezeEncoder: z.boolean().default(false),
  /** Side of the window read from the mosaic, in its pixels. */
  tilePixels: z.int().min(32).max(4096),
  /** Side of what the network sees; null for no resize. The image is averaged, the mask takes the nearest pixel. */
  inputPixels: z.int().min(32).max(2048).nullable(),
  batch: z.int().min(1).max(512),
  epochs: z.int().min(1).max(100_000),
  /** Ends the training early after this many steps in all; null for no limit. */
  maxSteps: z.int().min(1).nullable(),
  learningRate: z.number().positive().max(10),
  optimizer: optimizerSchema,
  /** One id of the engine's losses, or a sum of them with `+`: `crossentropy+dice`. */
  loss: z.string().min(1).max(120),
  classWeighting: classWeightingSchema,
  split: splitSettingsSchema,
  /** Flips and quarter turns of each training tile. */
  augment: z.boolean(),
  seed: z.int().min(0).max(0xffff_ffff),
  /** Mosaics to take part; null for all that have a mask. */
  mosaicIds: z.array(idSchema).nullable(),
});
export type TrainingSettings = z.infer<typeof trainingSettingsSchema>;

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
export const lossSchema = z.strictObject({ id: z.string(), name: z.string(), summary: z.string() });
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
