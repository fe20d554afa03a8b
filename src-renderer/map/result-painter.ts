import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { LabelEdit, LabelShape, PixelPoint } from "#shared/labels/label-edit.ts";
import { shapeWindow } from "#shared/labels/rasterize-shape.ts";
import type { LabelPaint } from "../state/labelling.svelte.ts";
import { drawParts, type ToScreen } from "./draw-parts.ts";
import { TILE_SIZE } from "./tile-request.ts";

/** A tile of labels as it is loaded, and where it lies on screen. */
export interface LabelTileOnScreen {
  /** Class ids, `TILE_SIZE`² row-major. */
  readonly ids: Uint8Array;
  /** Its corners: upper left, upper right, lower left. */
  readonly corners: readonly [PixelPoint, PixelPoint, PixelPoint];
}

/** How the labels of a mosaic are drawn: within its outline and a part of the map's width (0–1), with their opacity. */
export interface LabelLook {
  readonly outline: readonly PixelPoint[];
  readonly opacity: number;
  readonly from: number;
  readonly to: number;
}

/** What lies below the labels, and the labels themselves, as the map shows them. */
export interface PaintedMap {
  toScreen(mosaicId: string, point: PixelPoint): PixelPoint | null;
  /** A class's colour; null for an id without one. */
  colorOf(paintId: number): string | null;
  /** The picture of the imagery, and a number that changes whenever it is drawn anew; null where there is none. */
  imagery(): { readonly canvas: HTMLCanvasElement; readonly drawings: number } | null;
  /** The tiles of labels in view of a mosaic that are loaded. */
  labelTiles(mosaicId: string): readonly LabelTileOnScreen[];
}

/** A rectangle of the screen, in its pixels. */
interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Draws parts of a paint as they will look once the labels are drawn anew: the imagery, and the class over it with the labels' opacity, but not
 * where pixels may not be painted over. What was there is covered, so that it makes no difference how often a place is drawn.
 */
export class ResultPainter {
  readonly #map: PaintedMap;
  /** Parts are put together here. */
  readonly #scratch = contextOf(document.createElement("canvas"));
  /** The imagery as it was drawn last: asking a canvas of the graphics processor for its pixels takes long. */
  readonly #backdrop = contextOf(document.createElement("canvas"));
  #backdropDrawings = -1;
  /** Pictures of what may not be painted over, for the paint that goes on. */
  #protected: { readonly paint: LabelPaint; readonly stamps: Map<Uint8Array, OffscreenCanvas> } | null = null;

  constructor(map: PaintedMap) {
    this.#map = map;
  }

  /** Draws parts on a canvas that lies over the map, a canvas pixel for each of the screen's. */
  draw(
    target: CanvasRenderingContext2D,
    mosaicId: string,
    { paint, parts, look }: { paint: LabelPaint; parts: LabelEdit["parts"]; look: LabelLook },
  ): void {
    const { canvas } = target;
    const ratio = window.devicePixelRatio;
    const toScreen: ToScreen = (point) => this.#map.toScreen(mosaicId, point);
    const scratch = this.#scratch;
    if (scratch.canvas.width !== canvas.width || scratch.canvas.height !== canvas.height) {
      scratch.canvas.width = canvas.width;
      scratch.canvas.height = canvas.height;
    }
    for (const part of parts) {
      const color = part.paintId === UNLABELLED_ID ? null : this.#map.colorOf(part.paintId);
      const box = clippedBox(boxOf(part.shape, toScreen), canvas, look, ratio);
      if (box === null || (color === null && part.paintId !== UNLABELLED_ID)) {
        continue;
      }
      const [x, y] = [box.left * ratio, box.top * ratio];
      const [width, height] = [(box.right - box.left) * ratio, (box.bottom - box.top) * ratio];
      scratch.save();
      scratch.beginPath();
      scratch.rect(x, y, width, height);
      scratch.clip();
      scratch.clearRect(x, y, width, height);
      scratch.save();
      scratch.scale(ratio, ratio);
      clipTo(scratch, look.outline);
      drawParts(scratch, [part], toScreen, () => color ?? "#000000");
      scratch.restore();
      if (color === null || look.opacity < 1) {
        scratch.globalCompositeOperation = "source-in";
        scratch.drawImage(this.#imagery(canvas), 0, 0);
        scratch.globalCompositeOperation = "source-atop";
        scratch.globalAlpha = look.opacity;
        scratch.fillStyle = color ?? "transparent";
        scratch.fillRect(x, y, width, height);
        scratch.globalAlpha = 1;
      }
      this.#leaveProtected(scratch, mosaicId, paint, box);
      scratch.restore();
      target.drawImage(scratch.canvas, x, y, width, height, x, y, width, height);
    }
  }

  /** Takes away what lies where the paint's rules keep it from painting. */
  #leaveProtected(scratch: CanvasRenderingContext2D, mosaicId: string, paint: LabelPaint, box: Box): void {
    if (!paint.paintable.includes(0)) {
      return;
    }
    if (this.#protected?.paint !== paint) {
      this.#protected = { paint, stamps: new Map() };
    }
    const { stamps } = this.#protected;
    const ratio = window.devicePixelRatio;
    scratch.globalCompositeOperation = "destination-out";
    scratch.imageSmoothingEnabled = false;
    for (const { ids, corners } of this.#map.labelTiles(mosaicId)) {
      const [origin, right, down] = corners;
      if (!overlaps(box, corners)) {
        continue;
      }
      const stamp = stamps.get(ids) ?? protectedStamp(ids, paint.paintable);
      stamps.set(ids, stamp);
      scratch.setTransform(
        (ratio * (right[0] - origin[0])) / TILE_SIZE,
        (ratio * (right[1] - origin[1])) / TILE_SIZE,
        (ratio * (down[0] - origin[0])) / TILE_SIZE,
        (ratio * (down[1] - origin[1])) / TILE_SIZE,
        ratio * origin[0],
        ratio * origin[1],
      );
      scratch.drawImage(stamp, 0, 0);
    }
  }

  /** The imagery on the map's background, as large as the canvas. */
  #imagery({ width, height }: HTMLCanvasElement): HTMLCanvasElement {
    const imagery = this.#map.imagery();
    const backdrop = this.#backdrop;
    const { canvas } = backdrop;
    const drawings = imagery?.drawings ?? 0;
    if (this.#backdropDrawings !== drawings || canvas.width !== width || canvas.height !== height) {
      this.#backdropDrawings = drawings;
      canvas.width = width;
      canvas.height = height;
      const page = getComputedStyle(document.documentElement);
      backdrop.fillStyle = page.getPropertyValue("--map-background") || "#000000";
      backdrop.fillRect(0, 0, width, height);
      if (imagery !== null) {
        backdrop.drawImage(imagery.canvas, 0, 0, width, height);
      }
    }
    return canvas;
  }
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (context === null) {
    throw new Error("A canvas to paint on was expected, but the browser gave none.");
  }
  return context;
}

/** Opaque where ids may not be painted over. */
function protectedStamp(ids: Uint8Array, paintable: Uint8Array): OffscreenCanvas {
  const stamp = new OffscreenCanvas(TILE_SIZE, TILE_SIZE);
  const image = new ImageData(TILE_SIZE, TILE_SIZE);
  const pixels = new Uint32Array(image.data.buffer);
  for (let pixel = 0; pixel < pixels.length; pixel++) {
    pixels[pixel] = paintable[ids[pixel] as number] === 1 ? 0 : 0xff_ff_ff_ff;
  }
  stamp.getContext("2d")?.putImageData(image, 0, 0);
  return stamp;
}

/** Where a shape lies on screen, with room for edges that are smoothed; null for one that can't be placed. */
function boxOf(shape: LabelShape, toScreen: ToScreen): Box | null {
  const around = shapeWindow(shape);
  const corners = around === null ? [] : cornersOf(around).map(toScreen);
  const placed = corners.filter((corner) => corner !== null);
  return placed.length === 0 || placed.length < corners.length ? null : boundsOf(placed, 2);
}

function cornersOf({ x, y, width, height }: PixelWindow): readonly PixelPoint[] {
  return [
    [x, y],
    [x + width, y],
    [x, y + height],
    [x + width, y + height],
  ];
}

function boundsOf(points: readonly PixelPoint[], margin: number): Box {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return {
    left: Math.floor(Math.min(...xs) - margin),
    top: Math.floor(Math.min(...ys) - margin),
    right: Math.ceil(Math.max(...xs) + margin),
    bottom: Math.ceil(Math.max(...ys) + margin),
  };
}

/** What of a box the canvas and the labels' span of it have; null for nothing. */
function clippedBox(
  box: Box | null,
  { width, height }: HTMLCanvasElement,
  { from, to }: LabelLook,
  ratio: number,
): Box | null {
  if (box === null) {
    return null;
  }
  const left = Math.max(box.left, 0, Math.round((from * width) / ratio));
  const right = Math.min(box.right, Math.round((to * width) / ratio));
  const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, Math.ceil(height / ratio))];
  return left < right && top < bottom ? { left, top, right, bottom } : null;
}

function overlaps(box: Box, [origin, right, down]: LabelTileOnScreen["corners"]): boolean {
  const across: PixelPoint = [right[0] + down[0] - origin[0], right[1] + down[1] - origin[1]];
  const tile = boundsOf([origin, right, down, across], 0);
  return tile.left < box.right && tile.right > box.left && tile.top < box.bottom && tile.bottom > box.top;
}

function clipTo(context: CanvasRenderingContext2D, outline: readonly PixelPoint[]): void {
  context.beginPath();
  for (const [x, y] of outline) {
    context.lineTo(x, y);
  }
  context.clip();
}
