import {
  mapToPixel,
  pixelGeotransform,
  pixelToMap,
  type Geotransform,
  type MapPosition,
} from "#shared/geo/affine.ts";
import { crsLabel, sameCrs, type Crs } from "#shared/geo/crs.ts";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import type { ReadyMosaic } from "#shared/project/mosaic.ts";
import { transformer, type PolygonRings } from "../../raster/index.ts";

/** How far, in pixels, a carried edge may be from the straight line that is drawn instead. */
const bendPixels = 0.1;
/** Halvings of an edge: a thousand pieces are enough for an edge across a continent. */
const mostHalvings = 10;

type Carry = (position: MapPosition) => MapPosition | null;

/** A box on the map. */
type Box = readonly [minX: number, minY: number, maxX: number, maxY: number];

interface PlacedMosaic {
  readonly mosaicId: string;
  readonly geotransform: Geotransform;
  /** Round all of it, in its CRS. */
  readonly box: Box;
}

/** Mosaics of one coordinate system, and the way there from the layer's. */
interface Reached {
  /** Null where both systems are one: then edges stay straight. */
  readonly carry: Carry | null;
  readonly mosaics: readonly PlacedMosaic[];
}

/** A feature's polygons on one mosaic, in its pixels. */
export interface PolygonsOnMosaic {
  readonly mosaicId: string;
  readonly polygons: readonly (readonly (readonly PixelPoint[])[])[];
}

/**
 * Carries polygons of a layer to the pixels of mosaics, each with a grid and a coordinate system of its own.
 *
 * Corners are carried exactly; an edge that bends on the way gets more corners, the same from both of its ends, so that neighbours keep sharing it.
 */
export class PolygonPlacer {
  readonly #reached: readonly Reached[];
  /** Why some mosaics can't be reached, in a sentence; null where all can. */
  readonly obstacle: string | null;

  constructor(layerCrs: Crs, mosaics: readonly ReadyMosaic[]) {
    const reached: { readonly crs: Crs; readonly carry: Carry | null; readonly mosaics: PlacedMosaic[] }[] =
      [];
    const missed: ReadyMosaic[] = [];
    for (const mosaic of mosaics) {
      const { crs } = mosaic.image;
      const known = reached.find((group) => sameCrs(group.crs, crs));
      if (known !== undefined) {
        known.mosaics.push(placed(mosaic));
        continue;
      }
      // Two systems that are unknown may be different ones.
      const isSame = sameCrs(layerCrs, crs) && layerCrs.kind !== "unknown";
      const found = isSame ? null : transformer(layerCrs, crs);
      if (!isSame && found === null) {
        missed.push(mosaic);
        continue;
      }
      reached.push({
        crs,
        carry: found === null ? null : (position) => found.forward(position),
        mosaics: [placed(mosaic)],
      });
    }
    this.#reached = reached;
    const [first] = missed;
    this.obstacle =
      first === undefined
        ? null
        : `The polygons can't be placed on ${missed.length === 1 ? first.name : `${missed.length} mosaics`}: their coordinate system is ${crsLabel(layerCrs)}, that of ${first.name} is ${crsLabel(first.image.crs)}.`;
  }

  /** Whether there is a mosaic to place anything on. */
  get isUsable(): boolean {
    return this.#reached.length > 0;
  }

  /** Mosaics that a feature's box meets, quickly; null where it has no place in any system. */
  meets(polygons: readonly PolygonRings[]): string[] | null {
    const met: string[] = [];
    let isPlaced = false;
    for (const { carry, mosaics } of this.#reached) {
      const box = carriedBox(polygons, carry);
      isPlaced ||= box !== null;
      met.push(
        ...mosaics
          .filter((mosaic) => box !== null && overlaps(box, mosaic.box))
          .map(({ mosaicId }) => mosaicId),
      );
    }
    return isPlaced ? met : null;
  }

  /** A feature's polygons on each mosaic that they may meet; null where they have no place in any system. */
  place(polygons: readonly PolygonRings[]): PolygonsOnMosaic[] | null {
    const found: PolygonsOnMosaic[] = [];
    let isPlaced = false;
    for (const { carry, mosaics } of this.#reached) {
      const box = carriedBox(polygons, carry);
      if (box === null) {
        continue;
      }
      isPlaced = true;
      for (const { mosaicId, geotransform, box: ground } of mosaics) {
        if (overlaps(box, ground)) {
          found.push({
            mosaicId,
            polygons: polygons.map((rings) => rings.map((ring) => pixelRing(ring, carry, geotransform))),
          });
        }
      }
    }
    return isPlaced ? found : null;
  }
}

function placed({ id, image }: ReadyMosaic): PlacedMosaic {
  const geotransform = image.geotransform ?? pixelGeotransform;
  const corners = [
    pixelToMap(geotransform, [0, 0]),
    pixelToMap(geotransform, [image.width, 0]),
    pixelToMap(geotransform, [0, image.height]),
    pixelToMap(geotransform, [image.width, image.height]),
  ];
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  return {
    mosaicId: id,
    geotransform,
    box: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)],
  };
}

/** The box of all corners where they are carried to; null where one of them has no place there. */
function carriedBox(polygons: readonly PolygonRings[], carry: Carry | null): Box | null {
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of polygons.flat()) {
    for (let at = 0; at + 1 < ring.length; at += 2) {
      const position = [ring[at] as number, ring[at + 1] as number] as const;
      const carried = carry === null ? position : carry(position);
      if (carried === null || !Number.isFinite(carried[0] + carried[1])) {
        return null;
      }
      minX = Math.min(minX, carried[0]);
      maxX = Math.max(maxX, carried[0]);
      minY = Math.min(minY, carried[1]);
      maxY = Math.max(maxY, carried[1]);
    }
  }
  // Edges that bend may reach over their corners' box.
  const margin = carry === null ? 0 : Math.max(maxX - minX, maxY - minY) * 0.1;
  return [minX - margin, minY - margin, maxX + margin, maxY + margin];
}

function overlaps(first: Box, second: Box): boolean {
  return first[0] <= second[2] && second[0] <= first[2] && first[1] <= second[3] && second[1] <= first[3];
}

function pixelRing(ring: Float64Array, carry: Carry | null, geotransform: Geotransform): PixelPoint[] {
  const toPixel = (x: number, y: number): PixelPoint | null => {
    const carried = carry === null ? ([x, y] as const) : carry([x, y]);
    if (carried === null) {
      return null;
    }
    const [column, row] = mapToPixel(geotransform, carried);
    return [column, row];
  };
  const points: PixelPoint[] = [];
  let before: { readonly x: number; readonly y: number; readonly point: PixelPoint } | null = null;
  const length = ring.length / 2;
  const isClosed = length > 1 && ring[0] === ring[ring.length - 2] && ring[1] === ring[ring.length - 1];
  // An open ring's last edge bends as the others do.
  const corners = isClosed || carry === null ? length : length + 1;
  for (let corner = 0; corner < corners; corner++) {
    const at = (corner % length) * 2;
    const [x, y] = [ring[at] as number, ring[at + 1] as number];
    const point = toPixel(x, y);
    if (point === null) {
      continue;
    }
    if (before !== null && carry !== null) {
      bend([before.x, before.y], before.point, [x, y], point, toPixel, points, 0);
    }
    points.push(point);
    before = { x, y, point };
  }
  return points;
}

/** Adds corners between two positions where the carried line is off the straight one. */
function bend(
  from: MapPosition,
  fromPoint: PixelPoint,
  to: MapPosition,
  toPoint: PixelPoint,
  toPixel: (x: number, y: number) => PixelPoint | null,
  points: PixelPoint[],
  halvings: number,
): void {
  const middle: MapPosition = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  const point = halvings === mostHalvings ? null : toPixel(...middle);
  if (
    point === null ||
    Math.hypot(point[0] - (fromPoint[0] + toPoint[0]) / 2, point[1] - (fromPoint[1] + toPoint[1]) / 2) <=
      bendPixels
  ) {
    return;
  }
  bend(from, fromPoint, middle, point, toPixel, points, halvings + 1);
  points.push(point);
  bend(middle, point, to, toPoint, toPixel, points, halvings + 1);
}
