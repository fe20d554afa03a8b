import { createHash } from "node:crypto";
import { pixelGeotransform } from "#shared/geo/affine.ts";
import type { Geotransform } from "#shared/geo/affine.ts";
import type { RasterDescription } from "#shared/geo/raster-description.ts";
import type { MapProjection, Placement } from "#shared/project/mosaic.ts";
import { crsFromEpsg } from "../../raster/index.ts";

/** The plane of images without a coordinate system: one unit is one pixel, up is up. */
export const pixelProjection: MapProjection = {
  code: "PIXEL",
  name: "pixel coordinates",
  proj4: null,
  units: "pixel",
};

/** Space between mosaics laid side by side, as a share of the wider neighbour. */
const GAP_SHARE = 0.05;

/** Where a mosaic lies, and what the user should know about it. */
export interface PlacedMosaic {
  /** Null: the mosaic has no place of its own and joins the row of those in pixel coordinates. */
  readonly placement: Placement | null;
  readonly warning: string | null;
}

/** The place that a raster states for itself. */
export function statedPlacement(image: RasterDescription): PlacedMosaic {
  const { crs, geotransform } = image;
  if (geotransform === null) {
    return {
      placement: null,
      warning:
        crs.kind === "none"
          ? "It states no coordinate system, so it is shown in pixel coordinates, beside the others."
          : "It states a coordinate system but not its place in it, so it is shown in pixel coordinates.",
    };
  }
  switch (crs.kind) {
    case "epsg":
      return {
        placement: {
          projection: {
            code: `EPSG:${crs.code}`,
            name: crs.name,
            proj4: crs.proj4,
            units: proj4Units(crs.proj4),
          },
          geotransform,
        },
        warning: null,
      };
    case "custom":
      return {
        placement: {
          projection: {
            code: `CUSTOM:${shortHash(crs.proj4)}`,
            name: crs.name,
            proj4: crs.proj4,
            units: proj4Units(crs.proj4),
          },
          geotransform,
        },
        warning: null,
      };
    case "unknown":
      return {
        placement: { projection: ownCoordinates(crs.reason), geotransform },
        warning: `Its coordinate system can't be used (${crs.reason}), so it is shown in its own coordinates, apart from mosaics in other systems.`,
      };
    case "none":
      return {
        placement: { projection: ownCoordinates("none stated"), geotransform },
        warning:
          "It has a place but states no coordinate system, so it is shown in its own coordinates, apart from mosaics that state one.",
      };
  }
}

/** Lays mosaics without a place in a row from left to right, upper edges level, in the order given. */
export function rowGeotransforms(
  sizes: readonly { readonly width: number; readonly height: number }[],
): Geotransform[] {
  const [a, b, , d, e, f] = pixelGeotransform;
  let left = 0;
  let previousWidth = 0;
  return sizes.map(({ width }, index) => {
    if (index > 0) {
      left += previousWidth + Math.round(GAP_SHARE * Math.max(previousWidth, width));
    }
    previousWidth = width;
    return [a, b, left, d, e, f];
  });
}

/**
 * The one coordinate system of the map: the projected one that most mosaics have (the first of equals).
 *
 * Where all are geographic it is Web Mercator: degrees as a plane would show ground away from the equator squeezed (half as
 * wide as it is at 60°), while Web Mercator keeps its shape and is what the other maps people know are in.
 */
export function chooseViewProjection(projections: readonly MapProjection[]): MapProjection {
  const projected = mostCommon(
    projections.filter(({ proj4, units }) => proj4 !== null && units !== "degree"),
  );
  if (projected !== null) {
    return projected;
  }
  if (projections.some(({ proj4 }) => proj4 !== null)) {
    return webMercator();
  }
  return mostCommon(projections) ?? pixelProjection;
}

function mostCommon(projections: readonly MapProjection[]): MapProjection | null {
  const counts = new Map<string, number>();
  for (const { code } of projections) {
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  const most = Math.max(0, ...counts.values());
  return projections.find(({ code }) => counts.get(code) === most) ?? null;
}

function webMercator(): MapProjection {
  const crs = crsFromEpsg(3857);
  if (crs.kind !== "epsg") {
    throw new Error("EPSG:3857 is missing from the shipped EPSG table");
  }
  return { code: "EPSG:3857", name: crs.name, proj4: crs.proj4, units: "metre" };
}

/** A plane that nothing can be transformed to or from, one for each reason. */
function ownCoordinates(reason: string): MapProjection {
  return { code: `CUSTOM:${shortHash(reason)}`, name: "unknown coordinates", proj4: null, units: "unknown" };
}

/** The unit that coordinates of a proj4 definition are in; PROJ's default is the metre. */
export function proj4Units(proj4: string): MapProjection["units"] {
  if (/\+proj=(longlat|latlong|latlon|lonlat)\b/.test(proj4)) {
    return "degree";
  }
  const named = /\+units=(\S+)/.exec(proj4)?.[1];
  const toMeter = /\+to_meter=(\S+)/.exec(proj4)?.[1];
  if (named === "us-ft" || (toMeter !== undefined && isNear(Number(toMeter), 1200 / 3937))) {
    return "us-foot";
  }
  if (named === "ft" || (toMeter !== undefined && isNear(Number(toMeter), 0.3048))) {
    return "foot";
  }
  return (named === undefined || named === "m") && (toMeter === undefined || Number(toMeter) === 1)
    ? "metre"
    : "unknown";
}

/** The two feet differ by 2 in a million: the tolerance has to be smaller. */
function isNear(value: number, expected: number): boolean {
  return Math.abs(value / expected - 1) < 2e-7;
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
