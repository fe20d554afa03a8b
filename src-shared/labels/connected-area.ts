import { z } from "zod";
import { pixelWindowSchema } from "../geo/pixel-window.ts";

/** A connected area of one class, as a bitmap of the smallest window around it. */
export const connectedAreaSchema = z.strictObject({
  pixelWindow: pixelWindowSchema,
  /** `encodeRuns` of 1 inside. */
  runs: z.instanceof(Uint8Array),
  pixels: z.int().positive(),
  /** False when the area goes on beyond the blocks that were looked at. */
  isWhole: z.boolean(),
});
export type ConnectedArea = z.infer<typeof connectedAreaSchema>;

/** 64 megapixels in blocks of `flood-blocks.ts`: an area that goes on beyond is taken so far. */
export const MOST_AREA_BLOCKS = 256;
