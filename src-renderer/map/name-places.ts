/** A side of a dot at which its name stands. */
export type NameSide = "right" | "left" | "above" | "below";

/** A dot on the map and how long its name is, in screen pixels. */
export interface NamedDot {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly nameWidth: number;
}

/** Screen pixels between a dot's middle and its name. */
export const NAME_DISTANCE = 8;

/** Screen pixels of a line of text, with room between two of them. */
const NAME_HEIGHT = 16;

const sides: readonly NameSide[] = ["right", "left", "above", "below"];

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Where the names of dots stand: each at the first side where the whole name is on the map and covers neither another
 * name nor a dot, else where it covers no name. What is crowded on all sides is missing in the answer.
 */
export function placeNames(
  dots: readonly NamedDot[],
  [width, height]: readonly [width: number, height: number],
): Map<string, NameSide> {
  const places = new Map<string, NameSide>();
  const taken: Box[] = [];
  const dotBoxes = dots.map(({ x, y }) => ({ left: x - 4, top: y - 4, right: x + 4, bottom: y + 4 }));
  const onMap = ({ left, top, right, bottom }: Box): boolean =>
    left >= 0 && top >= 0 && right <= width && bottom <= height;
  for (const dot of dots) {
    const possible = sides
      .map((side) => ({ side, box: nameBox(dot, side) }))
      .filter(({ box }) => onMap(box) && !taken.some((other) => overlap(box, other)));
    const best = possible.find(({ box }) => !dotBoxes.some((other) => overlap(box, other))) ?? possible[0];
    if (best !== undefined) {
      places.set(dot.id, best.side);
      taken.push(best.box);
    }
  }
  return places;
}

function nameBox({ x, y, nameWidth }: NamedDot, side: NameSide): Box {
  const half = NAME_HEIGHT / 2;
  switch (side) {
    case "right":
      return {
        left: x + NAME_DISTANCE,
        top: y - half,
        right: x + NAME_DISTANCE + nameWidth,
        bottom: y + half,
      };
    case "left":
      return {
        left: x - NAME_DISTANCE - nameWidth,
        top: y - half,
        right: x - NAME_DISTANCE,
        bottom: y + half,
      };
    case "above":
    case "below": {
      const middle = side === "above" ? y - NAME_DISTANCE - half : y + NAME_DISTANCE + half;
      return { left: x - nameWidth / 2, top: middle - half, right: x + nameWidth / 2, bottom: middle + half };
    }
  }
}

function overlap(first: Box, second: Box): boolean {
  return (
    first.left < second.right &&
    second.left < first.right &&
    first.top < second.bottom &&
    second.top < first.bottom
  );
}
