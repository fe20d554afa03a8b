import type { RasterDescription } from "#shared/geo/raster-description.ts";
import { limitsBetween, usualDisplay } from "#shared/project/imagery-display.ts";
import type { BandLimits, ImageryDisplay, ImageryStretch } from "#shared/project/imagery-display.ts";
import { displayBands } from "../../raster/index.ts";
import type { Raster, ShownBands } from "../../raster/index.ts";
import { statisticsOfBands } from "./band-statistics.ts";

/** The percentiles that everything but 8-bit imagery is stretched between. */
const USUAL_PERCENTILES = { low: 2, high: 98 };

/** The bands that a display shows of an image; those of another image's display may not exist here. */
export function shownBands(description: RasterDescription, display: ImageryDisplay = usualDisplay): ShownBands {
  const { bands } = display;
  return bands === null || bands.some((band) => band >= description.bands) ? displayBands(description) : bands;
}

/** The values of each of these bands that become black and full brightness. */
export async function shownLimits(
  image: Raster,
  bands: ShownBands,
  stretch: ImageryStretch = usualDisplay.stretch,
): Promise<BandLimits[]> {
  const { dtype, bitsPerSample, colorTable } = image.description;
  const given = (band: number): BandLimits | null =>
    stretch.kind === "limits" ? (stretch.limits[String(band)] ?? null) : null;
  const unknown = bands.filter((band) => given(band) === null);
  if (dtype === "uint8" && stretch.kind !== "percentiles") {
    // A bitmap's 1 is white, a 4-bit grey's 15.
    const high = colorTable === null ? 2 ** bitsPerSample - 1 : 255;
    return bands.map((band) => given(band) ?? { low: 0, high });
  }
  const { low, high } = stretch.kind === "percentiles" ? stretch : USUAL_PERCENTILES;
  const statistics = unknown.length === 0 ? [] : await statisticsOfBands(image, unknown);
  return bands.map(
    (band) => given(band) ?? limitsBetween(statistics[unknown.indexOf(band)] ?? null, low, high),
  );
}
