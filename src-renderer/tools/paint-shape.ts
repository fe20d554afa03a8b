import { floodBlocks } from "#shared/labels/flood-blocks.ts";
import type { LabelShape, PixelPoint } from "#shared/labels/label-edit.ts";
import { rasterizeShape, shapeWindow } from "#shared/labels/rasterize-shape.ts";
import { encodeRuns } from "#shared/labels/runs.ts";
import { windowIntersection } from "#shared/geo/pixel-window.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import type { Labelling } from "../state/labelling.svelte.ts";

/** Areas of up to 16 megapixels are replaced whole. */
const MOST_BLOCKS = 64;

/** Stores what an outline encloses as one step, by the mode in the tool bar; `erase` takes labels away whatever it is. Rings without an area do nothing. */
export function paintShape(
  labelling: Labelling,
  mosaicId: string,
  name: string,
  rings: readonly (readonly PixelPoint[])[],
  { erase }: { readonly erase: boolean },
): void {
  const closed = rings.filter((ring) => ring.length >= 3).map((ring) => [...ring]);
  const paintId = labelling.paintClass?.id;
  if (closed.length === 0) {
    return;
  }
  const shape: LabelShape = { kind: "polygon", rings: closed };
  if (erase || labelling.shapeMode === "subtract") {
    labelling.paint(mosaicId, `${name}: take away`, [{ paintId: UNLABELLED_ID, shape }]);
  } else if (paintId !== undefined && labelling.shapeMode === "replace") {
    void labelling.attemptUntilStopped((signal) =>
      replace(labelling, mosaicId, { name, shape, paintId }, signal),
    );
  } else if (paintId !== undefined) {
    labelling.paint(mosaicId, name, [{ paintId, shape }]);
  }
}

/** The class's connected areas that the shape touches become the shape. */
async function replace(
  labelling: Labelling,
  mosaicId: string,
  { name, shape, paintId }: { readonly name: string; readonly shape: LabelShape; readonly paintId: number },
  signal: AbortSignal,
): Promise<void> {
  const size = labelling.sizeOf(mosaicId);
  const around = shapeWindow(shape);
  const window =
    size === null || around === null ? null : windowIntersection(around, { x: 0, y: 0, ...size });
  if (size === null || window === null) {
    return;
  }
  const ids = await labelling.pixels.labels(mosaicId, window);
  const inside = rasterizeShape(shape, window);
  const seeds: { x: number; y: number }[] = [];
  for (let pixel = 0; pixel < ids.length; pixel++) {
    const isFirst = pixel % window.width === 0 || ids[pixel - 1] !== paintId || inside[pixel - 1] === 0;
    if (ids[pixel] === paintId && inside[pixel] === 1 && isFirst) {
      seeds.push({ x: window.x + (pixel % window.width), y: window.y + Math.floor(pixel / window.width) });
    }
  }
  const region = await floodBlocks(
    size,
    seeds,
    async (block) => (await labelling.pixels.labels(mosaicId, block)).map((id) => (id === paintId ? 1 : 0)),
    { mostBlocks: MOST_BLOCKS, signal },
  );
  signal.throwIfAborted();
  labelling.paint(mosaicId, `${name}: replace`, [
    ...(region === null
      ? []
      : [
          {
            paintId: UNLABELLED_ID,
            shape: {
              kind: "bitmap" as const,
              pixelWindow: region.pixelWindow,
              runs: encodeRuns(region.mask),
            },
          },
        ]),
    { paintId, shape },
  ]);
}
