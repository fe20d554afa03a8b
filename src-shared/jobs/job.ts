import { z } from "zod";
import { mergeReportSchema } from "../labels/label-merge.ts";
import { vectorReportSchema } from "../labels/vector-import.ts";
import { idSchema } from "../project/mosaic.ts";
import { rpcErrorCodeSchema } from "../rpc/errors.ts";

/** What a finished job leaves for the next action, by its kind. */
export const jobResultSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("training"), runId: idSchema }),
  z.strictObject({
    kind: z.literal("prediction"),
    runId: idSchema,
    mosaicIds: z.array(idSchema),
    megapixelsPerSecond: z.number(),
  }),
  z.strictObject({
    kind: z.literal("export"),
    fileNames: z.array(z.string()),
    displayPath: z.string(),
    /**
     * For a browser, each file and what stands beside it (GDAL's `.aux.xml` with the classes' names, QGIS' `.qml`): GET /download/ID. None where the shell can
     * show the folder instead.
     */
    downloads: z.array(z.strictObject({ downloadId: idSchema, fileName: z.string() })),
  }),
  /** A report that can be handed on: one file, in the folder at `displayPath`. */
  z.strictObject({
    kind: z.literal("report"),
    fileName: z.string(),
    displayPath: z.string(),
    /** As `downloads` of an export; null where the shell can show the folder instead. */
    downloadId: idSchema.nullable(),
  }),
  z.strictObject({ kind: z.literal("pyramid"), mosaicId: idSchema }),
  /** Polygons that became labels. */
  z.strictObject({ kind: z.literal("import"), report: vectorReportSchema }),
  /** Another person's labels, taken from the file at `displayPath`. */
  z.strictObject({ kind: z.literal("merge"), displayPath: z.string(), report: mergeReportSchema }),
]);
export type JobResult = z.infer<typeof jobResultSchema>;

/** A job's state; a finished job without a result, or a failed one without its reason, can't be written down. */
export const jobStateSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("queued") }),
  z.strictObject({
    kind: z.literal("running"),
    /** 0–1, or null while the amount of work is unknown. */
    progress: z.number().min(0).max(1).nullable(),
    /** One short phrase: "epoch 3 of 10", "mosaic 2 of 5". */
    detail: z.string(),
    etaSeconds: z.number().nonnegative().nullable(),
    paused: z.boolean(),
  }),
  z.strictObject({ kind: z.literal("succeeded"), finishedAt: z.iso.datetime(), result: jobResultSchema }),
  z.strictObject({
    kind: z.literal("failed"),
    finishedAt: z.iso.datetime(),
    error: z.strictObject({ code: rpcErrorCodeSchema, message: z.string() }),
  }),
  z.strictObject({ kind: z.literal("cancelled"), finishedAt: z.iso.datetime() }),
]);
export type JobState = z.infer<typeof jobStateSchema>;

/** A piece of long work: it outlives the page that started it and is listed in one place. */
export const jobSchema = z.strictObject({
  id: idSchema,
  kind: z.enum(["training", "prediction", "export", "report", "pyramid", "import", "merge"]),
  title: z.string(),
  projectId: idSchema,
  /** The run the job belongs to, where it belongs to one. */
  runId: idSchema.nullable(),
  mosaicId: idSchema.nullable(),
  canPause: z.boolean(),
  createdAt: z.iso.datetime(),
  state: jobStateSchema,
});
export type Job = z.infer<typeof jobSchema>;
