import { z } from "zod";

/** A rectangle in a raster's own pixels: `x`,`y` is the upper left pixel; it may reach over the raster's edge. */
export const pixelWindowSchema = z.strictObject({
  x: z.int().min(-1_000_000).max(100_000_000),
  y: z.int().min(-1_000_000).max(100_000_000),
  width: z.int().min(1).max(100_000_000),
  height: z.int().min(1).max(100_000_000),
});
export type PixelWindow = z.infer<typeof pixelWindowSchema>;
