import { windowIntersection, type PixelWindow } from "../geo/pixel-window.ts";
import type { GroundSplit, SplitPart, SplitShape } from "./saved-split.ts";
import { shapeBounds } from "./split-shapes.ts";

/** Which pixels of one mosaic belong to a part: 1 at those whose centre does, row-major over the window asked for. */
export function partMask(
  { areas, rest }: Pick<GroundSplit, "areas" | "rest">,
  mosaicId: string,
  part: SplitPart,
): (pixelWindow: PixelWindow) => Uint8Array {
  const own = areas
    .filter((area) => area.mosaicId === mosaicId)
    .map((area) => ({ ...area, bounds: shapeBounds(area.shape) }));
  return (pixelWindow) => {
    const mask = new Uint8Array(pixelWindow.width * pixelWindow.height).fill(rest === part ? 1 : 0);
    for (const { shape, bounds, part: areaPart } of own) {
      if (windowIntersection(bounds, pixelWindow) !== null) {
        fillShape(mask, pixelWindow, { shape, bounds }, areaPart === part ? 1 : 0);
      }
    }
    return mask;
  };
}

function fillShape(
  mask: Uint8Array,
  window: PixelWindow,
  { shape, bounds }: { readonly shape: SplitShape; readonly bounds: PixelWindow },
  value: number,
): void {
  const top = Math.max(window.y, Math.floor(bounds.y));
  const bottom = Math.min(window.y + window.height, Math.ceil(bounds.y + bounds.height));
  for (let y = top; y < bottom; y++) {
    const crossings =
      shape.kind === "window" ? [bounds.x, bounds.x + bounds.width] : crossingsAt(shape.ring, y + 0.5);
    for (let at = 0; at + 1 < crossings.length; at += 2) {
      // A pixel's centre is half a pixel from its edge.
      const from = Math.max(window.x, Math.ceil(crossings[at]! - 0.5));
      const to = Math.min(window.x + window.width, Math.ceil(crossings[at + 1]! - 0.5));
      if (to > from) {
        const row = (y - window.y) * window.width - window.x;
        mask.fill(value, row + from, row + to);
      }
    }
  }
}

/** Where a horizontal line crosses a ring, from left to right. */
function crossingsAt(ring: readonly (readonly [number, number])[], y: number): number[] {
  const found: number[] = [];
  for (const [index, [x1, y1]] of ring.entries()) {
    const [x2, y2] = ring[(index + 1) % ring.length] ?? [x1, y1];
    if (y1 > y !== y2 > y) {
      found.push(x1 + ((x2 - x1) * (y - y1)) / (y2 - y1));
    }
  }
  return found.sort((first, second) => first - second);
}
