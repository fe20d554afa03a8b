import Lasso from "@lucide/svelte/icons/lasso";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import { paintShape } from "./paint-shape.ts";
import { paintIdOf, type LabelTool } from "./tool.ts";

/** An outline drawn by hand, filled when the button is let go. */
export const lasso: LabelTool = {
  id: "lasso",
  title: "Lasso",
  key: "L",
  icon: Lasso,
  hint: "Drag around an area. Alt: take away.",
  options: ["class", "shape", "rules"],
  begin: (first, { labelling, mosaicId }) => {
    if (paintIdOf(labelling, first) === null) {
      return null;
    }
    const ring: PixelPoint[] = [first.point];
    return {
      move: ({ point }) => {
        ring.push(point);
      },
      release: () => {
        paintShape(labelling, mosaicId, "Lasso", [ring], { erase: first.alt });
        return true;
      },
      cancel: () => undefined,
      get preview() {
        return [{ points: [...ring], closed: true }];
      },
    };
  },
};
