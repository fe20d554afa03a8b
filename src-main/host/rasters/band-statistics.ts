import type { BandStatistics } from "#shared/project/imagery-display.ts";
import { sampleStatistics } from "../../raster/index.ts";
import type { Raster } from "../../raster/index.ts";

/** By raster and band, for as long as the raster is open: all tiles must be stretched alike. */
const known = new WeakMap<Raster, Map<number, Promise<BandStatistics | null>>>();

/** Statistics of bands of an image, sampled once and kept; null for a band without valid pixels. */
export function statisticsOfBands(
  image: Raster,
  bands: readonly number[],
): Promise<(BandStatistics | null)[]> {
  const ofImage = known.get(image) ?? new Map<number, Promise<BandStatistics | null>>();
  known.set(image, ofImage);
  const missing = [...new Set(bands)].filter((band) => !ofImage.has(band));
  if (missing.length > 0) {
    // Without the signal of whoever asks first: the next one needs them too.
    const sampled = sampleStatistics(image, missing);
    for (const [index, band] of missing.entries()) {
      const ofBand = sampled.then((statistics) => statistics[index] ?? null);
      ofImage.set(band, ofBand);
      ofBand.catch(() => ofImage.delete(band));
    }
  }
  return Promise.all(bands.map((band) => ofImage.get(band) ?? Promise.resolve(null)));
}
