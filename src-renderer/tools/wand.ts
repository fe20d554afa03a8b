import WandSparkles from "@lucide/svelte/icons/wand-sparkles";
import { colorAt, colorMembers } from "#shared/labels/color-members.ts";
import { floodFill } from "#shared/labels/flood.ts";
import { smoothMask } from "#shared/labels/mask-shaping.ts";
import {
  isSameWindow,
  sampleAt,
  sampledView,
  type LabelSelection,
  type SampledWindow,
} from "../state/label-region.ts";
import type { SelectionMode } from "../state/label-selection.svelte.ts";
import type { Labelling } from "../state/labelling.svelte.ts";
import type { LabelTool, ToolContext, ToolPointer } from "./tool.ts";

/** A screen pixel to the right adds this much tolerance while dragging. */
const TOLERANCE_A_PIXEL = 0.25;

/** The view as it was looked at last: a click, a drag and the tool bar's slider work on the same samples. */
let lookedAt: { readonly view: SampledWindow; readonly rgba: Promise<Uint8Array> } | null = null;

/** Selects what is connected and of like colour; dragging widens it. */
export const wand: LabelTool = {
  id: "wand",
  title: "Wand",
  key: "W",
  icon: WandSparkles,
  hint: "Click a colour, drag right for more. Shift: add. Alt: take away. Enter: paint the selection. Del: erase it.",
  options: ["class", "wand", "selection", "rules"],
  leave: ({ selection }) => {
    selection.clear();
    lookedAt = null;
  },
  begin: (first, context) => {
    const { labelling } = context;
    const view = viewOf(context);
    if (view === null) {
      labelling.note("Zoom in to select by colour: there is too much of the mosaic in view.");
      return null;
    }
    const mode: SelectionMode = first.alt ? "subtract" : first.shift ? "add" : labelling.selection.mode;
    const before = labelling.selection.current;
    const base = labelling.tolerance;
    let turn = 0;
    let isOver = false;
    const look = async (pointer: ToolPointer, signal: AbortSignal): Promise<void> => {
      turn += 1;
      const mine = turn;
      const rgba = await samplesOf(view, labelling);
      // Only the newest place counts, and none after Escape.
      if (mine === turn && !isOver && !signal.aborted) {
        labelling.tolerance = base + (pointer.screen[0] - first.screen[0]) * TOLERANCE_A_PIXEL;
        labelling.selection.choose(before, selected(view, rgba, first, labelling), mode);
        labelling.selection.again = () => {
          labelling.selection.choose(before, selected(view, rgba, first, labelling), mode);
        };
      }
    };
    void labelling.attemptUntilStopped((signal) => look(first, signal));
    return {
      move: (pointer) => {
        void labelling.attemptUntilStopped((signal) => look(pointer, signal));
      },
      release: () => true,
      cancel: () => {
        isOver = true;
        labelling.tolerance = base;
        labelling.selection.restore(before);
      },
      preview: [],
    };
  },
};

function viewOf({ labelling, mosaicId, mosaicPixelsPerScreenPixel }: ToolContext): SampledWindow | null {
  const viewed = labelling.viewOf(mosaicId);
  return viewed === null ? null : sampledView(mosaicId, viewed, mosaicPixelsPerScreenPixel);
}

function samplesOf(view: SampledWindow, labelling: Labelling): Promise<Uint8Array> {
  if (lookedAt === null || !isSameWindow(lookedAt.view, view)) {
    const looking = { view, rgba: labelling.pixels.samples(view) };
    lookedAt = looking;
    looking.rgba.catch(() => {
      // What could not be read is asked for again by the next click.
      if (lookedAt === looking) {
        lookedAt = null;
      }
    });
  }
  return lookedAt.rgba;
}

function selected(
  view: SampledWindow,
  rgba: Uint8Array,
  { point }: ToolPointer,
  labelling: Labelling,
): LabelSelection {
  const { width, height } = view.size;
  let mask = new Uint8Array(width * height);
  const seed = sampleAt(view, point);
  const color = seed < 0 ? null : colorAt(rgba, seed);
  if (color !== null) {
    floodFill(mask, width, colorMembers(rgba, color, labelling.tolerance), [seed]);
    if (labelling.smoothing > 0) {
      mask = smoothMask(mask, width, labelling.smoothing);
    }
  }
  return { ...view, mask };
}
