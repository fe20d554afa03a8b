import Brush from "@lucide/svelte/icons/brush";
import Eraser from "@lucide/svelte/icons/eraser";
import type { LabelEdit, LabelShape, PixelPoint } from "#shared/labels/label-edit.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import { pickClassAt } from "./pick-class.ts";
import { type Gesture, type LabelTool, type ToolContext, type ToolPointer } from "./tool.ts";

const hint = "Drag to paint. Shift: straight line. [ ] or Ctrl+wheel: size.";

/** Paints what a tip touches. */
export const brush: LabelTool = {
  id: "brush",
  title: "Brush",
  key: "B",
  icon: Brush,
  hint: `${hint} Alt and click: take the class under the pointer.`,
  options: ["class", "tip", "rules"],
  begin: (pointer, context) => {
    if (pointer.alt) {
      void pickClassAt(pointer.point, context);
      return null;
    }
    const paintId = context.labelling.paintClass?.id;
    return paintId === undefined ? null : stroke("Brush", paintId, pointer, context);
  },
};

/** Takes labels away. */
export const eraser: LabelTool = {
  id: "eraser",
  title: "Eraser",
  key: "E",
  icon: Eraser,
  hint,
  options: ["tip", "rules"],
  begin: (pointer, context) => stroke("Eraser", UNLABELLED_ID, pointer, context),
};

/** Where the last stroke ended, so that Shift and a click draw a line from there. */
let lastEnd: { readonly mosaicId: string; readonly point: PixelPoint } | null = null;

function stroke(name: string, paintId: number, first: ToolPointer, context: ToolContext): Gesture {
  const { labelling, mosaicId, mosaicPixelsPerScreenPixel } = context;
  const { tip, size, sizeUnit } = labelling;
  const radius = (size / 2) * (sizeUnit === "screen" ? mosaicPixelsPerScreenPixel : 1);
  const paint = labelling.begin(mosaicId);
  const points: PixelPoint[] = [];
  /** Where a straight line began; what follows is drawn when Shift or the button is let go. */
  let anchor: PixelPoint | null = null;
  let end = first.point;

  const parts = (of: PixelPoint[]): LabelEdit["parts"] => {
    const shape: LabelShape = { kind: "stroke", tip, radius, points: of };
    return [{ paintId, shape }];
  };
  const add = (point: PixelPoint): void => {
    const before = points.at(-1);
    if (before !== undefined && before[0] === point[0] && before[1] === point[1]) {
      return;
    }
    points.push(point);
    paint.show(parts(points), parts(before === undefined ? [point] : [before, point]));
  };

  if (first.shift && lastEnd?.mosaicId === mosaicId) {
    add(lastEnd.point);
  }
  add(first.point);
  return {
    move: ({ point, shift }) => {
      end = point;
      if (shift) {
        anchor ??= points.at(-1) ?? point;
        return;
      }
      anchor = null;
      add(point);
    },
    release: ({ point }) => {
      add(anchor === null ? point : end);
      lastEnd = { mosaicId, point: points.at(-1) ?? point };
      paint.store(name);
      return true;
    },
    cancel: () => {
      paint.drop();
    },
    get preview() {
      return anchor === null ? [] : [{ points: [anchor, end], closed: false }];
    },
  };
}
