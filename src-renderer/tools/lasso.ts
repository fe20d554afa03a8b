import Lasso from "@lucide/svelte/icons/lasso";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import { paintIdOf, polygonParts, type LabelTool } from "./tool.ts";

/** An outline drawn by hand, filled when the button is let go. */
export const lasso: LabelTool = {
  id: "lasso",
  title: "Lasso",
  key: "L",
  icon: Lasso,
  hint: "Drag around an area. Alt: erase.",
  options: ["class", "rules"],
  begin: (first, { labelling, mosaicId }) => {
    const paintId = paintIdOf(labelling, first);
    if (paintId === null) {
      return null;
    }
    const ring: PixelPoint[] = [first.point];
    return {
      move: ({ point }) => {
        ring.push(point);
      },
      release: () => {
        const parts = polygonParts(paintId, ring);
        if (parts.length > 0) {
          labelling.paint(mosaicId, "Lasso", parts);
        }
        return true;
      },
      cancel: () => undefined,
      get preview() {
        return [{ points: [...ring], closed: true }];
      },
    };
  },
};
