import { addProjection, get as getProjection, getPointResolution } from "ol/proj.js";
import Projection from "ol/proj/Projection.js";
import { register } from "ol/proj/proj4.js";
import proj4 from "proj4";
import type { MapPosition } from "#shared/geo/affine.ts";
import { addOwnProjections, type ProjectionRegistry } from "#shared/geo/own-projections.ts";
import type { MapProjection } from "#shared/project/mosaic.ts";

// The host computes with the same formulas, so that a position read here is the position that is exported there.
addOwnProjections(proj4.Proj.projections as unknown as ProjectionRegistry);

/** Carries a position from one coordinate system to another; not finite where there is no such place. */
export type PositionTransform = (position: MapPosition) => MapPosition;

const WGS84 = "EPSG:4326";

/** The definition that each code was registered with, so that a code is never given two meanings. */
const definitions = new Map<string, string>();

/**
 * OpenLayers' projection of a coordinate system, made known to OpenLayers and proj4 on first use.
 *
 * proj4 definitions are taken as they are (axes easting first). A system without one is a plane of its own in
 * pixels, from which nothing can be transformed.
 */
export function mapProjection(projection: MapProjection): Projection {
  const { code, proj4: definition } = projection;
  const known = getProjection(code);
  if (definition === null) {
    if (known !== null) {
      return known;
    }
    const plane = new Projection({ code, units: "pixels" });
    addProjection(plane);
    return plane;
  }
  if (definitions.get(code) !== definition && code !== WGS84 && code !== "EPSG:3857") {
    definitions.set(code, definition);
    proj4.defs(code, definition);
    register(proj4);
  }
  const registered = getProjection(code);
  if (registered === null) {
    throw new Error(`OpenLayers did not take up ${code}, defined as "${definition}"`);
  }
  return registered;
}

/** Whether positions of `from` can be shown on a map in `to`: the same system, or both known to proj4. */
export function canTransform(from: MapProjection, to: MapProjection): boolean {
  return from.code === to.code || (from.proj4 !== null && to.proj4 !== null);
}

/** The way from one system to another, or null where none is known. */
export function transformBetween(from: MapProjection, to: MapProjection): PositionTransform | null {
  if (from.code === to.code) {
    return (position) => position;
  }
  if (from.proj4 === null || to.proj4 === null) {
    return null;
  }
  const converter = proj4(from.proj4, to.proj4);
  return ([x, y]) => {
    const [outX, outY] = converter.forward([x, y]);
    return [outX ?? Number.NaN, outY ?? Number.NaN];
  };
}

/** Longitude and latitude, WGS 84, of positions in a system; null for pixels and what isn't understood. */
export function toGround(from: MapProjection): PositionTransform | null {
  return transformBetween(from, groundProjection);
}

/** The way from longitude and latitude to positions in a system; null for pixels and what isn't understood. */
export function fromGround(to: MapProjection): PositionTransform | null {
  return transformBetween(groundProjection, to);
}

/** Metres on the ground that a map resolution (map units a screen pixel) is at a place; null without a CRS. */
export function groundResolution(
  projection: MapProjection,
  resolution: number,
  center: MapPosition,
): number | null {
  if (projection.proj4 === null || projection.units === "unknown") {
    return null;
  }
  const meters = getPointResolution(mapProjection(projection), resolution, [...center], "m");
  return Number.isFinite(meters) && meters > 0 ? meters : null;
}

const groundProjection: MapProjection = {
  code: WGS84,
  name: "WGS 84",
  proj4: "+proj=longlat +datum=WGS84 +no_defs",
  units: "degree",
};
