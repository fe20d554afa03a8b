import Layer from "ol/layer/Layer.js";
import type { LabelEdit } from "#shared/labels/label-edit.ts";
import type { LabelPaint } from "../state/labelling.svelte.ts";
import { fitCanvas } from "./fit-canvas.ts";
import { FramePace } from "./frame-pace.ts";
import { ResultPainter, type LabelLook, type PaintedMap } from "./result-painter.ts";

/** The map as the overlay sees it. */
export interface OverlaidMap extends PaintedMap {
  /** How labels of a mosaic are drawn; null where they aren't. */
  lookOf(mosaicId: string): LabelLook | null;
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
 * A canvas over the labels on which a stroke shows in the very frame of its pointer event.
 *
 * Drawing the map anew, with all its layers, takes many frames' time where there is no graphics processor. So a gesture's parts are drawn here
 * first and taken over by the map as often as it can afford, at the latest when the gesture ends; it looks the same before and after.
 */
export class PaintOverlay {
  readonly #canvas = document.createElement("canvas");
  /** Has the map keep the canvas among its own, above the labels and below what lies over them. */
  readonly layer: Layer;
  readonly #painter: ResultPainter;
  readonly #map: OverlaidMap;
  readonly #context: CanvasRenderingContext2D;
  readonly #pace = new FramePace();
  #waiting: Waiting[] = [];
  /** How many of those waiting the map draws with its next frame. */
  #handedOver = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastFlush = 0;

  constructor(map: OverlaidMap, { zIndex }: { readonly zIndex: number }) {
    this.#map = map;
    this.#painter = new ResultPainter(map);
    const context = this.#canvas.getContext("2d");
    if (context === null) {
      throw new Error("A canvas to paint on was expected, but the browser gave none.");
    }
    this.#context = context;
    this.#canvas.style.cssText = "position:absolute;inset:0;width:100%;height:100%";
    // OpenLayers' own layers would draw into a canvas that comes to them bare.
    const element = document.createElement("div");
    element.className = "paint-overlay";
    element.style.cssText = "position:absolute;inset:0;pointer-events:none";
    element.append(this.#canvas);
    this.layer = new Layer({ render: () => element, zIndex });
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
    const resized = fitCanvas(this.#canvas);
    if (hadAny || resized) {
      this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
      this.#draw(this.#waiting);
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.layer.dispose();
  }

  #draw(items: readonly Waiting[]): void {
    for (const { mosaicId, paint, parts } of items) {
      const look = this.#map.lookOf(mosaicId);
      if (look !== null && paint.state.kind !== "dropped") {
        this.#painter.draw(this.#context, mosaicId, { paint, parts, look });
      }
    }
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
