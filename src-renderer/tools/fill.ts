import PaintBucket from "@lucide/svelte/icons/paint-bucket";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import { BLOCK_SIDE, floodBlocks } from "#shared/labels/flood-blocks.ts";
import { colorAt, colorMembers } from "#shared/labels/color-members.ts";
import type { LabelEdit } from "#shared/labels/label-edit.ts";
import { encodeRuns } from "#shared/labels/runs.ts";
import { noteDuration } from "../state/durations.ts";
import { pickClassAt } from "./pick-class.ts";
import type { LabelTool, ToolContext, ToolPointer } from "./tool.ts";

/** 64 megapixels: an area that goes on beyond is filled so far, and that is said. */
const MOST_BLOCKS = 256;

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
    const ended = new AbortController();
    const start = performance.now();
    void labelling
      .attempt(() => fillAt(pointer, paintId, context, ended.signal))
      .then(() => {
        noteDuration("fill", start);
      });
    return {
      move: () => undefined,
      release: () => true,
      // Escape stops it while the button is down.
      cancel: () => {
        ended.abort();
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
  const members = labelling.fillBy === "class" ? membersByClass : membersByColor;
  const region = await floodBlocks(size, [seed], await members(seed, { labelling, mosaicId }, signal), {
    mostBlocks: MOST_BLOCKS,
    signal,
  });
  if (region === null || signal.aborted) {
    return;
  }
  const runs = encodeRuns(region.mask);
  const parts: LabelEdit["parts"] = [
    { paintId, shape: { kind: "bitmap", pixelWindow: region.pixelWindow, runs } },
  ];
  labelling.paint(mosaicId, "Fill", parts);
  if (!region.isWhole) {
    labelling.note(
      `The area is larger than the ${Math.round((MOST_BLOCKS * BLOCK_SIDE ** 2) / 1e6)} megapixels that are filled at once: click where it goes on.`,
    );
  }
}

type Members = (window: PixelWindow) => Promise<Uint8Array>;
type Looked = Pick<ToolContext, "labelling" | "mosaicId">;
interface Seed {
  readonly x: number;
  readonly y: number;
}

async function membersByClass(
  seed: Seed,
  { labelling, mosaicId }: Looked,
  signal: AbortSignal,
): Promise<Members> {
  const [id] = await labelling.pixels.labels(mosaicId, { ...seed, width: 1, height: 1 }, { signal });
  return async (window) => {
    const ids = await labelling.pixels.labels(mosaicId, window, { signal });
    // Not `map`: a call for each of millions of pixels is what one waits for.
    for (let pixel = 0; pixel < ids.length; pixel++) {
      ids[pixel] = ids[pixel] === id ? 1 : 0;
    }
    return ids;
  };
}

async function membersByColor(
  seed: Seed,
  { labelling, mosaicId }: Looked,
  signal: AbortSignal,
): Promise<Members> {
  const one = { width: 1, height: 1 };
  const color = colorAt(await labelling.pixels.imagery(mosaicId, { ...seed, ...one }, one, { signal }), 0);
  const { tolerance } = labelling;
  return async (window) =>
    color === null
      ? new Uint8Array(window.width * window.height)
      : colorMembers(await labelling.pixels.imagery(mosaicId, window, window, { signal }), color, tolerance);
}
