import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import type { LabelEdit, PixelPoint } from "#shared/labels/label-edit.ts";
import type { LabelPaint } from "../state/labelling.svelte.ts";
import { drawParts } from "./draw-parts.ts";
import { fitCanvas } from "./fit-canvas.ts";
import { FramePace } from "./frame-pace.ts";

/** The map as the overlay sees it. */
export interface OverlaidMap {
  toScreen(mosaicId: string, point: PixelPoint): PixelPoint | null;
  /** The mosaic's outline and the part of the map's width (0–1) in which its labels are drawn, with their opacity; null where they aren't. */
  lookOf(mosaicId: string): {
    readonly outline: readonly PixelPoint[];
    readonly opacity: number;
    readonly from: number;
    readonly to: number;
  } | null;
  /** A class's colour; null for an id without one. */
  colorOf(paintId: number): string | null;
  /** Draws parts on the map itself, with its next frame. */
  draw(mosaicId: string, paint: LabelPaint, parts: LabelEdit["parts"]): void;
}

/** What the map has not drawn yet. */
interface Waiting {
  readonly mosaicId: string;
  readonly paint: LabelPaint;
  readonly parts: LabelEdit["parts"];
}

/** The map is drawn below a stroke no more often than this, */
const LEAST_MILLISECONDS = 50;
/** and so seldom that at most a 25th of the frames wait for it. */
const PAUSE_FACTOR = 25;

/**
 * A canvas over the map on which a stroke shows in the very frame of its pointer event.
 *
 * Drawing the map anew, with all its layers, takes many frames' time where there is no graphics processor. So a gesture's parts are drawn here
 * first and taken over by the map as often as it can afford, at the latest when the gesture ends. Until then locked pixels look painted over.
 */
export class PaintOverlay {
  readonly element = document.createElement("canvas");
  readonly #map: OverlaidMap;
  readonly #context: CanvasRenderingContext2D;
  readonly #pace = new FramePace();
  #erasing: CanvasPattern | null = null;
  #waiting: Waiting[] = [];
  /** How many of those waiting the map draws with its next frame. */
  #handedOver = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastFlush = 0;

  constructor(map: OverlaidMap) {
    this.#map = map;
    const context = this.element.getContext("2d");
    if (context === null) {
      throw new Error("A canvas to paint on was expected, but the browser gave none.");
    }
    this.#context = context;
    this.element.className = "paint-overlay";
    this.element.style.cssText = "position:absolute;inset:0;width:100%;height:100%;pointer-events:none";
  }

  /** Shows more of a paint now, and on the map soon. */
  add(mosaicId: string, paint: LabelPaint, parts: LabelEdit["parts"]): void {
    this.#waiting.push({ mosaicId, paint, parts });
    this.#draw([{ mosaicId, paint, parts }]);
    if (this.#timer === undefined) {
      const pause = Math.max(LEAST_MILLISECONDS, PAUSE_FACTOR * this.#pace.costMilliseconds);
      const wait = Math.max(0, this.#lastFlush + pause - performance.now());
      this.#timer = setTimeout(() => {
        this.flush();
      }, wait);
    }
  }

  /** Has the map draw all that waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lastFlush = performance.now();
    const added = this.#waiting.slice(this.#handedOver);
    this.#handedOver = this.#waiting.length;
    for (const { mosaicId, paint, parts } of joined(added)) {
      if (paint.state.kind !== "dropped") {
        this.#map.draw(mosaicId, paint, parts);
      }
    }
  }

  /** The map has been drawn: what it has taken over goes from here, and the rest is drawn where it lies now. */
  afterFrame(): void {
    if (this.#handedOver > 0) {
      this.#pace.watch();
    }
    const hadAny = this.#waiting.length > 0;
    this.#waiting = this.#waiting
      .slice(this.#handedOver)
      .filter(({ paint }) => paint.state.kind !== "dropped");
    this.#handedOver = 0;
    const resized = fitCanvas(this.element);
    if (hadAny || resized) {
      this.#context.clearRect(0, 0, this.element.width, this.element.height);
      this.#draw(this.#waiting);
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.element.remove();
  }

  #draw(items: readonly Waiting[]): void {
    const context = this.#context;
    for (const { mosaicId, paint, parts } of items) {
      const look = this.#map.lookOf(mosaicId);
      if (look === null || paint.state.kind === "dropped") {
        continue;
      }
      // All of the canvas at once, or what overlaps would be more opaque.
      this.element.style.opacity = String(look.opacity);
      context.save();
      context.scale(window.devicePixelRatio, window.devicePixelRatio);
      const width = this.element.clientWidth;
      context.beginPath();
      context.rect(look.from * width, 0, (look.to - look.from) * width, this.element.clientHeight);
      context.clip();
      context.beginPath();
      for (const [x, y] of look.outline) {
        context.lineTo(x, y);
      }
      context.clip();
      drawParts(
        context,
        parts,
        (point) => this.#map.toScreen(mosaicId, point),
        (paintId) => (paintId === UNLABELLED_ID ? this.#erasingStyle() : this.#map.colorOf(paintId)),
      );
      context.restore();
    }
  }

  /** Stripes for what is being erased: the imagery below the labels isn't ours to show. */
  #erasingStyle(): CanvasPattern | null {
    if (this.#erasing === null) {
      const tile = new OffscreenCanvas(8, 8);
      const context = tile.getContext("2d");
      if (context !== null) {
        context.fillStyle = "#ffffff";
        for (let line = 0; line < 8; line += 1) {
          context.fillRect(line, line, 1, 1);
          context.fillRect((line + 1) % 8, line, 1, 1);
        }
      }
      this.#erasing = this.#context.createPattern(tile, "repeat");
    }
    return this.#erasing;
  }
}

/** Steps of one stroke as one stroke: the map looks at each tile once and not once a step. */
function joined(items: readonly Waiting[]): Waiting[] {
  const result: Waiting[] = [];
  for (const item of items) {
    const last = result.at(-1);
    const before = last?.parts.at(-1);
    const [part] = item.parts;
    if (
      last !== undefined &&
      before !== undefined &&
      last.paint === item.paint &&
      last.parts.length === 1 &&
      item.parts.length === 1 &&
      part !== undefined &&
      part.paintId === before.paintId &&
      part.shape.kind === "stroke" &&
      before.shape.kind === "stroke" &&
      part.shape.radius === before.shape.radius
    ) {
      const points = [...before.shape.points, ...part.shape.points.slice(1)];
      const shape = { ...before.shape, points };
      result[result.length - 1] = { ...last, parts: [{ paintId: part.paintId, shape }] };
    } else {
      result.push(item);
    }
  }
  return result;
}
