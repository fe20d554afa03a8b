import CopyCheck from "@lucide/svelte/icons/copy-check";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import type { Labelling } from "../state/labelling.svelte.ts";
import { acceptedSentence } from "./accepted-sentence.ts";
import type { LabelTool } from "./tool.ts";

/** Makes the shown run's prediction the labels, inside an outline drawn by hand. */
export const acceptPrediction: LabelTool = {
  id: "accept",
  title: "Accept prediction",
  key: "A",
  icon: CopyCheck,
  hint: "Drag around what the prediction has right, or accept all of the view.",
  options: ["accept", "rules"],
  obstacle: ({ predictionRunId }) =>
    predictionRunId === null ? "Nothing to accept yet: train a network, then predict in Results." : null,
  begin: (first, { labelling, mosaicId }) => {
    if (labelling.predictionRunId === null) {
      labelling.note("There is no prediction to accept: train a network and predict this mosaic first.");
      return null;
    }
    if (!labelling.hasStoredPrediction(mosaicId)) {
      labelling.note(
        `${labelling.predictionRunName} has not predicted ${labelling.nameOf(mosaicId)}: predict it first, or choose another run in Results.`,
      );
      return null;
    }
    const ring: PixelPoint[] = [rounded(first.point)];
    return {
      move: ({ point }) => {
        ring.push(rounded(point));
      },
      release: () => {
        if (ring.length >= 3) {
          void acceptRing(labelling, mosaicId, ring);
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

async function acceptRing(
  labelling: Labelling,
  mosaicId: string,
  ring: readonly PixelPoint[],
): Promise<void> {
  const runName = labelling.predictionRunName;
  const pixels = await labelling.accept([{ mosaicId, ring }]);
  if (runName !== null && pixels.get(mosaicId) === 0) {
    labelling.note(acceptedSentence(runName, [{ name: labelling.nameOf(mosaicId), pixels: 0 }], []));
  }
}

/** Accepts the prediction in all that is in view, of every mosaic that the run on the map has predicted, and says what that has changed. */
export async function acceptView(labelling: Labelling): Promise<void> {
  const runName = labelling.predictionRunName;
  const viewed = labelling.surface?.viewedWindows() ?? [];
  if (runName === null) {
    return;
  }
  if (viewed.length === 0) {
    labelling.note("No mosaic is in view: F shows them all.");
    return;
  }
  const predicted = viewed.filter(({ mosaicId }) => labelling.hasStoredPrediction(mosaicId));
  const missing = viewed.filter((each) => !predicted.includes(each));
  const pixels = await labelling.accept(
    predicted.map(({ mosaicId, pixelWindow: { x, y, width, height } }) => ({
      mosaicId,
      ring: [
        [x, y],
        [x + width, y],
        [x + width, y + height],
        [x, y + height],
      ],
    })),
  );
  if (pixels.size === 0 && predicted.length > 0) {
    // Stopped or failed at the first: nothing has changed, and a failure was told.
    return;
  }
  const accepted = [...pixels].map(([mosaicId, changed]) => ({
    name: labelling.nameOf(mosaicId),
    pixels: changed,
  }));
  const names = (windows: typeof viewed): string[] =>
    windows.map(({ mosaicId }) => labelling.nameOf(mosaicId));
  const left = names(predicted.filter(({ mosaicId }) => !pixels.has(mosaicId)));
  const stopped = left.length === 0 ? "" : ` It ended before ${left.join(", ")}.`;
  labelling.note(acceptedSentence(runName, accepted, names(missing)) + stopped);
}
