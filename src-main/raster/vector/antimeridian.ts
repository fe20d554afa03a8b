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
 * The exterior runs counter-clockwise and comes first. Rings that go round a pole can't be cut so and are left as they are.
 */
export function cutAtAntimeridian(rings: readonly Ring[]): Ring[][] {
  const [first] = rings;
  if (first === undefined) {
    return [];
  }
  const continuous = rings.map((ring) => withoutJumps(ring, first[0] as number));
  const { least } = reachOf(continuous[0] as Ring);
  const turn = 360 * Math.floor((least + 180) / 360);
  const shifted = continuous.map((ring) => moved(ring, -turn));
  return [
    ...half(shifted, true),
    ...half(shifted, false).map((part) => part.map((ring) => moved(ring, -360))),
  ];
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

/** An open piece of a ring on one side, from where it comes over the meridian to where it goes. */
interface Side {
  readonly ring: Ring;
  readonly enters: number;
  readonly leaves: number;
}

/** The part of a polygon west of 180° (`west`), or east of it. */
function half(rings: readonly Ring[], west: boolean): Ring[][] {
  const inside = (longitude: number): boolean => (west ? longitude <= 180 : longitude > 180);
  const whole: Ring[] = [];
  const pieces: Side[] = [];
  for (const ring of rings) {
    const flags: boolean[] = [];
    for (let index = 0; index < ring.length - 2; index += 2) {
      flags.push(inside(ring[index] as number));
    }
    if (flags.every(Boolean)) {
      whole.push(ring);
      continue;
    }
    const count = flags.length;
    for (let start = 0; start < count; start += 1) {
      const before = (start + count - 1) % count;
      if (flags[start] !== true || flags[before] === true) {
        continue;
      }
      const enters = crossing(ring, before, start);
      const piece: Ring = [180, enters];
      let at = start;
      while (flags[at] === true) {
        piece.push(ring[at * 2] as number, ring[at * 2 + 1] as number);
        at = (at + 1) % count;
      }
      const leaves = crossing(ring, (at + count - 1) % count, at);
      piece.push(180, leaves);
      pieces.push({ ring: piece, enters, leaves });
    }
  }
  // With the inside on the left, the rim of the western half is walked north, that of the eastern half south.
  const up = west ? 1 : -1;
  const exteriors: Ring[] = [];
  const open = new Set(pieces);
  for (const start of pieces) {
    if (!open.has(start)) {
      continue;
    }
    const joined: Ring = [];
    let piece: Side | undefined = start;
    while (piece !== undefined && open.has(piece)) {
      open.delete(piece);
      joined.push(...piece.ring);
      const from: number = piece.leaves * up;
      piece = pieces
        .filter(({ enters }) => enters * up >= from)
        .sort((first, second) => (first.enters - second.enters) * up)[0];
    }
    joined.push(joined[0] as number, joined[1] as number);
    exteriors.push(joined);
  }
  const [exterior, ...holes] = rings;
  if (exterior !== undefined && whole[0] === exterior) {
    return [[exterior, ...whole.slice(1)]];
  }
  return exteriors.map((part) => [
    part,
    ...whole.filter((hole) => holes.includes(hole) && contains(part, hole)),
  ]);
}

function crossing(ring: Ring, from: number, to: number): number {
  const [x, y] = [ring[from * 2] as number, ring[from * 2 + 1] as number];
  const [nextX, nextY] = [ring[to * 2] as number, ring[to * 2 + 1] as number];
  return nextX === x ? y : y + ((nextY - y) * (180 - x)) / (nextX - x);
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
