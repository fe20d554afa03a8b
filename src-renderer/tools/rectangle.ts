import SquareDashed from "@lucide/svelte/icons/square-dashed";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import { paintIdOf, polygonParts, type LabelTool } from "./tool.ts";

/** From corner to corner, along the mosaic's pixels; Shift makes it a square. */
export const rectangle: LabelTool = {
  id: "rectangle",
  title: "Rectangle",
  key: "R",
  icon: SquareDashed,
  hint: "Drag from corner to corner. Shift: square. Alt: erase.",
  options: ["class", "rules"],
  begin: (first, { labelling, mosaicId }) => {
    const paintId = paintIdOf(labelling, first);
    if (paintId === null) {
      return null;
    }
    const [x1, y1] = first.point;
    let ring: PixelPoint[] = [];
    return {
      move: ({ point, shift }) => {
        let [width, height] = [point[0] - x1, point[1] - y1];
        if (shift) {
          const side = Math.max(Math.abs(width), Math.abs(height));
          [width, height] = [Math.sign(width) * side, Math.sign(height) * side];
        }
        ring = [
          [x1, y1],
          [x1 + width, y1],
          [x1 + width, y1 + height],
          [x1, y1 + height],
        ];
      },
      release: () => {
        if (ring.length > 0) {
          labelling.paint(mosaicId, "Rectangle", polygonParts(paintId, ring));
        }
        return true;
      },
      cancel: () => undefined,
      get preview() {
        return ring.length === 0 ? [] : [{ points: ring, closed: true }];
      },
    };
  },
};
