import { createEmpty, extend, getHeight, getWidth, type Extent } from "ol/extent.js";
import type { MapProjection } from "#shared/project/mosaic.ts";
import type { MosaicScene } from "./mosaic-scene.ts";

/** Width and height of the map in screen pixels. */
export type ScreenSize = readonly [width: number, height: number];

/** Map units a screen pixel, at most and at least. */
export interface ResolutionLimits {
  readonly minResolution: number;
  readonly maxResolution: number;
}

/** How often the mosaics fit into the map when it is zoomed out as far as it goes. */
const MARGIN = 2;

/** Metres around the equator. */
const WORLD_METERS = 40_075_017;

const METERS_PER_FOOT = 0.3048;

/** The map extent of all mosaics that aren't hidden; empty without any. */
export function wholeExtent(scene: MosaicScene, isHidden: (mosaicId: string) => boolean): Extent {
  const extent = createEmpty();
  for (const { mosaic, grid } of scene.mosaics) {
    if (!isHidden(mosaic.id)) {
      extend(extent, grid.mapExtent);
    }
  }
  return extent;
}

/** What a project opens with: all mosaics, or the first when they lie so far apart that all would be dots. */
export function openingExtent(
  scene: MosaicScene,
  isHidden: (mosaicId: string) => boolean,
  size: ScreenSize,
): Extent {
  const whole = wholeExtent(scene, isHidden);
  const first = scene.mosaics.find(({ mosaic }) => !isHidden(mosaic.id));
  const tooFarApart = scene.inView(whole, resolutionToFit(whole, size)).length === 0;
  return first !== undefined && tooFarApart ? first.grid.mapExtent : whole;
}

/**
 * How far a map may be zoomed: in to a fraction of any pixel, out to a little more than what has to be seen, never
 * beyond one Earth. The outer limit is a power of two, so that it seldom changes while mosaics are being found.
 * `kept` is a resolution that must stay possible, as the one a project was left at, or 0.
 */
export function resolutionLimits(
  projection: MapProjection,
  whole: Extent,
  size: ScreenSize,
  kept: number,
): ResolutionLimits {
  const { world, minResolution } = unitLimits(projection.units);
  const needed = getWidth(whole) > 0 ? resolutionToFit(whole, size) : 0;
  const wanted = Math.max(needed * MARGIN, kept);
  const rounded = wanted > 0 ? 2 ** Math.ceil(Math.log2(wanted)) : Infinity;
  return { minResolution, maxResolution: Math.min(rounded, world / size[0]) };
}

/** Map units a screen pixel at which an extent just fits. */
function resolutionToFit(extent: Extent, [width, height]: ScreenSize): number {
  return Math.max(getWidth(extent) / width, getHeight(extent) / height);
}

/** The Earth's girth in map units, and a hundredth of any pixel anybody flies. */
function unitLimits(units: MapProjection["units"]): { world: number; minResolution: number } {
  switch (units) {
    case "metre":
      return { world: WORLD_METERS, minResolution: 2 ** -12 };
    case "foot":
    case "us-foot":
      return { world: WORLD_METERS / METERS_PER_FOOT, minResolution: 2 ** -12 };
    case "degree":
      return { world: 360, minResolution: 2 ** -30 };
    case "pixel":
    case "unknown":
      return { world: 2 ** 28, minResolution: 2 ** -12 };
  }
}
