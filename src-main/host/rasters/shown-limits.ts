import type { ShownBands } from "#shared/geo/display-bands.ts";
import { limitsShown, needsStatistics } from "#shared/project/imagery-display.ts";
import type { BandLimits, ImageryStretch } from "#shared/project/imagery-display.ts";
import type { Raster } from "../../raster/index.ts";
import { statisticsOfBands } from "./band-statistics.ts";

/** The values of each of these bands that become black and full brightness. */
export async function shownLimits(
  image: Raster,
  bands: ShownBands,
  stretch: ImageryStretch,
): Promise<BandLimits[]> {
  const { description } = image;
  const unknown = bands.filter((band) => needsStatistics(description, band, stretch));
  const statistics = unknown.length === 0 ? [] : await statisticsOfBands(image, unknown);
  return bands.map((band) =>
    limitsShown(description, band, stretch, statistics[unknown.indexOf(band)] ?? null),
  );
}
