/**
 * Every method and value that crosses between page and host.
 *
 * The page names things by ids that the host gave out, never by paths. Calls answer once; streams go on until the
 * page leaves the loop. Jobs outlive both. `docs/contract.md` is generated from this file.
 */
import { z } from "zod";
import { pixelWindowSchema } from "./geo/pixel-window.ts";
import { diagnosticsContract } from "./diagnostics.ts";
import { gpuContract } from "./gpu-add-on.ts";
import { jobSchema } from "./jobs/job.ts";
import { connectedAreaSchema } from "./labels/connected-area.ts";
import { labelEditSchema, labelShapeSchema, paintRulesSchema } from "./labels/label-edit.ts";
import { conflictPlaceSchema, keptSideSchema, labelConflictsSchema } from "./labels/label-merge.ts";
import { vectorFileSchema, vectorInspectionSchema, vectorMappingSchema } from "./labels/vector-import.ts";
import { reviewContract, uncertaintyMeasureSchema } from "./labels/review-contract.ts";
import { segmentsContract } from "./labels/segments-contract.ts";
import {
  evaluationDetailSchema,
  foundPlacesSchema,
  placeSelectionSchema,
} from "./metrics/evaluation-detail.ts";
import {
  borderToleranceSchema,
  evaluatedGroundSchema,
  evaluatedSplitSchema,
  judgedSchema,
} from "./metrics/evaluated-ground.ts";
import { classMappingSchema, maskEvaluationSchema } from "./metrics/mask-evaluation.ts";
import { runComparisonSchema } from "./metrics/run-comparison.ts";
import { evaluationReportSchema } from "./metrics/evaluation-report.ts";
import { exportOptionsSchema, exportPlanSchema } from "./project/export-options.ts";
import { bandStatisticsSchema, imageryDisplaySchema } from "./project/imagery-display.ts";
import { classIdSchema, landClassesSchema } from "./project/land-class.ts";
import { idSchema } from "./project/mosaic.ts";
import { displayStateSchema } from "./project/display-state.ts";
import { projectSnapshotSchema, recentProjectSchema, viewStateSchema } from "./project/project-snapshot.ts";
import { call, defineContract, stream } from "./rpc/contract.ts";
import { modelFormatSchema } from "./training/model-format.ts";
import { runEventSchema, runSchema, runTagsSchema } from "./training/run.ts";
import {
  architectureSchema,
  lossSchema,
  presetSchema,
  trainingMeasureSchema,
  trainingPlanSchema,
  trainingSettingsSchema,
} from "./training/training-settings.ts";
import { MOST_TRAININGS } from "./training/sweep.ts";
import { splitDraftSchema, splitPreviewSchema, splitSummarySchema } from "./training/split-preview.ts";
import { weightsReportSchema, weightsSourceSchema } from "./training/weights-report.ts";
import { updateStateSchema, updateWishSchema } from "./updates.ts";

/** What the shell around the page can do; the page asks for these, never for the shell's name. */
export const capabilitiesSchema = z.strictObject({
  nativeFolderDialog: z.boolean(),
  saveDialog: z.boolean(),
  revealInFolder: z.boolean(),
  /** Finished files can be fetched with GET /download/ID. */
  download: z.boolean(),
  /** Reports can be printed to PDF files. */
  printToPdf: z.boolean(),
  /** What is dropped on the window is told by `folders.dropped`: the shell knows where it lies. */
  dropPaths: z.boolean(),
  orthomaskVersion: z.string(),
});
export type Capabilities = z.infer<typeof capabilitiesSchema>;

/** What the engine runs on; `unavailable` says what is missing and how to get it. */
export const engineStatusSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("ready"),
    tensorflowVersion: z.string(),
    device: z.enum(["cpu", "gpu"]),
    deviceName: z.string(),
    memoryBytes: z.number().nullable(),
  }),
  z.strictObject({ kind: z.literal("unavailable"), reason: z.string() }),
]);
export type EngineStatus = z.infer<typeof engineStatusSchema>;

/** Commands of the native menu, carried out by the page as if chosen in it. */
export const shellCommandSchema = z.enum([
  "open-folder",
  "open-sample",
  "show-shortcuts",
  "command-palette",
  "zoom-fit",
  "toggle-left",
  "toggle-drawer",
  "about",
  "guide",
  "guided-tour",
  "copy-diagnostics",
]);
export type ShellCommand = z.infer<typeof shellCommandSchema>;

/** A folder the user may pick; only those below the allowed roots are ever listed. */
export const folderSchema = z.strictObject({
  folderId: idSchema,
  name: z.string(),
  displayPath: z.string(),
  /** Images directly inside, or in its `images/`: 0 means that it isn't worth opening. */
  mosaicCount: z.int().nonnegative(),
});
export type Folder = z.infer<typeof folderSchema>;

/** What a file is looked for: weights of networks, polygons to be burned into labels, masks to be merged with them or compared with them, promptable models. */
export const filePurposeSchema = z.enum(["weights", "polygons", "masks", "judged-masks", "segment-models"]);
export type FilePurpose = z.infer<typeof filePurposeSchema>;

/** A file that the user may pick. */
export const pickableFileSchema = z.strictObject({
  fileId: idSchema,
  name: z.string(),
  displayPath: z.string(),
  bytes: z.int().nonnegative(),
});
export type PickableFile = z.infer<typeof pickableFileSchema>;

/** What the user dropped on the window: a folder (or a project's file in it), a file with what it can serve for, or what serves for nothing. */
export const droppedSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("folder"), folder: folderSchema }),
  z.strictObject({ kind: z.literal("file"), file: pickableFileSchema, purposes: z.array(filePurposeSchema) }),
]);
export type Dropped = z.infer<typeof droppedSchema>;

/** What a tile is cut from. */
export const tileSourceSchema = z.discriminatedUnion("kind", [
  /** Without `display` as the host would choose. */
  z.strictObject({ kind: z.literal("imagery"), display: imageryDisplaySchema.optional() }),
  z.strictObject({ kind: z.literal("labels") }),
  /** Imagery without a label, as classes: 0 there, 255 elsewhere. */
  z.strictObject({ kind: z.literal("unlabelled") }),
  z.strictObject({ kind: z.literal("prediction"), runId: idSchema }),
  /** What has been predicted live; see `predictions.live`. */
  z.strictObject({ kind: z.literal("live"), runId: idSchema }),
  /** How uncertain a run's prediction is; `live` for what has been predicted live. */
  z.strictObject({ kind: z.literal("uncertainty"), runId: idSchema, live: z.boolean() }),
  /** Classes of masks from elsewhere, as `evaluation.masks` has read them. */
  z.strictObject({ kind: z.literal("masks"), masksId: idSchema }),
  /** The labels beside what is held against them, on the ground that counts; truth and prediction of the same pixels, however far it is zoomed out. */
  z.strictObject({ kind: z.literal("comparison"), judged: judgedSchema }),
  /** Where two runs differ, as classes: 0 the first is right, 1 the other is, 2 neither; 255 elsewhere and where there is no label. */
  z.strictObject({ kind: z.literal("disagreement"), runId: idSchema, otherRunId: idSchema }),
]);
export type TileSource = z.infer<typeof tileSourceSchema>;

/**
 * A tile's pixels, row-major, `width`×`height`.
 * `rgba`: 4 bytes a pixel, alpha 0 where there is no data. `classes`: class id a pixel, 255 none.
 * `classes-confidence`: class id and confidence (0–255 for 0–1), interleaved;
 * `classes-uncertainty` the same with the uncertainty. `truth-prediction`: two class ids, interleaved,
 * both 255 where either is missing or doesn't count.
 */
export const tileSchema = z.strictObject({
  layout: z.enum(["rgba", "classes", "classes-confidence", "classes-uncertainty", "truth-prediction"]),
  width: z.int(),
  height: z.int(),
  data: z.instanceof(Uint8Array),
  /** Part of it is still being read: asked for again in a moment, it shows more. */
  unfinished: z.literal(true).optional(),
});
export type Tile = z.infer<typeof tileSchema>;

/** What the pyramids of large mosaics take on disk. */
export const pyramidCacheSchema = z.strictObject({
  /** The folder as the user knows it; shown, never sent back. */
  displayPath: z.string(),
  pyramids: z.int().nonnegative(),
  usedBytes: z.number(),
  limitBytes: z.number(),
  /** What is left on the disk; null where the system doesn't say. */
  freeBytes: z.number().nullable(),
});
export type PyramidCache = z.infer<typeof pyramidCacheSchema>;

/** A prediction of one run for one mosaic. */
export const predictionSchema = z.strictObject({
  runId: idSchema,
  mosaicId: idSchema,
  complete: z.boolean(),
  /** Grows with every change, so that a tile asked for again is known to be newer. */
  revision: z.int(),
  /** What its uncertainty is computed from. */
  uncertainty: uncertaintyMeasureSchema,
});
export type Prediction = z.infer<typeof predictionSchema>;

/** Part of a prediction that has just been written; `pixelWindow` null means all of it. */
export const predictionChangeSchema = z.strictObject({
  prediction: predictionSchema,
  pixelWindow: pixelWindowSchema.nullable(),
  removed: z.boolean(),
});

/** How a live prediction stands: what it is at, and the part of it that has just been made (null for none). */
export const liveEventSchema = z.strictObject({
  status: z.discriminatedUnion("kind", [
    /** Until it has begun to predict; the first time it starts the engine and loads the network. */
    z.strictObject({ kind: z.literal("loading") }),
    /** `parts` squares of 512 mosaic pixels in view are still to be predicted. */
    z.strictObject({ kind: z.literal("predicting"), parts: z.int().positive() }),
    /** A job needs the engine: its title. */
    z.strictObject({ kind: z.literal("waiting"), jobTitle: z.string(), parts: z.int().positive() }),
    /** Everything in view is there; `leftOut` squares were too many and need a closer look. */
    z.strictObject({ kind: z.literal("up-to-date"), leftOut: z.int().nonnegative() }),
  ]),
  made: z.strictObject({ mosaicId: idSchema, pixelWindow: pixelWindowSchema }).nullable(),
});
export type LiveEvent = z.infer<typeof liveEventSchema>;

/** What "Undo" and "Redo" would do, by name; null when there is nothing. One history for all mosaics of a project, kept over restarts. */
export const labelHistorySchema = z.strictObject({
  undo: z.string().nullable(),
  redo: z.string().nullable(),
});
export type LabelHistoryNames = z.infer<typeof labelHistorySchema>;

/** Labels that have just changed, by whichever page. Revisions of a mosaic grow. */
export const labelChangeSchema = z.strictObject({
  mosaicId: idSchema,
  revision: z.int(),
  /** Where ids changed; null stands for anywhere. */
  pixelWindows: z.array(pixelWindowSchema).nullable(),
});
export type LabelChange = z.infer<typeof labelChangeSchema>;

/** The history now, and what has changed since the item before: nothing in the first. */
export const labelEventSchema = z.strictObject({
  history: labelHistorySchema,
  changes: z.array(labelChangeSchema),
});
export type LabelEvent = z.infer<typeof labelEventSchema>;

/** What an edit came to: null revision when no pixel changed, so that there is nothing to undo. */
export const labelEditResultSchema = z.strictObject({ revision: z.int().nullable() });

/** What accepting a prediction has done to a mosaic: null revision where no pixel changed. */
export const acceptedChangeSchema = z.strictObject({
  mosaicId: idSchema,
  revision: z.int().nullable(),
  pixels: z.int(),
  /** Review cells that are marked checked and whose labels have changed. */
  checkedCells: z.int(),
});
export type AcceptedChange = z.infer<typeof acceptedChangeSchema>;

/** What is exported: predictions of a run, or the labels where `runId` is null. */
const exportInput = { projectId: idSchema, runId: idSchema.nullable(), mosaicIds: z.array(idSchema).min(1) };

/** Which pixels a report is about: the run's own validation tiles at its best epoch, or whole predicted mosaics. */
export const evaluationAreaSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("validation") }),
  z.strictObject({ kind: z.literal("mosaics"), mosaicIds: z.array(idSchema).min(1) }),
]);
export type EvaluationArea = z.infer<typeof evaluationAreaSchema>;

export const exportDestinationSchema = z.discriminatedUnion("kind", [
  /** `exports/<run>/` where the project keeps its own files. */
  z.strictObject({ kind: z.literal("project") }),
  z.strictObject({ kind: z.literal("folder"), folderId: idSchema }),
]);

export type ExportDestination = z.infer<typeof exportDestinationSchema>;

const projectInput = z.strictObject({ projectId: idSchema });
const splitQuestion = projectInput.extend({
  draft: splitDraftSchema,
  tilePixels: z.int().min(32).max(4096),
  seed: z.int().min(0).max(0xffff_ffff),
});
const jobInput = z.strictObject({ jobId: idSchema });
const runInput = z.strictObject({ projectId: idSchema, runId: idSchema });
const vectorLayerInput = {
  fileId: idSchema,
  layerName: z.string(),
  /** An EPSG code that counts instead of the file's own system; null to believe the file. */
  crsCode: z.int().positive().nullable(),
};
const comparedMosaicsInput = runInput.extend({
  mosaicIds: z.array(idSchema).min(1),
  /** Pixels this near to a border between true classes are not counted; 0 counts all. */
  borderTolerancePixels: borderToleranceSchema,
  /** Which ground is counted; everything that is labelled where it is left out. */
  within: evaluatedGroundSchema.optional(),
});
const placesInput = { selection: placeSelectionSchema, most: z.int().min(1).max(1000) };
const nothing = z.void();

/** How far a long answer is, 0–1, and at last the answer. */
function progressOr<Result extends z.ZodType>(result: Result) {
  return z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("progress"), share: z.number() }),
    z.strictObject({ kind: z.literal("result"), result }),
  ]);
}

export const contract = defineContract({
  app: {
    capabilities: call(nothing, capabilitiesSchema),
    /** Starts the engine if need be: the first answer takes a second or two. */
    engineStatus: call(nothing, engineStatusSchema),
    commands: stream(nothing, shellCommandSchema),
    /** How the app stands to newer versions, after what was wished. Before anything is downloaded or installed the shell asks the user itself. */
    updates: call(z.strictObject({ wish: updateWishSchema }), updateStateSchema),
  },
  folders: {
    /** Shows the native dialog; null when the user leaves it. `unsupported` where there is none. */
    choose: call(nothing, folderSchema.nullable()),
    roots: call(nothing, z.array(folderSchema)),
    list: call(
      z.strictObject({ folderId: idSchema }),
      z.strictObject({
        folder: folderSchema,
        parentId: idSchema.nullable(),
        children: z.array(folderSchema),
      }),
    ),
    /** Files in a folder that may serve a purpose, by their names' endings. */
    files: call(
      z.strictObject({ folderId: idSchema, purpose: filePurposeSchema }),
      z.array(pickableFileSchema),
    ),
    /** Each drop on the window, where `dropPaths`: of several files the one that is good for most. */
    dropped: stream(nothing, droppedSchema),
  },
  projects: {
    recent: call(nothing, z.array(recentProjectSchema)),
    /** The project the shell was started with, or the one open last; null shows the start page. */
    current: call(nothing, z.strictObject({ projectId: idSchema }).nullable()),
    open: call(z.strictObject({ folderId: idSchema }), projectInput),
    /** Draws the sample once, in the user's data folder, and opens it. */
    openSample: call(nothing, projectInput),
    watch: stream(projectInput, projectSnapshotSchema),
    /** Takes up files that were added, changed or removed in the folder. */
    rescan: call(projectInput, nothing),
    /** Puts a link file for a mosaic on a server into the folder, and reads it again; abort it to give up asking the server. */
    addRemote: call(
      z.strictObject({ projectId: idSchema, address: z.string().max(4096) }),
      z.strictObject({ name: z.string() }),
    ),
    /**
     * Looks in a folder, by name, for what links of the project's folder led to before, and points the links there. Answers files by their names in the project; of those
     * that weren't found why, in a sentence. `conflict` where no link leads nowhere.
     */
    relocate: call(
      z.strictObject({ projectId: idSchema, folderId: idSchema }),
      z.strictObject({
        found: z.array(z.string()),
        missing: z.array(z.strictObject({ fileName: z.string(), reason: z.string() })),
      }),
    ),
    setClasses: call(z.strictObject({ projectId: idSchema, classes: landClassesSchema }), nothing),
    saveView: call(z.strictObject({ projectId: idSchema, view: viewStateSchema }), nothing),
    /** Keeps how layers are shown and what is selected. */
    saveDisplay: call(z.strictObject({ projectId: idSchema, display: displayStateSchema }), nothing),
    /** Keeps the settings of the next training with the project; null goes back to the suggested ones. */
    saveTraining: call(
      z.strictObject({ projectId: idSchema, settings: trainingSettingsSchema.nullable() }),
      nothing,
    ),
  },
  rasters: {
    /** A window of a mosaic, scaled to `size`; abort it when the tile has left the view. */
    tile: call(
      z.strictObject({
        projectId: idSchema,
        mosaicId: idSchema,
        source: tileSourceSchema,
        pixelWindow: pixelWindowSchema,
        size: z.strictObject({ width: z.int().min(1).max(1024), height: z.int().min(1).max(1024) }),
      }),
      tileSchema,
    ),
    /** What the values of some bands (0-based) are like, from a sample; null for a band without valid pixels. */
    statistics: call(
      z.strictObject({
        projectId: idSchema,
        mosaicId: idSchema,
        bands: z.array(z.int().min(0).max(4095)).min(1).max(4),
      }),
      z.array(bandStatisticsSchema.nullable()),
    ),
    /** The file's own values of one pixel, of at most 16 bands; null where it, or one band of it, has no data. */
    values: call(
      z.strictObject({
        projectId: idSchema,
        mosaicId: idSchema,
        column: z.int().nonnegative(),
        row: z.int().nonnegative(),
      }),
      z.array(z.number().nullable()).nullable(),
    ),
  },
  storage: {
    /** The cache of pyramids, and how it changes. */
    watch: stream(nothing, pyramidCacheSchema),
    /** Keeps the cache below so many bytes from now on; what was not used for longest goes first. */
    setLimit: call(z.strictObject({ limitBytes: z.number().min(0) }), nothing),
    /** Removes all pyramids; says how many bytes that freed. They are made again when a project is opened. */
    clear: call(nothing, z.strictObject({ freedBytes: z.number() })),
  },
  gpu: gpuContract,
  diagnostics: diagnosticsContract,
  jobs: {
    /** All jobs of this session, newest first, sent whole at each change (at most four times a second). */
    watch: stream(nothing, z.array(jobSchema)),
    cancel: call(jobInput, nothing),
    pause: call(jobInput, nothing),
    resume: call(jobInput, nothing),
    /** Takes a finished job off the list. */
    dismiss: call(jobInput, nothing),
  },
  training: {
    options: call(
      nothing,
      z.strictObject({
        architectures: z.array(architectureSchema),
        losses: z.array(lossSchema),
        presets: z.array(presetSchema),
      }),
    ),
    /** The recipe that fits this project's data and this machine. */
    suggest: call(projectInput, trainingSettingsSchema),
    plan: call(z.strictObject({ projectId: idSchema, settings: trainingSettingsSchema }), trainingPlanSchema),
    measure: call(
      z.strictObject({ projectId: idSchema, settings: trainingSettingsSchema }),
      trainingMeasureSchema,
    ),
    /** What a training would take from a file of weights or another run, layer by layer. */
    checkWeights: call(
      z.strictObject({
        projectId: idSchema,
        settings: trainingSettingsSchema,
        weights: weightsSourceSchema,
      }),
      weightsReportSchema,
    ),
    start: call(
      z.strictObject({
        projectId: idSchema,
        settings: trainingSettingsSchema,
        name: z.string().max(120).nullable(),
        /** What to begin with; drawn weights when left out. */
        weights: weightsSourceSchema.nullish(),
      }),
      z.strictObject({ runId: idSchema, jobId: idSchema }),
    ),
    /** Queues several trainings in this order, a sweep for one; either all or, where one can't be trained, none. They go on in the next session if this one ends. */
    startAll: call(
      z.strictObject({
        projectId: idSchema,
        trainings: z
          .array(z.strictObject({ settings: trainingSettingsSchema, name: z.string().max(120).nullable() }))
          .min(1)
          .max(MOST_TRAININGS),
        weights: weightsSourceSchema.nullish(),
      }),
      z.strictObject({ runIds: z.array(idSchema) }),
    ),
    /** Trainings of an earlier session that were taken up when the project was opened, and haven't ended yet. */
    goneOn: call(projectInput, z.array(idSchema)),
    /** Lets a run that waits change places with the one before it (−1) or behind it (1). */
    move: call(runInput.extend({ by: z.literal([-1, 1]) }), nothing),
    /**
     * Goes on from the last finished epoch of a run that was stopped, interrupted or failed. `damaged` where that epoch's weights are, and those of the best can be gone on
     * with: asked for by `from`, which leaves out the epochs after it.
     */
    resume: call(
      runInput.extend({ from: z.enum(["last", "best"]).optional() }),
      z.strictObject({ jobId: idSchema }),
    ),
    /** Ends after the step in flight, keeping the best epoch: the job succeeds. (Cancelling the job does the same.) One that waits leaves the queue. */
    stop: call(runInput, nothing),
    watch: stream(runInput, runEventSchema),
  },
  splits: {
    /** The splits saved with a project, the newest first. */
    watch: stream(projectInput, z.array(splitSummarySchema)),
    /** What a way to divide the ground comes to: tiles by part, class shares, leaks. */
    preview: call(splitQuestion, splitPreviewSchema),
    /** Saves what a draft comes to; the same name and ground again are the same split. */
    save: call(
      splitQuestion.extend({ name: z.string().trim().min(1).max(120) }),
      z.strictObject({ splitId: idSchema }),
    ),
    /** Runs that were made with it keep their copy. */
    remove: call(projectInput.extend({ splitId: idSchema }), nothing),
  },
  runs: {
    watch: stream(projectInput, z.array(runSchema)),
    rename: call(
      z.strictObject({ projectId: idSchema, runId: idSchema, name: z.string().trim().min(1).max(120) }),
      nothing,
    ),
    setTags: call(runInput.extend({ tags: runTagsSchema }), nothing),
    remove: call(runInput, nothing),
  },
  predictions: {
    /** All that exist first, one item each, then every change as tiles are written. */
    watch: stream(projectInput, predictionChangeSchema),
    start: call(
      z.strictObject({
        projectId: idSchema,
        runId: idSchema,
        mosaicIds: z.array(idSchema).min(1),
        /** Share of a tile that neighbours have in common, 0–0.75. */
        overlap: z.number().min(0).max(0.75),
        /** What is in view now, predicted first. */
        viewed: z.array(z.strictObject({ mosaicId: idSchema, pixelWindow: pixelWindowSchema })),
      }),
      z.strictObject({ jobId: idSchema }),
    ),
    remove: call(z.strictObject({ projectId: idSchema, runId: idSchema, mosaicId: idSchema }), nothing),
    /**
     * Predicts what is in view with a run's best weights, for as long as the stream is read: the middle first, whenever no training and no
     * prediction needs the engine. Ends when a new view begins another. `conflict` for a run without a finished epoch.
     */
    live: stream(
      z.strictObject({
        projectId: idSchema,
        runId: idSchema,
        /** The mosaics nearest to the middle of the map first. */
        viewed: z.array(z.strictObject({ mosaicId: idSchema, pixelWindow: pixelWindowSchema })),
      }),
      liveEventSchema,
    ),
  },
  review: reviewContract,
  labels: {
    /** Stores one step; it is safe on the disk when the answer comes. `conflict` while another Orthomask edits the same folder and doesn't let go of it. */
    edit: call(
      z.strictObject({ projectId: idSchema, mosaicId: idSchema, edit: labelEditSchema }),
      labelEditResultSchema,
    ),
    /** Takes back the last step in whichever mosaic, and says which; null when there is none. */
    undo: call(projectInput, labelChangeSchema.nullable()),
    redo: call(projectInput, labelChangeSchema.nullable()),
    /** Class ids of a window at full resolution, 255 unlabelled: what tools such as fill look at. */
    read: call(
      z.strictObject({ projectId: idSchema, mosaicId: idSchema, pixelWindow: pixelWindowSchema }),
      z.instanceof(Uint8Array),
    ),
    /** The connected area of the class at a pixel; null beside the mosaic. */
    area: call(
      z.strictObject({
        projectId: idSchema,
        mosaicId: idSchema,
        column: z.int().nonnegative(),
        row: z.int().nonnegative(),
      }),
      connectedAreaSchema.nullable(),
    ),
    /**
     * Takes a run's prediction over as labels, as one step over all these mosaics: inside an area of each, of one class or (null) all, where its confidence
     * (0–1) is at least so large. Tells how many pixels of each changed; whoever leaves the stream before stops it, and nothing has changed. `not-found`
     * where the run has predicted nothing of one.
     */
    accept: stream(
      z.strictObject({
        projectId: idSchema,
        areas: z.array(z.strictObject({ mosaicId: idSchema, area: labelShapeSchema })).min(1),
        runId: idSchema,
        name: z.string().min(1).max(80),
        classId: classIdSchema.nullable(),
        leastConfidence: z.number().min(0).max(1),
        rules: paintRulesSchema,
      }),
      progressOr(z.array(acceptedChangeSchema)),
    ),
    watch: stream(projectInput, labelEventSchema),
  },
  segments: segmentsContract,
  /** Two people's labels of one mosaic. */
  merges: {
    /**
     * Takes what only the other person has labelled; where both have, and differ, theirs are kept beside until it is settled. One step that can be undone;
     * the job's result is a report. Cancelled before its end it has changed nothing.
     */
    start: call(
      z.strictObject({ projectId: idSchema, mosaicId: idSchema, fileId: idSchema }),
      z.strictObject({ jobId: idSchema }),
    ),
    /** Where labels differ over all mosaics: by pair of classes, and the largest places, with the rectangles that cover these. */
    conflicts: call(
      projectInput,
      z.strictObject({
        found: labelConflictsSchema,
        areas: z.array(z.strictObject({ mosaicId: idSchema, pixelWindow: pixelWindowSchema })),
      }),
    ),
    /** One step that can be undone: at a place, or (null) all of a mosaic. */
    settle: call(
      z.strictObject({
        projectId: idSchema,
        mosaicId: idSchema,
        place: conflictPlaceSchema.pick({ pixelWindow: true, anchor: true }).nullable(),
        kept: keptSideSchema,
      }),
      z.strictObject({ pixels: z.int() }),
    ),
  },
  /** Polygons of other programs, burned into labels; files are those that `folders.files` offered. */
  vectors: {
    layers: call(z.strictObject({ fileId: idSchema }), vectorFileSchema),
    /** Goes through a layer: its fields with few values, and the mosaics that its polygons meet. */
    inspect: call(projectInput.extend(vectorLayerInput), vectorInspectionSchema),
    /** Burns in the order of the features: one step that can be undone for each mosaic that changes. The job's result is a report. */
    start: call(
      projectInput.extend({
        ...vectorLayerInput,
        mapping: vectorMappingSchema,
        mosaicIds: z.array(idSchema).min(1),
        rules: paintRulesSchema,
      }),
      z.strictObject({ jobId: idSchema }),
    ),
  },
  evaluation: {
    report: call(
      z.strictObject({ projectId: idSchema, runId: idSchema, area: evaluationAreaSchema }),
      evaluationReportSchema,
    ),
    /** Everything that whole predicted mosaics tell: areas, calibration, blocks, besides the report. */
    detail: stream(comparedMosaicsInput, progressOr(evaluationDetailSchema)),
    /** Two runs on the same pixels, with the range that chance leaves their difference. */
    compare: stream(
      projectInput.extend({
        runIds: z.tuple([idSchema, idSchema]),
        mosaicIds: z.array(idSchema).min(1),
      }),
      progressOr(runComparisonSchema),
    ),
    /**
     * Masks from anywhere, one file or all of its folder by the mosaics' names, against the labels of the project. A mapping that is given is kept for the next time;
     * null takes the kept one. `conflict` for a mask on another grid unless it is to be resampled.
     */
    masks: stream(
      projectInput.extend({
        fileId: idSchema,
        folder: z.boolean(),
        mapping: classMappingSchema.nullable(),
        otherGrids: z.enum(["refuse", "nearest"]),
        borderTolerancePixels: borderToleranceSchema,
        within: evaluatedSplitSchema.optional(),
      }),
      progressOr(
        z.strictObject({
          evaluation: maskEvaluationSchema,
          mapping: classMappingSchema,
          /** By which tiles and places of just these masks are asked for; forgotten after some more counts, and when the program ends. */
          masksId: idSchema,
          mosaicIds: z.array(idSchema),
        }),
      ),
    ),
    /** As `places`, of masks that have been counted. `not-found` where they are forgotten: count them again. */
    maskPlaces: call(projectInput.extend({ masksId: idSchema, ...placesInput }), foundPlacesSchema),
    /** Where the pixels of one cell of the confusion matrix are, the largest connected areas first. */
    places: call(comparedMosaicsInput.extend(placesInput), foundPlacesSchema),
    /** Finds the places of all cells before one is asked for; whoever asks meanwhile waits for the same. */
    preparePlaces: call(comparedMosaicsInput, nothing),
  },
  exports: {
    /** What would be written, so that it can be shown before it is. */
    plan: call(
      z.strictObject({
        ...exportInput,
        options: exportOptionsSchema,
        destination: exportDestinationSchema,
      }),
      exportPlanSchema,
    ),
    start: call(
      z.strictObject({
        ...exportInput,
        options: exportOptionsSchema,
        destination: exportDestinationSchema,
      }),
      z.strictObject({ jobId: idSchema }),
    ),
    /** Writes a run's best network for other programs. */
    model: call(
      z.strictObject({
        projectId: idSchema,
        runId: idSchema,
        format: modelFormatSchema,
        destination: exportDestinationSchema,
      }),
      z.strictObject({ jobId: idSchema }),
    ),
    /** Writes a report that can be handed on: one HTML file, or a PDF where the shell can print one. */
    report: call(
      comparedMosaicsInput.extend({
        /** None for a report on the validation tiles alone. */
        mosaicIds: z.array(idSchema),
        format: z.enum(["html", "pdf"]),
        destination: exportDestinationSchema,
      }),
      z.strictObject({ jobId: idSchema }),
    ),
    /** The same on masks from anywhere, as `evaluation.masks` has counted them. */
    reportMasks: call(
      projectInput.extend({
        masksId: idSchema,
        format: z.enum(["html", "pdf"]),
        destination: exportDestinationSchema,
      }),
      z.strictObject({ jobId: idSchema }),
    ),
    /** Copies a run's folder whole, with its weights, log and predictions, to a place where nothing of its name stands. */
    run: call(
      z.strictObject({ projectId: idSchema, runId: idSchema, destination: exportDestinationSchema }),
      z.strictObject({ jobId: idSchema }),
    ),
    /** Shows a finished export in the system's file manager; `unsupported` where the shell can't. */
    reveal: call(jobInput, nothing),
  },
});
export type AppContract = typeof contract;
