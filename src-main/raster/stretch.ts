import type { RasterDescription } from "#shared/geo/raster-description.ts";
import type { Raster } from "./raster.ts";

/** The values of one band that are shown as black and as full brightness. */
export interface BandStretch {
  readonly low: number;
  readonly high: number;
}

/** About as many pixels as are looked at: percentiles of a million are as good as those of all. */
const sampleSide = 1024;
const lowShare = 0.02;
const highShare = 0.98;

/**
 * The 2nd and 98th percentile of each band, from an overview or every n-th pixel; nodata is left out.
 *
 * 8-bit rasters are shown as they are, so theirs is 0 to 255.
 */
export async function estimateStretch(
  raster: Raster,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<BandStretch[]> {
  const { width, height, bands, dtype, bitsPerSample } = raster.description;
  if (dtype === "uint8") {
    // A bitmap's 1 is white, a 4-bit grey's 15.
    const high = raster.description.colorTable === null ? 2 ** bitsPerSample - 1 : 255;
    return Array.from({ length: bands }, () => ({ low: 0, high }));
  }
  const reduction = Math.max(1, Math.max(width, height) / sampleSide);
  const outputSize = {
    width: Math.max(1, Math.round(width / reduction)),
    height: Math.max(1, Math.round(height / reduction)),
  };
  const stretches: BandStretch[] = [];
  for (let band = 0; band < bands; band += 1) {
    const pixels = await raster.readWindow(
      { pixelWindow: { x: 0, y: 0, width, height }, bands: [band], outputSize, resampling: "nearest" },
      options,
    );
    const values: number[] = [];
    for (let index = 0; index < pixels.data.length; index += 1) {
      const value = pixels.data[index] as number;
      if ((pixels.valid === null || pixels.valid[index] === 1) && Number.isFinite(value)) {
        values.push(value);
      }
    }
    stretches.push(stretchOf(Float64Array.from(values)));
  }
  return stretches;
}

/** Percentiles of the values, widened where all are the same, so that low is always below high. */
export function stretchOf(values: Float64Array): BandStretch {
  if (values.length === 0) {
    return { low: 0, high: 1 };
  }
  values.sort();
  const at = (share: number): number => values[Math.round(share * (values.length - 1))] as number;
  const low = at(lowShare);
  const high = at(highShare);
  if (low < high) {
    return { low, high };
  }
  const [first, last] = [values[0] as number, values.at(-1)];
  return first < last ? { low: first, high: last } : { low, high: low + 1 };
}

/** The bands to show as red, green and blue, 0-based; the same band three times for a single one. */
export function displayBands(
  description: Pick<RasterDescription, "bands" | "alphaBand" | "bandNames">,
): readonly [number, number, number] {
  const named = bandsByName(description.bandNames);
  if (named !== null) {
    return named;
  }
  const colours = Array.from({ length: description.bands }, (_, band) => band).filter(
    (band) => band !== description.alphaBand,
  );
  const [first = 0, second = first, third = first] = colours;
  return colours.length >= 3 ? [first, second, third] : [first, first, first];
}

function bandsByName(names: readonly string[]): readonly [number, number, number] | null {
  const find = (pattern: RegExp): number => names.findIndex((name) => pattern.test(name));
  const red = find(/^(red|b0?4)\b/i);
  const green = find(/^(green|b0?3)\b/i);
  const blue = find(/^(blue|b0?2)\b/i);
  return red >= 0 && green >= 0 && blue >= 0 ? [red, green, blue] : null;
}
