import { Breather } from "../breathe.ts";
import { RingBands } from "./ring-bands.ts";
import type { PolygonRings } from "./vector-layer.ts";

/** Corners of a ring that are tried: one that is well inside says that all are. */
const triedCorners = 32;

/**
 * Rings of one record of a shapefile as polygons: by the standard exteriors run clockwise, and each hole belongs to the smallest of them round it. It takes
 * breaths, as a dissolved layer may have a million rings in one record.
 */
export async function groupRings(
  rings: readonly Float64Array[],
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<PolygonRings[]> {
  const areas = rings.map(signedArea);
  const exteriors = rings.flatMap((ring, index) =>
    (areas[index] as number) <= 0 ? [new Exterior(ring, -(areas[index] as number))] : [],
  );
  if (exteriors.length <= 1 || exteriors.length === rings.length) {
    // One polygon; or none runs the other way: writers that don't care about direction, for whom the even-odd rule tells holes.
    return rings.length === 0 ? [] : [rings];
  }
  const breather = new Breather();
  const bySize = exteriors.toSorted((first, second) => first.area - second.area);
  const boxes = Float64Array.from(bySize.flatMap(({ box }) => box));
  const strays: Exterior[] = [];
  for (const [index, ring] of rings.entries()) {
    const area = areas[index] as number;
    if (area <= 0) {
      continue;
    }
    await breather.pause();
    signal?.throwIfAborted();
    const box = boxOf(ring);
    let around: Exterior | undefined;
    for (let at = 0; at < bySize.length && around === undefined; at++) {
      if (
        boxes[at * 4]! <= box[2] &&
        boxes[at * 4 + 2]! >= box[0] &&
        boxes[at * 4 + 1]! <= box[3] &&
        boxes[at * 4 + 3]! >= box[1] &&
        bySize[at]!.isAround(ring)
      ) {
        around = bySize[at];
      }
    }
    for (const stray of strays) {
      if (stray.area < (around?.area ?? Infinity) && stray.isAround(ring)) {
        around = stray;
      }
    }
    if (around === undefined) {
      strays.push(new Exterior(ring, area));
    } else {
      around.rings.push(ring);
    }
  }
  return [...exteriors, ...strays].map((exterior) => exterior.rings);
}

type Box = readonly [left: number, bottom: number, right: number, top: number];

/** A ring and the holes that were found in it. */
class Exterior {
  readonly rings: Float64Array[];
  readonly area: number;
  readonly box: Box;
  #bands: RingBands | null = null;

  constructor(ring: Float64Array, area: number) {
    this.rings = [ring];
    this.area = area;
    this.box = boxOf(ring);
  }

  /** Whether a ring lies inside this one, which it may touch. */
  isAround(ring: Float64Array): boolean {
    const [left, bottom, right, top] = this.box;
    for (let at = 0; at + 1 < ring.length && at < triedCorners * 2; at += 2) {
      const [x, y] = [ring[at] as number, ring[at + 1] as number];
      if (x >= left && x <= right && y >= bottom && y <= top) {
        this.#bands ??= new RingBands(this.rings[0]!, [bottom, top]);
        if (this.#bands.contains(x, y)) {
          return true;
        }
      }
    }
    return false;
  }
}

function boxOf(ring: Float64Array): Box {
  let [left, bottom, right, top] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at + 1 < ring.length; at += 2) {
    const [x, y] = [ring[at]!, ring[at + 1]!];
    left = x < left ? x : left;
    right = x > right ? x : right;
    bottom = y < bottom ? y : bottom;
    top = y > top ? y : top;
  }
  return [left, bottom, right, top];
}

/** Above 0 for a ring that runs counter-clockwise. */
function signedArea(ring: Float64Array): number {
  let sum = 0;
  const [x0 = 0, y0 = 0] = ring;
  for (let at = 0; at + 3 < ring.length; at += 2) {
    const x = (ring[at] as number) - x0;
    const y = (ring[at + 1] as number) - y0;
    sum += x * ((ring[at + 3] as number) - y0) - ((ring[at + 2] as number) - x0) * y;
  }
  return sum / 2;
}
