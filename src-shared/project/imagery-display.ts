import { z } from "zod";
import { displayBands, type ShownBands } from "../geo/display-bands.ts";
import type { RasterDescription } from "../geo/raster-description.ts";

/** The values of one band that are shown as black and as full brightness. */
export const bandLimitsSchema = z
  .strictObject({ low: z.number(), high: z.number() })
  .refine(({ low, high }) => low < high, "the low limit must lie below the high one");
export type BandLimits = z.infer<typeof bandLimitsSchema>;

const bandSchema = z.int().min(0).max(4095);
const percentSchema = z.number().min(0).max(100);

/** Which values are shown as black and as full brightness. */
export const imageryStretchSchema = z.discriminatedUnion("kind", [
  /** 8-bit samples as they are, others from their 2nd to their 98th percentile. */
  z.strictObject({ kind: z.literal("usual") }),
  /** Percentiles of each mosaic's own bands; 0 and 100 are the smallest and largest value met. */
  z
    .strictObject({ kind: z.literal("percentiles"), low: percentSchema, high: percentSchema })
    .refine(({ low, high }) => low < high, "the low percentile must lie below the high one"),
  /** Limits by 0-based band; bands without any are stretched as usual. */
  z.strictObject({ kind: z.literal("limits"), limits: z.record(z.string(), bandLimitsSchema) }),
]);
export type ImageryStretch = z.infer<typeof imageryStretchSchema>;

/** How imagery is turned into colours on the map. Only the picture: training and prediction read the file's own values. */
export const imageryDisplaySchema = z.strictObject({
  /** 0-based: one band in grey, or three as red, green and blue; null for the choice by the bands' meaning. */
  bands: z.union([z.tuple([bandSchema]), z.tuple([bandSchema, bandSchema, bandSchema])]).nullable(),
  stretch: imageryStretchSchema,
  /** Above 1 brightens what lies between black and white. */
  gamma: z.number().min(0.1).max(10),
});
export type ImageryDisplay = z.infer<typeof imageryDisplaySchema>;

/** What is shown before anybody has changed anything. */
export const usualDisplay: ImageryDisplay = { bands: null, stretch: { kind: "usual" }, gamma: 1 };

/** The displays of a project's mosaics. */
export const imageryDisplaysSchema = z.strictObject({
  /** Whether `all` counts for every mosaic, or each has its own. */
  sameForAll: z.boolean(),
  all: imageryDisplaySchema,
  /** By mosaic; one without its own is shown as `all` says. */
  mosaics: z.record(z.string(), imageryDisplaySchema),
});
export type ImageryDisplays = z.infer<typeof imageryDisplaysSchema>;

/** Displays that nobody has touched. */
export const usualDisplays: ImageryDisplays = { sameForAll: true, all: usualDisplay, mosaics: {} };

/** Percent between neighbouring entries of `BandStatistics.quantiles`. */
export const QUANTILE_STEP = 0.5;

/** What the values of one band are like, from a sample of bounded size. */
export const bandStatisticsSchema = z.strictObject({
  sampledPixels: z.int().positive(),
  mean: z.number(),
  /** Values at 0, 0.5, 1 … 100 %. */
  quantiles: z.array(z.number()).length(100 / QUANTILE_STEP + 1),
  /** How many sampled values lie in each of the equal steps from `low` to `high`; what lies beyond counts for the outermost. */
  histogram: z.strictObject({ low: z.number(), high: z.number(), counts: z.array(z.int().nonnegative()) }),
});
export type BandStatistics = z.infer<typeof bandStatisticsSchema>;

/** The value that a share of the sample (in percent) lies below. */
export function quantileAt({ quantiles }: Pick<BandStatistics, "quantiles">, percent: number): number {
  const position = Math.min(quantiles.length - 1, Math.max(0, percent / QUANTILE_STEP));
  const below = quantiles[Math.floor(position)] ?? 0;
  const above = quantiles[Math.ceil(position)] ?? below;
  return below + (above - below) * (position - Math.floor(position));
}

/** The limits between two percentiles, widened where all values are the same, so that low is always below high. */
export function limitsBetween(statistics: BandStatistics | null, low: number, high: number): BandLimits {
  if (statistics === null) {
    return { low: 0, high: 1 };
  }
  const limits = { low: quantileAt(statistics, low), high: quantileAt(statistics, high) };
  if (limits.low < limits.high) {
    return limits;
  }
  const all = { low: quantileAt(statistics, 0), high: quantileAt(statistics, 100) };
  return all.low < all.high ? all : { low: limits.low, high: limits.low + 1 };
}

/** The percentiles that everything but 8-bit imagery is stretched between where nobody has chosen. */
const usualPercentiles = { low: 2, high: 98 };

/** The bands that a display shows of an image; those of another image's display may not exist here. */
export function shownBands(
  description: Pick<RasterDescription, "bands" | "alphaBand" | "bandNames">,
  { bands }: Pick<ImageryDisplay, "bands">,
): ShownBands {
  return bands === null || bands.some((band) => band >= description.bands)
    ? displayBands(description)
    : bands;
}

/** Whether a band's limits can't be told without its statistics. */
export function needsStatistics(
  { dtype }: Pick<RasterDescription, "dtype">,
  band: number,
  stretch: ImageryStretch,
): boolean {
  const isGiven = stretch.kind === "limits" && stretch.limits[String(band)] !== undefined;
  return !isGiven && (dtype !== "uint8" || stretch.kind === "percentiles");
}

/** The values of a band that become black and full brightness; 0 and 1 while statistics are needed and null. */
export function limitsShown(
  description: Pick<RasterDescription, "dtype" | "bitsPerSample" | "colorTable">,
  band: number,
  stretch: ImageryStretch,
  statistics: BandStatistics | null,
): BandLimits {
  const given = stretch.kind === "limits" ? stretch.limits[String(band)] : undefined;
  if (given !== undefined) {
    return given;
  }
  if (!needsStatistics(description, band, stretch)) {
    // A bitmap's 1 is white, a 4-bit grey's 15.
    return { low: 0, high: description.colorTable === null ? 2 ** description.bitsPerSample - 1 : 255 };
  }
  const { low, high } = stretch.kind === "percentiles" ? stretch : usualPercentiles;
  return limitsBetween(statistics, low, high);
}
