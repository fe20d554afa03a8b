import { windowIntersection, type PixelWindow } from "../geo/pixel-window.ts";
import type { SplitShape } from "./saved-split.ts";

type Point = readonly [x: number, y: number];

/** The smallest window around a shape. */
export function shapeBounds(shape: SplitShape): PixelWindow {
  if (shape.kind === "window") {
    return shape.pixelWindow;
  }
  const xs = shape.ring.map(([x]) => x);
  const ys = shape.ring.map(([, y]) => y);
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** Whether a place lies in a shape. */
export function containsPoint(shape: SplitShape, x: number, y: number): boolean {
  if (shape.kind === "window") {
    const { pixelWindow: at } = shape;
    return x >= at.x && y >= at.y && x < at.x + at.width && y < at.y + at.height;
  }
  // A ray to the right crosses the outline an odd number of times.
  let isInside = false;
  for (const [[x1, y1], [x2, y2]] of edgesOf(shape.ring)) {
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) {
      isInside = !isInside;
    }
  }
  return isInside;
}

/** Whether a shape and a window have ground in common; sharing an edge isn't enough. */
export function touchesWindow(shape: SplitShape, pixelWindow: PixelWindow): boolean {
  if (windowIntersection(shapeBounds(shape), pixelWindow) === null) {
    return false;
  }
  if (shape.kind === "window") {
    return true;
  }
  const { x, y, width, height } = pixelWindow;
  const corners: readonly Point[] = [
    [x, y],
    [x + width, y],
    [x + width, y + height],
    [x, y + height],
  ];
  const isWithin = ([pointX, pointY]: Point): boolean =>
    pointX > x && pointY > y && pointX < x + width && pointY < y + height;
  return (
    shape.ring.some(isWithin) ||
    corners.some(([cornerX, cornerY]) => containsPoint(shape, cornerX, cornerY)) ||
    containsPoint(shape, x + width / 2, y + height / 2) ||
    edgesOf(shape.ring).some((edge) => edgesOf(corners).some((side) => cross(edge, side)))
  );
}

function edgesOf(ring: readonly Point[]): (readonly [Point, Point])[] {
  return ring.map((point, index) => [point, ring[(index + 1) % ring.length] ?? point] as const);
}

/** Whether two line segments cross in a point inside both. */
function cross([a, b]: readonly [Point, Point], [c, d]: readonly [Point, Point]): boolean {
  const side = ([px, py]: Point, [qx, qy]: Point, [rx, ry]: Point): number =>
    Math.sign((qx - px) * (ry - py) - (qy - py) * (rx - px));
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}
