import Pentagon from "@lucide/svelte/icons/pentagon";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import { paintIdOf, polygonParts, type LabelTool } from "./tool.ts";

/** A click this near to the first corner, in screen pixels, closes the polygon. */
const CLOSING_DISTANCE = 8;

/** Corners by clicks; Enter, a double click or the first corner closes it. */
export const polygon: LabelTool = {
  id: "polygon",
  title: "Polygon",
  key: "P",
  icon: Pentagon,
  hint: "Click corners. Enter, double click or the first corner: close. Backspace: one back. Alt: erase.",
  options: ["class", "rules"],
  begin: (first, { labelling, mosaicId, mosaicPixelsPerScreenPixel }) => {
    if (paintIdOf(labelling, first) === null) {
      return null;
    }
    const corners: PixelPoint[] = [first.point];
    let end = first.point;
    const isAt = (one: PixelPoint | undefined, other: PixelPoint, distance: number): boolean =>
      one !== undefined &&
      Math.hypot(one[0] - other[0], one[1] - other[1]) <= distance * mosaicPixelsPerScreenPixel;
    const close = (alt: boolean): boolean => {
      const paintId = paintIdOf(labelling, { alt: alt || first.alt });
      if (paintId !== null && corners.length >= 3) {
        labelling.paint(mosaicId, "Polygon", polygonParts(paintId, corners));
      }
      return true;
    };
    let isClosing = false;
    return {
      move: ({ point }) => {
        end = point;
      },
      press: ({ point }) => {
        isClosing = corners.length >= 3 && isAt(corners[0], point, CLOSING_DISTANCE);
        if (!isClosing && !isAt(corners.at(-1), point, 2)) {
          corners.push(point);
        }
        end = point;
      },
      release: ({ alt }) => isClosing && close(alt),
      finish: ({ alt }) => close(alt),
      stepBack: () => {
        if (corners.length > 1) {
          corners.pop();
        }
      },
      cancel: () => undefined,
      get preview() {
        return [{ points: [...corners, end], closed: corners.length > 1 }];
      },
    };
  },
};
