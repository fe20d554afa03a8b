import SquareDashed from "@lucide/svelte/icons/square-dashed";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import { paintShape } from "./paint-shape.ts";
import { paintIdOf, type LabelTool } from "./tool.ts";

/** From corner to corner, along the mosaic's pixels; Shift makes it a square. */
export const rectangle: LabelTool = {
  id: "rectangle",
  title: "Rectangle",
  key: "R",
  icon: SquareDashed,
  hint: "Drag from corner to corner. Shift: square. Alt: take away.",
  options: ["class", "shape", "rules"],
  begin: (first, { labelling, mosaicId }) => {
    if (paintIdOf(labelling, first) === null) {
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
        paintShape(labelling, mosaicId, "Rectangle", [ring], { erase: first.alt });
        return true;
      },
      cancel: () => undefined,
      get preview() {
        return ring.length === 0 ? [] : [{ points: ring, closed: true }];
      },
    };
  },
};
