import Hexagon from "@lucide/svelte/icons/hexagon";
import { encodeRuns } from "#shared/labels/runs.ts";
import { encodeScaledRuns } from "#shared/labels/scaled-runs.ts";
import type { LabelShape } from "#shared/labels/label-edit.ts";
import { sampleAt, sampledView } from "../state/label-region.ts";
import type { Labelling } from "../state/labelling.svelte.ts";
import type { DividedView } from "../state/superpixel-view.svelte.ts";
import { paintIdOf, type LabelTool } from "./tool.ts";

/** Paints regions that the picture falls into by itself. */
export const superpixel: LabelTool = {
  id: "superpixel",
  title: "Superpixels",
  key: "U",
  icon: Hexagon,
  hint: "Click or drag over regions. Alt: erase.",
  options: ["class", "superpixels", "rules"],
  follow: (labelling) => {
    void labelling.attempt(() => divideView(labelling));
  },
  leave: (labelling) => {
    labelling.superpixels.clear();
  },
  begin: (first, { labelling, mosaicId }) => {
    const view = labelling.superpixels.divided;
    const paintId = paintIdOf(labelling, first);
    if (paintId === null || view?.mosaicId !== mosaicId) {
      return null;
    }
    const paint = labelling.begin(mosaicId);
    const taken = new Set<number>();
    const mask = new Uint8Array(view.regions.length);
    const take = (point: readonly [number, number]): void => {
      const sample = sampleAt(view, point);
      const region = view.regions[sample];
      if (region === undefined || taken.has(region)) {
        return;
      }
      taken.add(region);
      const shape = regionShape(view, region, mask);
      const runs = encodeScaledRuns(mask, view.step, view.pixelWindow);
      const whole: LabelShape = { kind: "bitmap", pixelWindow: view.pixelWindow, runs };
      paint.show([{ paintId, shape: whole }], [{ paintId, shape }]);
    };
    let before = first.point;
    take(before);
    return {
      move: ({ point }) => {
        // A quick drag skips no region on its way.
        const steps = Math.ceil(Math.hypot(point[0] - before[0], point[1] - before[1]) / (4 * view.step));
        for (let step = 1; step <= steps; step++) {
          const share = step / steps;
          take([before[0] + (point[0] - before[0]) * share, before[1] + (point[1] - before[1]) * share]);
        }
        before = point;
      },
      release: () => {
        paint.store("Superpixels");
        return true;
      },
      cancel: () => {
        paint.drop();
      },
      preview: [],
    };
  },
};

/** Divides the mosaic in the middle of the view. */
async function divideView(labelling: Labelling): Promise<void> {
  const found = labelling.surface?.viewed() ?? null;
  const view =
    found === null ? null : sampledView(found.mosaicId, found.pixelWindow, found.mosaicPixelsPerScreenPixel);
  if (view === null) {
    labelling.superpixels.clear();
    if (found !== null) {
      labelling.note("Zoom in for superpixels: there is too much of the mosaic in view.");
    }
    return;
  }
  await labelling.superpixels.divide(view);
}

/** A region as a bitmap around it alone; its samples are set in `mask` too. */
function regionShape(view: DividedView, region: number, mask: Uint8Array): LabelShape {
  const { regions, size, step, pixelWindow } = view;
  let [left, top, right, bottom] = [size.width, size.height, -1, -1];
  for (let pixel = 0; pixel < regions.length; pixel++) {
    if (regions[pixel] === region) {
      mask[pixel] = 1;
      const column = pixel % size.width;
      const row = Math.floor(pixel / size.width);
      left = Math.min(left, column);
      right = Math.max(right, column);
      top = Math.min(top, row);
      bottom = row;
    }
  }
  const width = Math.min((right + 1) * step, pixelWindow.width) - left * step;
  const height = Math.min((bottom + 1) * step, pixelWindow.height) - top * step;
  const part = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const line = (top + Math.floor(row / step)) * size.width + left;
    for (let column = 0; column < width; column++) {
      part[row * width + column] = regions[line + Math.floor(column / step)] === region ? 1 : 0;
    }
  }
  const window = { x: pixelWindow.x + left * step, y: pixelWindow.y + top * step, width, height };
  return { kind: "bitmap", pixelWindow: window, runs: encodeRuns(part) };
}
