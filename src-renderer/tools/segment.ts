import Sparkles from "@lucide/svelte/icons/sparkles";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import type { SegmentPrompt } from "#shared/labels/segments-contract.ts";
import { sampledView } from "../state/label-region.ts";
import type { LabelTool } from "./tool.ts";

/** Farther than this on screen a drag is a box, nearer a click with an unsteady hand. */
const LEAST_BOX_PIXELS = 5;

type BoxPrompt = Extract<SegmentPrompt, { kind: "box" }>;

/** Selects what a promptable model takes for one thing. */
export const segment: LabelTool = {
  id: "segment",
  title: "Segment",
  key: "Q",
  icon: Sparkles,
  hint: "Click what is meant, or drag a box around it. Alt and click: not this. Backspace: one click less. Enter: paint it.",
  options: ["class", "segments", "selection", "rules"],
  obstacle: ({ segments }) =>
    segments.model.kind === "none"
      ? "Needs a segment model first: “Model…” above takes its two ONNX files."
      : null,
  leave: ({ selection }) => {
    selection.clear();
  },
  begin: (first, { labelling, mosaicId, mosaicPixelsPerScreenPixel }) => {
    const { segments } = labelling;
    if (segments.model.kind === "none") {
      labelling.note("Point to a segment model first: “Model…” in the tool bar takes its two ONNX files.");
      return null;
    }
    const viewed = labelling.viewOf(mosaicId);
    const current = viewed === null ? null : sampledView(mosaicId, viewed, mosaicPixelsPerScreenPixel);
    const view = segments.viewFor(mosaicId, first.point, current);
    if (view === null) {
      labelling.note("Zoom in for segments: there is too much of the mosaic in view.");
      return null;
    }
    let last = first;
    const isBox = (): boolean =>
      Math.abs(last.screen[0] - first.screen[0]) > LEAST_BOX_PIXELS &&
      Math.abs(last.screen[1] - first.screen[1]) > LEAST_BOX_PIXELS;
    const box = (): BoxPrompt => ({
      kind: "box",
      left: Math.min(first.point[0], last.point[0]),
      top: Math.min(first.point[1], last.point[1]),
      right: Math.max(first.point[0], last.point[0]),
      bottom: Math.max(first.point[1], last.point[1]),
    });
    return {
      move: (pointer) => {
        last = pointer;
      },
      release: (pointer) => {
        last = pointer;
        const [x, y] = first.point;
        void labelling.attempt(() =>
          segments.add(isBox() ? box() : { kind: "point", x, y, inside: !first.alt }, view),
        );
        return true;
      },
      cancel: () => undefined,
      get preview() {
        return isBox() ? [{ points: boxCorners(box()), closed: true }] : [];
      },
    };
  },
};

/** A box as a ring, in mosaic pixels. */
export function boxCorners({ left, top, right, bottom }: BoxPrompt): PixelPoint[] {
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}
