import type { Ring } from "./antimeridian.ts";

/**
 * Rings that touch themselves or each other, as a valid polygon has them: none comes back to a corner, and where several meet in a
 * corner, each bounds one piece of the inside.
 *
 * All rings are closed and have the inside on their left, so exteriors come out counter-clockwise and holes clockwise. Where nothing touches,
 * the rings are returned as they are.
 */
export function withoutTouching(rings: readonly Ring[]): Ring[] {
  const visits = new Map<string, Corner[]>();
  for (const ring of rings) {
    for (let index = 0; index + 3 < ring.length; index += 2) {
      const place = placeAt(ring, index);
      const there = visits.get(place);
      if (there === undefined) {
        visits.set(place, [{ ring, index }]);
      } else {
        there.push({ ring, index });
      }
    }
  }
  if ([...visits.values()].every(({ length }) => length === 1)) {
    return [...rings];
  }
  const goesOn = new Map<Ring, Map<number, Corner>>(rings.map((ring) => [ring, new Map()]));
  for (const corners of visits.values()) {
    for (const arriving of corners.length > 1 ? corners : []) {
      goesOn.get(arriving.ring)?.set(arriving.index, sharpestLeft(arriving, corners));
    }
  }
  return walked(rings, goesOn).flatMap(simpleRings);
}

/** A corner of a ring, by the index of its longitude. */
interface Corner {
  readonly ring: Ring;
  readonly index: number;
}

function placeAt(ring: Ring, index: number): string {
  return `${String(ring[index])} ${String(ring[index + 1])}`;
}

/** Of all edges that leave a place, the one that bounds the same wedge of the inside as the edge that arrives. */
function sharpestLeft({ ring, index }: Corner, leaving: readonly Corner[]): Corner {
  const before = index === 0 ? ring.length - 4 : index - 2;
  const back = direction(ring, index, before);
  const clockwise = (corner: Corner): number => {
    const turned = back - direction(corner.ring, corner.index, corner.index + 2);
    return turned <= 0 ? turned + 2 * Math.PI : turned;
  };
  return leaving.reduce((best, corner) => (clockwise(corner) < clockwise(best) ? corner : best));
}

function direction(ring: Ring, from: number, to: number): number {
  return Math.atan2(
    (ring[to + 1] as number) - (ring[from + 1] as number),
    (ring[to] as number) - (ring[from] as number),
  );
}

/** All rings anew, each corner followed by the one it leads to. */
function walked(rings: readonly Ring[], goesOn: ReadonlyMap<Ring, ReadonlyMap<number, Corner>>): Ring[] {
  const walks: Ring[] = [];
  const passed = new Map(rings.map((ring) => [ring, new Uint8Array(ring.length)]));
  for (const first of rings) {
    for (let start = 0; start + 3 < first.length; start += 2) {
      const walk: Ring = [];
      let corner: Corner = { ring: first, index: start };
      while (passed.get(corner.ring)?.[corner.index] === 0) {
        const { ring, index } = corner;
        (passed.get(ring) as Uint8Array)[index] = 1;
        walk.push(ring[index] as number, ring[index + 1] as number);
        const next = index + 5 < ring.length ? index + 2 : 0;
        corner = goesOn.get(ring)?.get(next) ?? { ring, index: next };
      }
      if (walk.length > 0) {
        walks.push([...walk, walk[0] as number, walk[1] as number]);
      }
    }
  }
  return walks;
}

/** A closed walk that comes back to a corner is several rings, which touch there. */
function simpleRings(walk: Ring): Ring[] {
  const found: Ring[] = [];
  const way: Ring = [];
  const seen = new Map<string, number>();
  const close = (from: number): void => {
    const ring = way.splice(from);
    for (let index = 0; index < ring.length; index += 2) {
      seen.delete(placeAt(ring, index));
    }
    // Out and back along one edge encloses nothing.
    if (ring.length >= 6) {
      found.push([...ring, ring[0] as number, ring[1] as number]);
    }
  };
  for (let index = 0; index + 3 < walk.length; index += 2) {
    const before = seen.get(placeAt(walk, index));
    if (before !== undefined) {
      close(before);
    }
    seen.set(placeAt(walk, index), way.length);
    way.push(walk[index] as number, walk[index + 1] as number);
  }
  close(0);
  return found;
}
