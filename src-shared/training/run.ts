import { z } from "zod";
import { pixelWindowSchema } from "../geo/pixel-window.ts";
import { landClassesSchema } from "../project/land-class.ts";
import { idSchema } from "../project/mosaic.ts";
import { normalizationSchema } from "./normalization.ts";
import { savedTrainingSettingsSchema } from "./saved-training-settings.ts";
import { weightsReportSchema } from "./weights-report.ts";

/** One epoch's numbers; IoU is null for a class that is absent from truth and prediction alike. */
export const epochRecordSchema = z.strictObject({
  epoch: z.int().min(1),
  /** How many steps it took, fewer than the tiles allow where a limit ended it; absent in runs from before that was counted. */
  steps: z.int().positive().optional(),
  loss: z.number(),
  accuracy: z.number(),
  valLoss: z.number(),
  valAccuracy: z.number(),
  valMeanIou: z.number(),
  /** In the order of the run's classes. */
  valClassIou: z.array(z.number().nullable()),
  learningRate: z.number(),
  seconds: z.number(),
  /** Share of the epoch in which the engine waited for tiles, 0–1. */
  waitShare: z.number(),
});
export type EpochRecord = z.infer<typeof epochRecordSchema>;

export const runStateSchema = z.discriminatedUnion("kind", [
  /** Waits for its turn, in this session or the next; the smaller `turn` goes first, milliseconds since 1970 unless it was moved. */
  z.strictObject({ kind: z.literal("queued"), turn: z.number() }),
  z.strictObject({
    kind: z.literal("running"),
    jobId: idSchema,
    /** It was queued or belongs to a sweep, so that it goes on by itself when the next session begins; absent otherwise. */
    fromQueue: z.literal(true).optional(),
  }),
  z.strictObject({
    kind: z.literal("finished"),
    reason: z.enum(["all-epochs", "stopped", "step-limit", "no-improvement"]),
  }),
  /** The process ended in mid-run; the last finished epoch is kept and training can go on from it. */
  z.strictObject({ kind: z.literal("interrupted") }),
  z.strictObject({
    kind: z.literal("failed"),
    message: z.string(),
    /** Where memory ran out: a batch that is expected to fit. */
    smallerBatch: z.int().min(1).nullable().default(null),
  }),
]);
export type RunState = z.infer<typeof runStateSchema>;

/** Words that somebody put on a run to find it again. */
export const runTagsSchema = z.array(z.string().trim().min(1).max(40)).max(20);

/** The tiles of one part as a training found them; two of the same numbers are the same tiles with the same labels. */
const tilesFingerprintSchema = z.strictObject({
  tiles: z.int(),
  /** Of where they lie: mosaics and windows. */
  ground: z.string(),
  /** Of how many pixels of each class are labelled in each. */
  labels: z.string(),
});
export type TilesFingerprint = z.infer<typeof tilesFingerprintSchema>;

const runDataSchema = z.strictObject({
  training: tilesFingerprintSchema,
  validation: tilesFingerprintSchema,
});

/** The version of `run.json` that this program writes; see `saved-run.ts` for older ones. */
export const RUN_VERSION = 2;

/** A training run as it is written to `run.json` and shown; immutable but for name, tags, state and history. */
export const runSchema = z.strictObject({
  version: z.literal(RUN_VERSION),
  id: idSchema,
  name: z.string(),
  /** Absent where there are none. */
  tags: runTagsSchema.optional(),
  createdAt: z.iso.datetime(),
  state: runStateSchema,
  settings: savedTrainingSettingsSchema,
  /** The classes at the time: index in this list is the network's output channel (ignored classes have none). */
  classes: landClassesSchema,
  /** How input pixels become the network's numbers, so that prediction repeats it exactly. */
  input: z.strictObject({
    bands: z.array(z.int().min(0)),
    normalization: normalizationSchema,
  }),
  /** What the first weights were taken from; absent where they were drawn. */
  startedFrom: weightsReportSchema.optional(),
  /** Ground size of the mosaics' pixels in metres, the median; absent where it isn't known. */
  pixelMeters: z.number().positive().optional(),
  parameters: z.int(),
  trainableParameters: z.int(),
  trainingMosaicIds: z.array(idSchema),
  validationMosaicIds: z.array(idSchema),
  /** What was trained and measured on, when it was begun; absent before that, and in runs from before it was kept. */
  data: runDataSchema.optional(),
  /** Where it went on after labels of its tiles had changed: the epochs from which on they were others, the last one last. Absent where that never was. */
  relabelled: z.array(z.strictObject({ fromEpoch: z.int().positive(), data: runDataSchema })).optional(),
  stepMilliseconds: z.number().nullable(),
  history: z.array(epochRecordSchema),
  best: z
    .strictObject({
      epoch: z.int(),
      meanIou: z.number(),
      /** Rows truth, columns prediction, in the order of the run's classes that aren't ignored; validation tiles. */
      confusion: z.array(z.array(z.int())),
    })
    .nullable(),
  /** Versions of Orthomask and TensorFlow and the device the run was made with. */
  madeWith: z.strictObject({ orthomask: z.string(), tensorflow: z.string(), device: z.string() }),
});
export type Run = z.infer<typeof runSchema>;

/** A validation tile as the network sees it: `image` is RGB, `truth` and `prediction` are class ids (255 none), row-major. */
export const previewTileSchema = z.strictObject({
  mosaicId: idSchema,
  pixelWindow: pixelWindowSchema,
  width: z.int(),
  height: z.int(),
  image: z.instanceof(Uint8Array),
  truth: z.instanceof(Uint8Array),
  prediction: z.instanceof(Uint8Array),
});
export type PreviewTile = z.infer<typeof previewTileSchema>;

/** What a page that watches a run hears: the run first, then each change. */
export const runEventSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("run"), run: runSchema }),
  z.strictObject({
    kind: z.literal("step"),
    epoch: z.int(),
    step: z.int(),
    stepsPerEpoch: z.int(),
    loss: z.number(),
    accuracy: z.number(),
    stepMilliseconds: z.number(),
    epochEtaSeconds: z.number().nullable(),
    totalEtaSeconds: z.number().nullable(),
    /** What the steps are for just now. */
    phase: z.enum(["preparing", "training", "validating", "saving", "paused"]),
  }),
  z.strictObject({ kind: z.literal("epoch"), record: epochRecordSchema }),
  z.strictObject({ kind: z.literal("previews"), epoch: z.int(), tiles: z.array(previewTileSchema) }),
]);
export type RunEvent = z.infer<typeof runEventSchema>;
