import { withoutTouching } from "./touching-rings.ts";

/** longitude, latitude, longitude, latitude …, in degrees; the first position stands again at the end. */
export type Ring = number[];

/**
 * By how many degrees longitudes have to be moved, whole turns, so that a polygon of this exterior lies within ±180; null where it
 * crosses 180° and has to be cut.
 */
export function turnOf(exterior: Ring): number | null {
  const { least, most } = reachOf(withoutJumps(exterior, exterior[0] as number));
  const turn = 360 * Math.floor((least + 180) / 360);
  return most - turn <= 180 ? -turn : null;
}

/** The rings of a polygon that need not be cut, one after another, with longitudes that run on from the exterior's, moved by `turn`. */
export function* besideFirst(exterior: Ring, holes: Iterable<Ring>, turn: number): Generator<Ring> {
  const near = exterior[0] as number;
  yield moved(withoutJumps(exterior, near), turn);
  for (const hole of holes) {
    yield moved(withoutJumps(hole, near), turn);
  }
}

/**
 * Cuts a polygon where it crosses 180° (RFC 7946, section 3.1.9): a list of polygons whose longitudes lie within ±180.
 *
 * The exterior runs counter-clockwise and comes first, holes run clockwise. Rings that go round a pole can't be cut so and are left as they are.
 */
export function cutAtAntimeridian(rings: readonly Ring[]): Ring[][] {
  const [first] = rings;
  if (first === undefined) {
    return [];
  }
  const continuous = rings.map((ring) => withoutJumps(ring, first[0] as number));
  if (continuous.some((ring) => Math.abs((ring.at(-2) as number) - (ring[0] as number)) > 180)) {
    return [[...rings]];
  }
  const { least } = reachOf(continuous[0] as Ring);
  const turn = 360 * Math.floor((least + 180) / 360);
  const split = continuous.map((ring) => withCrossings(onMeridian(moved(ring, -turn))));
  return [...half(split, true), ...half(split, false).map((part) => part.map((ring) => moved(ring, -360)))];
}

/** The westernmost and the easternmost longitude of a ring. */
function reachOf(ring: Ring): { readonly least: number; readonly most: number } {
  let least = Infinity;
  let most = -Infinity;
  for (let index = 0; index < ring.length; index += 2) {
    const longitude = ring[index] as number;
    least = Math.min(least, longitude);
    most = Math.max(most, longitude);
  }
  return { least, most };
}

function moved(ring: Ring, by: number): Ring {
  return by === 0 ? ring : ring.map((value, index) => (index % 2 === 0 ? value + by : value));
}

/** Longitudes that go on over 180° instead of jumping to -180°. */
function withoutJumps(ring: Ring, near: number): Ring {
  let before = near;
  return ring.map((value, index) => {
    if (index % 2 === 1) {
      return value;
    }
    before = value - 360 * Math.round((value - before) / 360);
    return before;
  });
}

/** Corners that stand on 180° but for what their computation rounded: exactly there. */
function onMeridian(ring: Ring): Ring {
  return ring.map((value, index) => (index % 2 === 0 && Math.abs(value - 180) < 1e-9 ? 180 : value));
}

/** A ring with a corner wherever it crosses 180°: each of its edges lies on one side or along the meridian. */
function withCrossings(ring: Ring): Ring {
  const all: Ring = [];
  for (let index = 0; index < ring.length; index += 2) {
    const [x, y] = [ring[index] as number, ring[index + 1] as number];
    const [beforeX, beforeY] = [ring[index - 2] ?? x, ring[index - 1] ?? y];
    if ((beforeX - 180) * (x - 180) < 0) {
      // From the west eastward whichever way the edge is walked, so that neighbours cross at the same latitude.
      const [westX, westY, eastX, eastY] = beforeX < x ? [beforeX, beforeY, x, y] : [x, y, beforeX, beforeY];
      all.push(180, westY + ((eastY - westY) * (180 - westX)) / (eastX - westX));
    }
    all.push(x, y);
  }
  return all;
}

/** A piece of a ring that lies on one side and has only its two ends on the meridian, from where it comes to where it goes. */
interface Piece {
  readonly ring: Ring;
  readonly enters: RimPlace;
  readonly leaves: RimPlace;
}

/** Where a piece meets the meridian, as it is met on the way along the rim: first by how far, then by how steeply the piece goes on. */
type RimPlace = readonly [along: number, slope: number];

function compare(first: RimPlace, second: RimPlace): number {
  return first[0] - second[0] || first[1] - second[1];
}

/** The part of a polygon west of 180° (`west`), or east of it. Edges along the meridian are dropped: walking the rim makes them anew. */
function half(rings: readonly Ring[], west: boolean): Ring[][] {
  const whole: Ring[] = [];
  const pieces: Piece[] = [];
  for (const ring of rings) {
    const found = piecesOf(ring, west);
    if (found === "whole") {
      whole.push(ring);
    } else {
      pieces.push(...found);
    }
  }
  const loops = withoutTouching([...whole, ...joinedAlongRim(pieces)]);
  const exteriors = loops.filter((loop) => twiceArea(loop) > 0);
  const holes = loops.filter((loop) => twiceArea(loop) < 0);
  return exteriors.map((part) => [
    part,
    ...holes.filter((hole) => exteriors.length === 1 || contains(part, hole)),
  ]);
}

/** The pieces of a ring on one side of 180°, or that all of it lies there without touching the meridian. */
function piecesOf(ring: Ring, west: boolean): Piece[] | "whole" {
  const inside = (longitude: number): boolean => (west ? longitude < 180 : longitude > 180);
  // With the inside on the left, the rim of the western half is walked north, that of the eastern half south.
  const up = west ? 1 : -1;
  const count = ring.length / 2 - 1;
  const x = (at: number): number => ring[(at % count) * 2] as number;
  const y = (at: number): number => ring[(at % count) * 2 + 1] as number;
  const place = (at: number, next: number): RimPlace => [
    y(at) * up,
    ((y(next) - y(at)) * up) / Math.abs(x(next) - x(at)),
  ];
  const pieces: Piece[] = [];
  let isWhole = true;
  for (let start = 0; start < count; start += 1) {
    isWhole &&= inside(x(start));
    if (inside(x(start)) || !inside(x(start + 1))) {
      continue;
    }
    const piece: Ring = [x(start), y(start)];
    let at = start + 1;
    for (; inside(x(at)); at += 1) {
      piece.push(x(at), y(at));
    }
    piece.push(x(at), y(at));
    pieces.push({ ring: piece, enters: place(start, start + 1), leaves: place(at, at - 1) });
  }
  return isWhole ? "whole" : pieces;
}

/** Closes pieces: where one ends, the rim leads to the next that begins. */
function joinedAlongRim(pieces: readonly Piece[]): Ring[] {
  const inOrder = [...pieces].sort((first, second) => compare(first.enters, second.enters));
  const open = new Set(inOrder);
  const loops: Ring[] = [];
  for (const start of inOrder) {
    const loop: Ring = [];
    let piece: Piece | undefined = start;
    while (piece !== undefined && open.delete(piece)) {
      loop.push(...startingAfter(loop, piece.ring));
      piece = firstBeyond(inOrder, piece.leaves);
    }
    if (loop.length > 0) {
      const isClosed = loop.at(-2) === loop[0] && loop.at(-1) === loop[1];
      loops.push(isClosed ? loop : [...loop, loop[0] as number, loop[1] as number]);
    }
  }
  return loops;
}

/** A piece without its first corner where it begins in the corner in which the way so far ended. */
function startingAfter(way: Ring, piece: Ring): Ring {
  return way.at(-2) === piece[0] && way.at(-1) === piece[1] ? piece.slice(2) : piece;
}

/** Of pieces in the order in which they enter, the first that does so beyond a place. */
function firstBeyond(inOrder: readonly Piece[], place: RimPlace): Piece | undefined {
  let [low, high] = [0, inOrder.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare((inOrder[middle] as Piece).enters, place) > 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return inOrder[low];
}

/** Twice the area of a closed ring in square degrees, negative where it runs clockwise; measured from its first corner. */
function twiceArea(ring: Ring): number {
  const [originX, originY] = [ring[0] as number, ring[1] as number];
  let sum = 0;
  for (let index = 0; index + 3 < ring.length; index += 2) {
    const [x, y] = [(ring[index] as number) - originX, (ring[index + 1] as number) - originY];
    const [nextX, nextY] = [(ring[index + 2] as number) - originX, (ring[index + 3] as number) - originY];
    sum += x * nextY - nextX * y;
  }
  return sum;
}

/** Whether a ring's first edge lies inside another ring. */
function contains(exterior: Ring, hole: Ring): boolean {
  const x = ((hole[0] as number) + (hole[2] as number)) / 2;
  const y = ((hole[1] as number) + (hole[3] as number)) / 2;
  let isInside = false;
  for (let index = 0; index + 3 < exterior.length; index += 2) {
    const [fromX, fromY, toX, toY] = exterior.slice(index, index + 4) as [number, number, number, number];
    if (fromY > y !== toY > y && x < fromX + ((toX - fromX) * (y - fromY)) / (toY - fromY)) {
      isInside = !isInside;
    }
  }
  return isInside;
}
