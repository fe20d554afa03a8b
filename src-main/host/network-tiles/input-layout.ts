import { RpcError } from "#shared/rpc/errors.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import type { Run } from "#shared/training/run.ts";
import type { Raster } from "../../raster/index.ts";

/** How input pixels become the network's numbers. */
export type InputLayout = Run["input"];

/** Side of the thumbnail that percentiles are taken from, in pixels. */
const THUMBNAIL_PIXELS = 512;

/** The bands that all these mosaics have, opacity left out; 0-based. */
export function commonBands(mosaics: readonly ReadyMosaic[]): { bands: number[]; warnings: string[] } {
  const colorBands = mosaics.map(({ image }) =>
    Array.from({ length: image.bands }, (_, band) => band).filter((band) => band !== image.alphaBand),
  );
  const counts = colorBands.map((bands) => bands.length);
  const fewest = Math.min(...counts);
  const warnings =
    new Set(counts).size > 1
      ? [
          `The mosaics have ${[...new Set(counts)].join(" and ")} bands: only the first ${fewest} of each are used.`,
        ]
      : [];
  return { bands: colorBands.find((bands) => bands.length === fewest) ?? [], warnings };
}

/**
 * Finds the normalization for these mosaics: 8-bit imagery goes as it is, anything else is mapped linearly so that the 2nd and 98th
 * percentile of each band, over all of them, become 0 and 1.
 */
export async function findNormalization(
  images: readonly Raster[],
  bands: readonly number[],
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<InputLayout["normalization"]> {
  if (images.every(({ description }) => description.dtype === "uint8")) {
    return { kind: "uint8" };
  }
  const samples: number[][] = bands.map(() => []);
  for (const image of images) {
    const { width, height } = image.description;
    const scale = Math.min(1, THUMBNAIL_PIXELS / Math.max(width, height));
    const pixels = await image.readWindow(
      {
        pixelWindow: { x: 0, y: 0, width, height },
        bands,
        outputSize: {
          width: Math.max(1, Math.round(width * scale)),
          height: Math.max(1, Math.round(height * scale)),
        },
        resampling: "nearest",
      },
      options,
    );
    for (let pixel = 0; pixel < pixels.width * pixels.height; pixel++) {
      if (pixels.valid === null || pixels.valid[pixel] === 1) {
        for (let band = 0; band < bands.length; band++) {
          const value = pixels.data[pixel * bands.length + band] as number;
          if (Number.isFinite(value)) {
            samples[band]?.push(value);
          }
        }
      }
    }
  }
  if (samples.some((values) => values.length === 0)) {
    throw new RpcError(
      "invalid-input",
      "The mosaics to train on have no valid pixel: all of them is nodata.",
    );
  }
  const ranges = samples.map((values) => {
    const sorted = Float64Array.from(values).sort();
    const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] as number;
    return { low: at(0.02), high: at(0.98) };
  });
  return {
    kind: "linear",
    offset: ranges.map(({ low }) => low),
    scale: ranges.map(({ low, high }) => (high > low ? high - low : 1)),
  };
}
