/**
 * What the host may ask of the engine: the only way between the two besides `catalog.ts`. Nothing here loads TensorFlow.
 *
 * The engine knows tensors, not projects: the host cuts tiles, counts epochs and decides what a NaN loss means. Calls are
 * carried out one after the other, in the order they come.
 */
import { z } from "zod";
import { weightsInputSchema, weightsReportSchema } from "#shared/training/weights-report.ts";
import { call, defineContract } from "#shared/rpc/contract.ts";
import { modelFormatSchema } from "#shared/training/model-format.ts";
import { normalizationSchema } from "#shared/training/normalization.ts";
import { segmentsMethods } from "./segments/segments-port.ts";
import {
  clippingSchema,
  optimizerSchema,
  precisionSchema,
  upsamplingSchema,
} from "#shared/training/training-settings.ts";

const bytes = z.instanceof(Uint8Array);
const count = z.int().min(1);

/** Which network, for which input and how many classes. */
export const modelSettingsSchema = z.strictObject({
  /** An id of `listArchitectures()`. */
  architecture: z.string(),
  /** Filters of the first stage; null for the architecture's default or where it has no such setting. */
  width: z.int().min(1).nullable(),
  /** How it enlarges coarse features; the architecture's own way when left out. */
  upsampling: upsamplingSchema.nullish(),
  bands: count,
  classes: z.int().min(2).max(254),
  /** In pixels; multiples of the architecture's stride. */
  tileHeight: count,
  tileWidth: count,
});
export type ModelSettings = z.infer<typeof modelSettingsSchema>;

/** How pixels come: `uint8` is divided by 255 in the engine, `float32` (little-endian) is taken as it is. */
export const inputTypeSchema = z.enum(["uint8", "float32"]);
export type InputType = z.infer<typeof inputTypeSchema>;

/** The rules by which gradients change weights; `optimizers/registry.ts` has them. */
export const optimizerNameSchema = z.enum(["adam", "adamw", "sgd"]);
export type OptimizerName = z.infer<typeof optimizerNameSchema>;

/** What is done with gradients before the optimizer gets them. */
export const gradientRulesSchema = z.strictObject({
  clipping: clippingSchema,
  /** Adds this times the sum of squares of all kernels that are learned to the loss. */
  l2: z.number().nonnegative(),
  /** Whether gradients of several steps are added up for one update; see `trainStep`. */
  accumulates: z.boolean(),
  /** The numbers that convolutions work with in training; evaluation and prediction stay float32. */
  precision: precisionSchema,
});
export type GradientRules = z.infer<typeof gradientRulesSchema>;

/** Everything that a training begins with; its tiles come batch by batch. */
export const trainingRequestSchema = z.strictObject({
  model: modelSettingsSchema,
  /** Tiles a step. */
  batch: count,
  /** A weighted sum of losses of `listLosses()`; see `parseLossExpression`. */
  loss: z.string(),
  /** A name alone takes the usual settings. */
  optimizer: z.union([optimizerNameSchema, optimizerSchema]),
  /** Without them gradients go to the optimizer as they are. */
  gradientRules: gradientRulesSchema.optional(),
  /** Decides the first weights and what dropout drops. */
  seed: z.int().min(0).max(0xffff_ffff),
  /** One factor a class for `weighted-crossentropy`; null for all ones. */
  classWeights: z.array(z.number().nonnegative()).nullable(),
  /** Class indices whose pixels count for nothing, as if they were 255. */
  ignoredClasses: z.array(z.int().min(0).max(253)),
  inputType: inputTypeSchema,
  /** A checkpoint file to go on from: its weights, and the optimizer's state if it has one. */
  checkpoint: z.string().nullable(),
  /** A file of Keras or a checkpoint whose weights fill the layers of the same names and shapes; only where `checkpoint` is null. */
  initialWeights: z.string().nullish(),
  /** What images those weights were learned from; as the file's name tells it when left out. The host gives tiles to fit. */
  initialWeightsInput: weightsInputSchema.nullish(),
  /** Leaves the encoder's weights and statistics as they are. */
  freezeEncoder: z.boolean().optional(),
});
export type TrainingRequest = z.infer<typeof trainingRequestSchema>;

/** A trained network and how others are to read it. */
export const modelExportSchema = z.strictObject({
  model: modelSettingsSchema,
  /** The checkpoint file with the weights. */
  weights: z.string(),
  format: modelFormatSchema,
  /** A folder for `savedmodel`, a file for `onnx`, a `.weights.h5` file for `keras`, whose layers go beside it as Python. */
  path: z.string(),
  normalization: normalizationSchema,
  /** By output channel. */
  classNames: z.array(z.string()),
  /** Ground size of a pixel that the network sees, in centimetres; null when unknown. */
  resolutionCentimeters: z.number().positive().nullable(),
  /** Name and version of what writes, such as `Orthomask 0.1.0`. */
  producer: z.string(),
});
export type ModelExport = z.infer<typeof modelExportSchema>;

const session = { sessionId: z.string() };

/**
 * Up to `batch` tiles: NHWC, height and width as in the model's settings. Fewer than `batch` are filled up inside with copies
 * that count for nothing.
 */
const tiles = { pixels: bytes };

/** A class index for each pixel, `[tiles, height, width]`; 255 for a pixel that counts for nothing. */
const labels = { labels: bytes };

/** Pixels by class, flat and row-major: `confusion[truth * classes + prediction]`. */
const confusion = { confusion: z.array(z.int()) };

const milliseconds = { milliseconds: z.number() };

/** Which TensorFlow runs on what. */
export const engineInfoSchema = z.strictObject({
  tensorflowVersion: z.string(),
  device: z.enum(["cpu", "gpu"]),
  deviceName: z.string(),
  /** The GPU's or the machine's memory; null when unknown. */
  memoryBytes: z.number().nullable(),
});
export type EngineInfo = z.infer<typeof engineInfoSchema>;

/** What the host may ask of the engine's process. */
export const engineContract = defineContract({
  engine: {
    /** Which of TensorFlow's builds is loaded, by its binding's file; the app's own unless this is called before anything else. */
    useBinding: call(z.strictObject({ bindingPath: z.string() }), z.void()),
    info: call(z.void(), engineInfoSchema),
    createTraining: call(
      trainingRequestSchema,
      z.strictObject({
        ...session,
        parameters: z.int(),
        trainableParameters: z.int(),
        /** What a step is expected to need at its peak. */
        estimatedBytes: z.number(),
        /** What of `initialWeights` was taken; null without them. */
        weights: weightsReportSchema.nullable(),
      }),
    ),
    /** What a training would take from a weights file, found without building anything. */
    inspectWeights: call(
      z.strictObject({
        model: modelSettingsSchema,
        path: z.string(),
        input: weightsInputSchema.nullish(),
      }),
      weightsReportSchema,
    ),
    /** Writes a trained network for other programs. Answers the paths of what was written. */
    exportModel: call(modelExportSchema, z.strictObject({ paths: z.array(z.string()) })),
    /**
     * One step of the optimizer. `step` counts from 1 over the whole run; with the same checkpoint, tiles and steps a resumed
     * run repeats what an uninterrupted one does. `loss` may be NaN or infinite: what follows from that is the host's matter.
     */
    trainStep: call(
      z.strictObject({
        ...session,
        ...tiles,
        ...labels,
        learningRate: z.number().nonnegative(),
        step: count,
        /**
         * Where gradients are added up: which update of the weights this step makes, from 1; null for none. An update takes the mean over all pixels
         * since the last, so that it equals that of one large batch. Without it each step is an update.
         */
        update: count.nullable().optional(),
      }),
      z.strictObject({ loss: z.number(), ...confusion, ...milliseconds }),
    ),
    /** Loss and predictions as they are in use: moving batch statistics, no dropout, nothing changes. */
    evaluateStep: call(
      z.strictObject({ ...session, ...tiles, ...labels, returnPrediction: z.boolean() }),
      z.strictObject({
        /** Over this batch's valid pixels; multiply by `validPixels` to average over batches. */
        loss: z.number(),
        validPixels: z.int(),
        ...confusion,
        /** The likeliest class index for each pixel, `[tiles, height, width]`; null unless asked for. */
        prediction: bytes.nullable(),
        ...milliseconds,
      }),
    ),
    createPrediction: call(
      z.strictObject({
        model: modelSettingsSchema,
        batch: count,
        inputType: inputTypeSchema,
        /** The checkpoint file with the weights. */
        weights: z.string(),
      }),
      z.strictObject({ ...session, estimatedBytes: z.number() }),
    ),
    predict: call(
      z.strictObject({ ...session, ...tiles }),
      z.strictObject({
        /** float32, little-endian, `[tiles, height, width, classes]`, summing to 1 over the classes. */
        probabilities: bytes,
        ...milliseconds,
      }),
    ),
    /** Writes under another name first, so that an existing file stays whole until the new one is. */
    saveCheckpoint: call(
      z.strictObject({ ...session, path: z.string(), includeOptimizer: z.boolean() }),
      z.void(),
    ),
    /** Frees what a session holds. Closing one that isn't there does nothing. */
    close: call(z.strictObject(session), z.void()),
  },
  segments: segmentsMethods,
});
export type EngineContract = typeof engineContract;
