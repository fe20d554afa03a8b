import type { AcceptedChange } from "#shared/contract.ts";
import { windowIntersection, type PixelWindow } from "#shared/geo/pixel-window.ts";
import type { LabelShape, PaintRules } from "#shared/labels/label-edit.ts";
import { paintableIds } from "#shared/labels/paint-pixels.ts";
import { rasterizeShape, shapeWindow } from "#shared/labels/rasterize-shape.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { ClassGrid } from "../../raster/index.ts";
import type { Project } from "../projects/index.ts";
import { ChangedUnits } from "../review/index.ts";
import type { LabelsChange } from "./project-labels.ts";

/** A quarter of a gigapixel takes some seconds; who wants more accepts it in parts. */
const MOST_PIXELS = 2 ** 28;

/** Where a prediction is taken over, and the prediction. */
export interface AcceptedArea {
  readonly mosaicId: string;
  readonly area: LabelShape;
  readonly prediction: ClassGrid;
}

/** What is taken over of a prediction. */
export interface AcceptedPrediction {
  readonly name: string;
  /** Null for every class. */
  readonly classId: number | null;
  /** 0–1. A prediction without confidences has none above 0. */
  readonly leastConfidence: number;
  readonly rules: PaintRules;
}

/**
 * Makes a prediction the labels of these areas, as one step over all of their mosaics. Ids that are no class of the project are left out. Stopped before
 * its end, or where it fails, it has changed nothing. Throws `invalid-input` for a mosaic that is named twice, or too large an area.
 */
export async function acceptPrediction(
  project: Project,
  areas: readonly AcceptedArea[],
  { name, classId, leastConfidence, rules }: AcceptedPrediction,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (share: number) => void },
): Promise<AcceptedChange[]> {
  if (new Set(areas.map(({ mosaicId }) => mosaicId)).size < areas.length) {
    // Of two steps of one mosaic and one time, undo would take back the last alone.
    throw new RpcError("invalid-input", "A mosaic is named twice: give it one area.");
  }
  const taken = areas.map(({ mosaicId, area, prediction }) => {
    const { image } = project.mosaic(mosaicId);
    const around = shapeWindow(area);
    const window = around === null ? null : windowIntersection(around, { x: 0, y: 0, ...image });
    return { mosaicId, area, prediction, window, pixels: 0, units: new ChangedUnits() };
  });
  const whole = taken.reduce(
    (sum, { window }) => sum + (window === null ? 0 : window.width * window.height),
    0,
  );
  if (whole > MOST_PIXELS) {
    throw new RpcError(
      "invalid-input",
      `${Math.ceil(whole / 1e6)} megapixels are more than the ${Math.floor(MOST_PIXELS / 1e6)} that are accepted at once: zoom in.`,
    );
  }
  const paintable = paintableIds(rules);
  const accepted = new Uint8Array(256);
  for (const { id } of project.snapshot().classes) {
    accepted[id] = classId === null || classId === id ? 1 : 0;
  }
  const least = Math.ceil(leastConfidence * 255);
  let seen = 0;
  const parts = taken.map((each): LabelsChange => {
    const paint = async (part: PixelWindow, ids: Uint8Array): Promise<void> => {
      signal.throwIfAborted();
      seen += part.width * part.height;
      onProgress(Math.min(1, seen / whole));
      const mask = rasterizeShape(each.area, part);
      if (!mask.includes(1)) {
        return;
      }
      const predicted = await each.prediction.readWindow({ pixelWindow: part });
      for (let pixel = 0; pixel < ids.length; pixel++) {
        const id = predicted.ids[pixel] as number;
        const before = ids[pixel] as number;
        if (
          mask[pixel] === 1 &&
          id !== before &&
          accepted[id] === 1 &&
          paintable[before] === 1 &&
          (predicted.confidence?.[pixel] ?? 0) >= least
        ) {
          ids[pixel] = id;
          each.pixels += 1;
          each.units.add(part.x + (pixel % part.width), part.y + Math.floor(pixel / part.width));
        }
      }
    };
    return { labelsId: each.mosaicId, window: each.window, paint };
  });
  const changes = await project.labels.changeTogether({ name, editId: null }, parts);
  return Promise.all(
    taken.map(async ({ mosaicId, pixels, units }, index) => ({
      mosaicId,
      revision: changes[index]?.revision ?? null,
      pixels,
      checkedCells: await units.checkedCells(project, mosaicId),
    })),
  );
}
