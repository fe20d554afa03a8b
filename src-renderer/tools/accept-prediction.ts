import CopyCheck from "@lucide/svelte/icons/copy-check";
import type { AcceptedChange } from "#shared/contract.ts";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import type { Labelling } from "../state/labelling.svelte.ts";
import { acceptedSentence, type AcceptedIn } from "./accepted-sentence.ts";
import type { LabelTool } from "./tool.ts";

/** Makes the shown run's prediction the labels, inside an outline drawn by hand. */
export const acceptPrediction: LabelTool = {
  id: "accept",
  title: "Accept prediction",
  key: "A",
  icon: CopyCheck,
  hint: "Drag around what the prediction has right, or accept all of the view.",
  options: ["accept", "rules"],
  obstacle: ({ predictionObstacle }) => predictionObstacle,
  begin: (first, { labelling, mosaicId }) => {
    const { predictionObstacle } = labelling;
    if (predictionObstacle !== null) {
      labelling.note(predictionObstacle);
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
  const accepted = await labelling.accept([{ mosaicId, ring }]);
  // What has changed shows; what doesn't is said.
  if (runName !== null && accepted.some(({ pixels, checkedCells }) => pixels === 0 || checkedCells > 0)) {
    labelling.note(acceptedSentence(runName, named(labelling, accepted), []));
  }
}

function named(labelling: Labelling, accepted: readonly AcceptedChange[]): AcceptedIn[] {
  return accepted.map(({ mosaicId, pixels, checkedCells }) => ({
    name: labelling.nameOf(mosaicId),
    pixels,
    checkedCells,
  }));
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
  const accepted = await labelling.accept(
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
  if (accepted.length === 0 && predicted.length > 0) {
    // Stopped or failed: nothing has changed, and a failure was told.
    return;
  }
  const missingNames = missing.map(({ mosaicId }) => labelling.nameOf(mosaicId));
  labelling.note(acceptedSentence(runName, named(labelling, accepted), missingNames));
}
