import { extentsOverlap, type MapExtent } from "../geo/bounds.ts";
import type { PixelSize, PixelWindow } from "../geo/pixel-window.ts";

/** A mosaic as a split sees it. */
export interface SplitMosaic extends PixelSize {
  readonly id: string;
  readonly name: string;
  /** Where it lies in the CRS that all mosaics of the split share; null without a CRS. */
  readonly groundExtent: MapExtent | null;
  /** Ground size of a pixel in metres; null or absent where it isn't known. */
  readonly pixelMeters?: number | null;
}

/** What lies in mosaics, by their ids, in the same order. */
export function byMosaic<Item extends { readonly mosaicId: string }>(
  items: readonly Item[],
): Map<string, Item[]> {
  const found = new Map<string, Item[]>();
  for (const item of items) {
    const own = found.get(item.mosaicId);
    if (own === undefined) {
      found.set(item.mosaicId, [item]);
    } else {
      own.push(item);
    }
  }
  return found;
}

/** Mosaics that show the same ground, directly or through others, in one group; the order of the list is kept. */
export function overlapGroups<M extends SplitMosaic>(mosaics: readonly M[]): M[][] {
  const groups: M[][] = [];
  for (const mosaic of mosaics) {
    const touching = groups.filter((group) => group.some((other) => mosaicsOverlap(mosaic, other)));
    const merged = [...touching.flat(), mosaic];
    for (const group of touching) {
      groups.splice(groups.indexOf(group), 1);
    }
    groups.push(merged);
  }
  return groups.sort((first, second) => mosaics.indexOf(first[0] as M) - mosaics.indexOf(second[0] as M));
}

/** Whether two mosaics share ground, as far as their extents can tell. */
export function mosaicsOverlap(first: SplitMosaic, second: SplitMosaic): boolean {
  return (
    first.groundExtent !== null &&
    second.groundExtent !== null &&
    extentsOverlap(first.groundExtent, second.groundExtent)
  );
}

/** The ground under a window, exact for a north-up mosaic and the same share of the extent for any other. */
export function windowGround(mosaic: SplitMosaic, { x, y, width, height }: PixelWindow): MapExtent | null {
  if (mosaic.groundExtent === null) {
    return null;
  }
  const [minX, minY, maxX, maxY] = mosaic.groundExtent;
  const acrossPixel = (maxX - minX) / mosaic.width;
  const downPixel = (maxY - minY) / mosaic.height;
  return [
    minX + x * acrossPixel,
    maxY - (y + height) * downPixel,
    minX + (x + width) * acrossPixel,
    maxY - y * downPixel,
  ];
}
