import { z } from "zod";
import { trainingSettingsSchema } from "../training/training-settings.ts";
import { displayStateSchema } from "./display-state.ts";
import { landClassesSchema } from "./land-class.ts";
import { idSchema, mapProjectionSchema, mosaicSchema, problemSchema } from "./mosaic.ts";

/** Where the page left the map: kept with the project so that it opens as it was. */
export const viewStateSchema = z.strictObject({
  center: z.tuple([z.number(), z.number()]),
  /** Map units a screen pixel. */
  resolution: z.number().positive(),
  projectionCode: z.string(),
});
export type ViewState = z.infer<typeof viewStateSchema>;

/** Where the classes came from, so that the page can say it; `project` once the user has edited them. */
export const classSourceSchema = z.enum(["classes.json", "color-table", "mask-values", "project", "none"]);

/** Everything the page shows of an open project, sent whole whenever something in it changed. */
export const projectSnapshotSchema = z.strictObject({
  projectId: idSchema,
  name: z.string(),
  /** The folder as the user knows it; shown, never sent back. */
  displayPath: z.string(),
  /** True while the folder is still being read: mosaics are appended as they are understood. */
  scanning: z.boolean(),
  /** Where runs, predictions and settings are kept: inside the folder, or apart because it is read-only. */
  storage: z.enum(["in-folder", "apart"]),
  mosaics: z.array(mosaicSchema),
  classes: landClassesSchema,
  classSource: classSourceSchema,
  /** The one coordinate system of the map, chosen from the mosaics. */
  viewProjection: mapProjectionSchema,
  viewState: viewStateSchema.nullable(),
  /** How layers were left; null while nobody has changed anything. */
  display: displayStateSchema.nullable(),
  /** The settings of the next training as the user left them; null for the suggested ones. */
  trainingSettings: trainingSettingsSchema.nullable(),
  problems: z.array(problemSchema),
});
export type ProjectSnapshot = z.infer<typeof projectSnapshotSchema>;

/** A project opened before, newest first. */
export const recentProjectSchema = z.strictObject({
  folderId: idSchema,
  name: z.string(),
  displayPath: z.string(),
  openedAt: z.iso.datetime(),
});
export type RecentProject = z.infer<typeof recentProjectSchema>;
