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
  const widest = (size / 2) * (sizeUnit === "screen" ? mosaicPixelsPerScreenPixel : 1);
  const paint = labelling.begin(mosaicId);
  /** Stretches of the path that are of one radius each; a stroke of constant radius is one. */
  const stretches: { readonly radius: number; readonly points: PixelPoint[] }[] = [];
  /** Where a straight line began; what follows is drawn when Shift or the button is let go. */
  let anchor: PixelPoint | null = null;
  let end = first;

  const part = (radius: number, points: PixelPoint[]): LabelEdit["parts"][number] => {
    const shape: LabelShape = { kind: "stroke", tip, radius, points };
    return { paintId, shape };
  };
  const lastPoint = (): PixelPoint | undefined => stretches.at(-1)?.points.at(-1);
  const add = (point: PixelPoint, pressure: number | null): void => {
    const before = lastPoint();
    const isSame = before !== undefined && before[0] === point[0] && before[1] === point[1];
    if (isSame) {
      return;
    }
    const radius = labelling.followsPressure ? radiusOf(pressure, widest) : widest;
    const stretch = stretches.at(-1);
    if (stretch !== undefined && (stretch.radius === radius || stretches.length === MOST_STRETCHES)) {
      stretch.points.push(point);
    } else {
      // It begins where the last one ended, so that there is no gap.
      stretches.push({ radius, points: before === undefined ? [point] : [before, point] });
    }
    const current = stretches.at(-1)?.radius ?? radius;
    const parts = stretches.map(({ radius: each, points }) => part(each, points));
    paint.show(parts, [part(current, before === undefined ? [point] : [before, point])]);
  };

  if (first.shift && lastEnd?.mosaicId === mosaicId) {
    add(lastEnd.point, first.pressure);
  }
  add(first.point, first.pressure);
  return {
    move: (pointer) => {
      end = pointer;
      if (pointer.shift) {
        anchor ??= lastPoint() ?? pointer.point;
        return;
      }
      anchor = null;
      add(pointer.point, pointer.pressure);
    },
    release: (pointer) => {
      // A pen that is lifted is pressed no more: its last stretch stays as wide as it was.
      const { point, pressure } = anchor === null ? { ...pointer, pressure: end.pressure } : end;
      add(point, pressure);
      lastEnd = { mosaicId, point: lastPoint() ?? point };
      paint.store(name);
      return true;
    },
    cancel: () => {
      paint.drop();
    },
    get preview() {
      return anchor === null ? [] : [{ points: [anchor, end.point], closed: false }];
    },
  };
}

/** Pens tell of hundreds of pressures: so many widths look smooth, and neighbours of one width are one stretch. */
const WIDTHS = 16;
/** An edit has no more parts than this (`labelEditSchema`); beyond it the last width stays. */
const MOST_STRETCHES = 256;

/** The radius for a pressure; the widest for a pointer that has none. */
function radiusOf(pressure: number | null, widest: number): number {
  return pressure === null ? widest : (widest * Math.max(1, Math.round(pressure * WIDTHS))) / WIDTHS;
}
