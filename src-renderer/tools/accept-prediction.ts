import CopyCheck from "@lucide/svelte/icons/copy-check";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import type { Labelling } from "../state/labelling.svelte.ts";
import type { LabelTool } from "./tool.ts";

/** Makes the shown run's prediction the labels, inside an outline drawn by hand. */
export const acceptPrediction: LabelTool = {
  id: "accept",
  title: "Accept prediction",
  key: "A",
  icon: CopyCheck,
  hint: "Drag around what the prediction has right, or accept all of the view.",
  options: ["accept", "rules"],
  begin: (first, { labelling, mosaicId }) => {
    if (labelling.predictionRunId === null) {
      labelling.note("There is no prediction to accept: train a network and predict this mosaic first.");
      return null;
    }
    const ring: PixelPoint[] = [rounded(first.point)];
    return {
      move: ({ point }) => {
        ring.push(rounded(point));
      },
      release: () => {
        if (ring.length >= 3) {
          void labelling.accept(mosaicId, ring);
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

/** To a sixteenth of a pixel: less than a hand can mean, and the outline stays short where it is copied as a command. */
function rounded([x, y]: PixelPoint): PixelPoint {
  return [Math.round(x * 16) / 16, Math.round(y * 16) / 16];
}

/** Accepts the prediction in all that is in view of the mosaic in its middle. */
export async function acceptView(labelling: Labelling): Promise<void> {
  const viewed = labelling.surface?.viewed() ?? null;
  if (viewed === null) {
    return;
  }
  const { x, y, width, height } = viewed.pixelWindow;
  await labelling.accept(viewed.mosaicId, [
    [x, y],
    [x + width, y],
    [x + width, y + height],
    [x, y + height],
  ]);
}
