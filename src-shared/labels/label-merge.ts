import { z } from "zod";
import { pixelWindowSchema } from "../geo/pixel-window.ts";
import { classIdSchema } from "../project/land-class.ts";
import { idSchema } from "../project/mosaic.ts";

/** What merging another person's labels of a mosaic came to, in pixels. */
export const mergeReportSchema = z.strictObject({
  mosaicId: idSchema,
  /** Were unlabelled here, and are theirs now. */
  taken: z.int(),
  /** Labelled alike by both. */
  same: z.int(),
  /** Labelled differently: kept as they are here until it is settled. */
  conflicting: z.int(),
  /** Of ids in their file that are no class here; left out. */
  unknown: z.int(),
});
export type MergeReport = z.infer<typeof mergeReportSchema>;

/** A connected area of pixels that two people called differently. */
export const conflictPlaceSchema = z.strictObject({
  mosaicId: idSchema,
  pixelWindow: pixelWindowSchema,
  pixels: z.int(),
  /** A pixel of it, [column, row]: names the place when it is settled. */
  anchor: z.tuple([z.int(), z.int()]),
});
export type ConflictPlace = z.infer<typeof conflictPlaceSchema>;

/** Where two people's labels disagree. */
export const labelConflictsSchema = z.strictObject({
  pixels: z.int(),
  places: z.int(),
  /** By what each says, the most frequent first. */
  pairs: z.array(z.strictObject({ mineId: classIdSchema, theirsId: classIdSchema, pixels: z.int() })),
  /** The largest first. */
  largest: z.array(conflictPlaceSchema),
});
export type LabelConflicts = z.infer<typeof labelConflictsSchema>;

/** Whose label the pixels in question get. */
export const keptSideSchema = z.enum(["mine", "theirs"]);
export type KeptSide = z.infer<typeof keptSideSchema>;

/** What the steps that move differences are called in the history. */
export const mergeSteps = {
  merged: "Merge labels",
  mine: "Keep mine",
  theirs: "Take theirs",
} as const;

/** What a merge came to, in words. */
export function mergeReportSentence({ taken, same, conflicting, unknown }: MergeReport): string {
  const number = (pixels: number): string => pixels.toLocaleString("en");
  const left = unknown === 0 ? "" : ` ${number(unknown)} pixels of ids that are no class here were left out.`;
  return `${number(taken)} pixels taken, ${number(same)} alike, ${number(conflicting)} labelled differently.${left}`;
}
