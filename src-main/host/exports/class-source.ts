import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { Raster, ClassGrid, ClassRows } from "../../raster/index.ts";
import { readMaskIds } from "../projects/index.ts";

/** Class ids of a raster, wherever they come from; 255 where nobody knows. */
export interface ClassSource {
  readonly width: number;
  readonly height: number;
  readIds(
    pixelWindow: PixelWindow,
    options: { readonly signal?: AbortSignal | undefined },
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** How sure, 0 to 255, or null where nobody said. */
  readConfidence(
    pixelWindow: PixelWindow,
    options: { readonly signal?: AbortSignal | undefined },
  ): Promise<Uint8Array<ArrayBuffer> | null>;
}

/** The ids of a mask file, and the confidence of another on the same grid. */
export function maskSource(mask: Raster, confidence: Raster | null = null): ClassSource {
  const { width, height } = mask.description;
  return {
    width,
    height,
    readIds: async (pixelWindow, options) => (await readMaskIds(mask, { pixelWindow }, options)).ids,
    readConfidence: async (pixelWindow, options) =>
      confidence === null ? null : (await readMaskIds(confidence, { pixelWindow }, options)).ids,
  };
}

/** The ids and confidence of a prediction. */
export function gridSource(grid: ClassGrid): ClassSource {
  return {
    width: grid.width,
    height: grid.height,
    readIds: async (pixelWindow, options) => (await grid.readWindow({ pixelWindow }, options)).ids,
    readConfidence: async (pixelWindow, options) =>
      (await grid.readWindow({ pixelWindow }, options)).confidence,
  };
}

/** The same as whole rows, for tracing polygons. */
export function rowsOf(source: ClassSource): ClassRows {
  return {
    width: source.width,
    height: source.height,
    read: (firstRow, rows, options) =>
      source.readIds({ x: 0, y: firstRow, width: source.width, height: rows }, options),
  };
}
