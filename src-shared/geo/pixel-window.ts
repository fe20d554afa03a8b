import { z } from "zod";

/** A rectangle of whole pixels, first pixel at (x, y); it may reach over the raster's edge. */
export const pixelWindowSchema = z
  .object({
    x: z.int(),
    y: z.int(),
    width: z.int().positive(),
    height: z.int().positive(),
  })
  .readonly();
export type PixelWindow = z.infer<typeof pixelWindowSchema>;

/** A width and a height in pixels. */
export const pixelSizeSchema = z.object({ width: z.int().positive(), height: z.int().positive() }).readonly();
export type PixelSize = z.infer<typeof pixelSizeSchema>;

/** The part two windows share, or null when they share no pixel. */
export function windowIntersection(first: PixelWindow, second: PixelWindow): PixelWindow | null {
  const x = Math.max(first.x, second.x);
  const y = Math.max(first.y, second.y);
  const width = Math.min(first.x + first.width, second.x + second.width) - x;
  const height = Math.min(first.y + first.height, second.y + second.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

/** Whether two windows share a pixel or the gap between them is narrower than `guardPixels` along both axes. */
export function isNearer(first: PixelWindow, second: PixelWindow, guardPixels: number): boolean {
  const gapAcross = Math.max(first.x, second.x) - Math.min(first.x + first.width, second.x + second.width);
  const gapDown = Math.max(first.y, second.y) - Math.min(first.y + first.height, second.y + second.height);
  return gapAcross < guardPixels && gapDown < guardPixels;
}
