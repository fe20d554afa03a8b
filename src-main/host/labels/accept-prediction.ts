import type { LabelShape, PaintRules } from "#shared/labels/label-edit.ts";
import { paintableIds } from "#shared/labels/paint-pixels.ts";
import { rasterizeShape, shapeWindow } from "#shared/labels/rasterize-shape.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { ClassGrid } from "../../raster/index.ts";
import type { Project } from "../projects/index.ts";
import type { StoredChange } from "./label-store.ts";

/** A quarter of a gigapixel takes some seconds; who wants more accepts it in parts. */
const MOST_PIXELS = 2 ** 28;

/** What is taken over of a prediction. */
export interface AcceptedPrediction {
  readonly mosaicId: string;
  readonly name: string;
  readonly area: LabelShape;
  /** Null for every class. */
  readonly classId: number | null;
  /** 0–1. A prediction without confidences has none above 0. */
  readonly leastConfidence: number;
  readonly rules: PaintRules;
}

/**
 * Makes a prediction the labels of an area, as one step; tells how many pixels changed. Ids that are no class of the project are left out. Stopped
 * before its end it has changed nothing.
 */
export async function acceptPrediction(
  project: Project,
  prediction: ClassGrid,
  { mosaicId, name, area, classId, leastConfidence, rules }: AcceptedPrediction,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (share: number) => void },
): Promise<{ readonly change: StoredChange | null; readonly pixels: number }> {
  const window = shapeWindow(area);
  if (window !== null && window.width * window.height > MOST_PIXELS) {
    throw new RpcError(
      "invalid-input",
      `An area of ${window.width}×${window.height} px is more than the ${MOST_PIXELS} px that are accepted at once: zoom in.`,
    );
  }
  const paintable = paintableIds(rules);
  const accepted = new Uint8Array(256);
  for (const { id } of project.snapshot().classes) {
    accepted[id] = classId === null || classId === id ? 1 : 0;
  }
  const least = Math.ceil(leastConfidence * 255);
  let pixels = 0;
  let seen = 0;
  const whole = window === null ? 0 : window.width * window.height;
  const change = await project.labels.change(mosaicId, { name, editId: null }, window, async (part, ids) => {
    signal.throwIfAborted();
    seen += part.width * part.height;
    onProgress(Math.min(1, seen / whole));
    const mask = rasterizeShape(area, part);
    if (!mask.includes(1)) {
      return;
    }
    const predicted = await prediction.readWindow({ pixelWindow: part });
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
        pixels += 1;
      }
    }
  });
  return { change, pixels };
}
