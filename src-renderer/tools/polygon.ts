import Pentagon from "@lucide/svelte/icons/pentagon";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import { EdgeSnapping } from "./edge-snapping.ts";
import { paintShape } from "./paint-shape.ts";
import { paintIdOf, type LabelTool } from "./tool.ts";

/** A click this near to the first corner, in screen pixels, closes the ring. */
const CLOSING_DISTANCE = 8;

/** Corners by clicks; Enter, a double click or the first corner closes it, with Shift to go on with a hole. */
export const polygon: LabelTool = {
  id: "polygon",
  title: "Polygon",
  key: "P",
  icon: Pentagon,
  hint: "Click corners. Enter, double click or the first corner: close; with Shift: go on with a hole. Backspace: one back. Alt: take away.",
  options: ["class", "shape", "snapping", "rules"],
  begin: (first, context) => {
    const { labelling, mosaicId, mosaicPixelsPerScreenPixel } = context;
    if (paintIdOf(labelling, first) === null) {
      return null;
    }
    const snapping = new EdgeSnapping(context);
    /** Rings that are closed, the outer one first. */
    const rings: PixelPoint[][] = [];
    let corners: PixelPoint[] = [snapping.snapped(first.point)];
    let end = first.point;
    let isClosing = false;
    const isAt = (one: PixelPoint | undefined, other: PixelPoint, distance: number): boolean =>
      one !== undefined &&
      Math.hypot(one[0] - other[0], one[1] - other[1]) <= distance * mosaicPixelsPerScreenPixel;
    const close = ({ alt, shift }: { readonly alt: boolean; readonly shift: boolean }): boolean => {
      if (corners.length >= 3) {
        rings.push(corners);
      }
      corners = [];
      isClosing = false;
      if (shift && rings.length > 0) {
        return false;
      }
      paintShape(labelling, mosaicId, "Polygon", rings, { erase: alt || first.alt });
      return true;
    };
    return {
      move: ({ point }) => {
        end = snapping.snapped(point);
      },
      press: ({ point }) => {
        const corner = snapping.snapped(point);
        isClosing = corners.length >= 3 && isAt(corners[0], point, CLOSING_DISTANCE);
        if (!isClosing && !isAt(corners.at(-1), corner, 2)) {
          corners.push(corner);
        }
        end = corner;
      },
      release: (pointer) => isClosing && close(pointer),
      finish: close,
      stepBack: () => {
        if (corners.length > 1) {
          corners.pop();
        } else if (rings.length > 0) {
          corners = rings.pop() ?? [];
        }
      },
      cancel: () => undefined,
      get preview() {
        const open = corners.length === 0 ? [] : [{ points: [...corners, end], closed: corners.length > 1 }];
        return [...rings.map((points) => ({ points, closed: true })), ...open];
      },
    };
  },
};
