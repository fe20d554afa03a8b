import PaintBucket from "@lucide/svelte/icons/paint-bucket";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import { MOST_AREA_BLOCKS, type ConnectedArea } from "#shared/labels/connected-area.ts";
import { BLOCK_SIDE, floodBlocks } from "#shared/labels/flood-blocks.ts";
import { colorAt, colorMembers } from "#shared/labels/color-members.ts";
import { encodeRuns } from "#shared/labels/runs.ts";
import { noteDuration } from "../state/durations.ts";
import { pickClassAt } from "./pick-class.ts";
import type { LabelTool, ToolContext, ToolPointer } from "./tool.ts";

/** Paints the connected area of one class, or of like colour, under the pointer. */
export const fill: LabelTool = {
  id: "fill",
  title: "Fill",
  key: "K",
  icon: PaintBucket,
  hint: "Click an area of one class, or of like colour. Alt: take the class under the pointer.",
  options: ["class", "fill", "rules"],
  begin: (pointer, context) => {
    const { labelling } = context;
    if (pointer.alt) {
      void pickClassAt(pointer.point, context);
      return null;
    }
    const paintId = labelling.paintClass?.id;
    if (paintId === undefined) {
      return null;
    }
    const start = performance.now();
    const stopped = new AbortController();
    void labelling
      .attemptUntilStopped((signal) => fillAt(pointer, paintId, context, signal), stopped)
      .then(() => {
        noteDuration("fill", start);
      });
    return {
      move: () => undefined,
      release: () => true,
      cancel: () => {
        // This fill only: a prediction that is being accepted goes on.
        stopped.abort();
      },
      preview: [],
    };
  },
};

async function fillAt(
  { point }: ToolPointer,
  paintId: number,
  { labelling, mosaicId }: ToolContext,
  signal: AbortSignal,
): Promise<void> {
  const size = labelling.sizeOf(mosaicId);
  const seed = { x: Math.floor(point[0]), y: Math.floor(point[1]) };
  if (size === null || seed.x < 0 || seed.y < 0 || seed.x >= size.width || seed.y >= size.height) {
    return;
  }
  const area =
    labelling.fillBy === "class"
      ? await labelling.pixels.area(mosaicId, seed, { signal })
      : await areaOfColor(size, seed, { labelling, mosaicId }, signal);
  if (area === null || signal.aborted) {
    return;
  }
  const { pixelWindow, runs } = area;
  labelling.paint(mosaicId, "Fill", [{ paintId, shape: { kind: "bitmap", pixelWindow, runs } }]);
  if (!area.isWhole) {
    labelling.note(
      `The area is larger than the ${Math.round((MOST_AREA_BLOCKS * BLOCK_SIDE ** 2) / 1e6)} megapixels that are filled at once: click where it goes on.`,
    );
  }
}

/** The connected area whose colours are like the one at a pixel; null where there is no data. */
async function areaOfColor(
  size: PixelSize,
  seed: Pick<PixelWindow, "x" | "y">,
  { labelling, mosaicId }: Pick<ToolContext, "labelling" | "mosaicId">,
  signal: AbortSignal,
): Promise<Omit<ConnectedArea, "pixels"> | null> {
  const one = { width: 1, height: 1 };
  const color = colorAt(await labelling.pixels.imagery(mosaicId, { ...seed, ...one }, one, { signal }), 0);
  const { tolerance } = labelling;
  const region =
    color === null
      ? null
      : await floodBlocks(
          size,
          [seed],
          async (window) =>
            colorMembers(
              await labelling.pixels.imagery(mosaicId, window, window, { signal }),
              color,
              tolerance,
            ),
          { mostBlocks: MOST_AREA_BLOCKS, signal },
        );
  return region === null ? null : { ...region, runs: encodeRuns(region.mask) };
}
