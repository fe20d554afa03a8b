import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import { nearestLabelEdge } from "#shared/labels/nearest-label-edge.ts";
import type { ToolContext } from "./tool.ts";

/** How near, in screen pixels, the pointer must come to an edge. */
const REACH = 8;
/** Labels are looked at in squares of so many reaches, so that most moves need no new ones. */
const REACHES_LOOKED_AT = 16;
/** Seen from farther away, an edge is no place that anybody could mean. */
const MOST_PIXELS_A_SCREEN_PIXEL = 4;

/** Draws corners to the edges of existing labels; asks for those around the pointer as it moves. */
export class EdgeSnapping {
  readonly #context: ToolContext;
  readonly #reach: number;
  #known: { readonly window: PixelWindow; readonly ids: Uint8Array } | null = null;
  #asking = false;

  constructor(context: ToolContext) {
    this.#context = context;
    this.#reach = REACH * context.mosaicPixelsPerScreenPixel;
  }

  /** The point to take for one that was pointed at: on an edge that is near and known, else itself. */
  snapped(point: PixelPoint): PixelPoint {
    const { labelling, mosaicPixelsPerScreenPixel } = this.#context;
    if (!labelling.snapping || mosaicPixelsPerScreenPixel > MOST_PIXELS_A_SCREEN_PIXEL) {
      return point;
    }
    this.#lookAround(point);
    return this.#known === null
      ? point
      : (nearestLabelEdge(this.#known.ids, this.#known.window, point, this.#reach) ?? point);
  }

  #lookAround([x, y]: PixelPoint): void {
    const margin = this.#reach * 2;
    const known = this.#known?.window;
    const covers =
      known !== undefined &&
      x - margin >= known.x &&
      y - margin >= known.y &&
      x + margin <= known.x + known.width &&
      y + margin <= known.y + known.height;
    if (covers || this.#asking) {
      return;
    }
    this.#asking = true;
    const { labelling, mosaicId } = this.#context;
    const half = Math.max(16, Math.ceil((this.#reach * REACHES_LOOKED_AT) / 2));
    const window = { x: Math.floor(x) - half, y: Math.floor(y) - half, width: 2 * half, height: 2 * half };
    void labelling.pixels
      .labels(mosaicId, window)
      .then((ids) => {
        this.#known = { window, ids };
      })
      // Without labels to look at nothing snaps; the polygon goes on.
      .catch(() => undefined)
      .finally(() => {
        this.#asking = false;
      });
  }
}
