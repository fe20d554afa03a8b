import type { MapPosition } from "#shared/geo/affine.ts";
import { pixelGroundArea } from "#shared/geo/ground-area.ts";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { RasterDescription } from "#shared/geo/raster-description.ts";
import { withoutBorders } from "#shared/metrics/border-tolerance.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import { metersPerUnit, transformer, wgs84 } from "../../raster/index.ts";
import type { IdSource } from "./compared-rasters.ts";

/** The same labels with everything outside a part of the ground unlabelled. */
export function onlyWithin(truth: IdSource, maskOf: (pixelWindow: PixelWindow) => Uint8Array): IdSource {
  return async (pixelWindow) => {
    const ids = await truth(pixelWindow);
    const mask = maskOf(pixelWindow);
    return ids.map((id, pixel) => (mask[pixel] === 1 ? id : UNLABELLED_ID));
  };
}

/** The same labels with everything near a border between classes unlabelled; what lies outside the raster reads as unlabelled, which makes no border. */
export function farFromBorders(truth: IdSource, tolerancePixels: number): IdSource {
  if (tolerancePixels === 0) {
    return truth;
  }
  return async ({ x, y, width, height }) => {
    const around = {
      x: x - tolerancePixels,
      y: y - tolerancePixels,
      width: width + 2 * tolerancePixels,
      height: height + 2 * tolerancePixels,
    };
    const kept = withoutBorders({ ids: await truth(around), ...around }, tolerancePixels);
    const ids = new Uint8Array(width * height);
    for (let row = 0; row < height; row++) {
      const from = (row + tolerancePixels) * around.width + tolerancePixels;
      ids.set(kept.subarray(from, from + width), row * width);
    }
    return ids;
  };
}

/** Square metres of the pixel at a position of a raster; null where unknown. */
export function pixelAreaOf({
  geotransform,
  crs,
}: RasterDescription): (column: number, row: number) => number | null {
  const toGround = transformer(crs, wgs84);
  if (geotransform === null || toGround === null) {
    return () => null;
  }
  const grid = {
    geotransform,
    metersPerUnit: metersPerUnit(crs),
    toLongitudeLatitude: (position: MapPosition) => toGround.forward(position),
  };
  return (column, row) => pixelGroundArea(grid, [column, row]);
}
