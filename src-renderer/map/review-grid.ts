import type { State as ViewFrame } from "ol/View.js";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import { cellWindow } from "#shared/labels/review-cells.ts";
import type { MosaicReview } from "#shared/labels/review-contract.ts";
import { fitCanvas } from "./fit-canvas.ts";

/** The cells to draw. */
export interface ShownCells {
  /** In mosaic pixels. */
  readonly side: number;
  readonly mosaics: readonly MosaicReview[];
}

/** The map as the grid sees it. */
export interface GriddedMap {
  toScreen(mosaicId: string, point: PixelPoint): PixelPoint | null;
  viewed(): readonly { readonly mosaicId: string; readonly pixelWindow: PixelWindow }[];
  sizeOf(mosaicId: string): PixelSize | null;
}

/** Narrower cells are too many to tell apart, and to draw. */
const LEAST_SCREEN_PIXELS = 8;
/** Room for a cell's mark. */
const LEAST_MARKED_PIXELS = 22;
/** By state: to do, done, checked. Over imagery of any brightness, told apart by their marks too. */
const fills = [null, "rgb(47 128 237 / 20%)", "rgb(39 174 96 / 26%)"] as const;
const markColors = ["", "#2f80ed", "#1e8c4d"] as const;

/** A canvas over the map with the cells of the mosaics in view: a light grid, those that are done tinted and ticked. */
export class ReviewGrid {
  readonly element = document.createElement("canvas");
  readonly #map: GriddedMap;
  #shown: ShownCells | null = null;
  /** What is drawn: a frame that changes nothing of it costs nothing. */
  #drawn: unknown[] = [];

  constructor(map: GriddedMap) {
    this.#map = map;
    this.element.className = "review-grid";
    this.element.dataset["testid"] = "review-grid";
    this.element.style.cssText = "position:absolute;inset:0;width:100%;height:100%;pointer-events:none";
    this.element.hidden = true;
  }

  /** Null for no cells. */
  show(cells: ShownCells | null): void {
    this.#shown = cells;
    this.element.hidden = cells === null;
    this.#draw();
  }

  /** The map has been drawn; cells follow where it has moved. */
  afterFrame({ center, resolution, rotation }: ViewFrame): void {
    const { clientWidth, clientHeight } = this.element;
    const view = [this.#shown, ...center, resolution, rotation, clientWidth, clientHeight];
    if (view.some((value, index) => value !== this.#drawn[index])) {
      this.#drawn = view;
      this.#draw();
    }
  }

  dispose(): void {
    this.element.remove();
  }

  #draw(): void {
    const context = this.element.getContext("2d");
    if (context === null || (this.#shown === null && this.#drawn.length === 0)) {
      return;
    }
    fitCanvas(this.element);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.element.width, this.element.height);
    if (this.#shown === null) {
      return;
    }
    const { side, mosaics } = this.#shown;
    context.scale(window.devicePixelRatio, window.devicePixelRatio);
    const known = new Map(mosaics.map((mosaic) => [mosaic.mosaicId, mosaic]));
    for (const { mosaicId, pixelWindow } of this.#map.viewed()) {
      const mosaic = known.get(mosaicId);
      const size = this.#map.sizeOf(mosaicId);
      if (mosaic !== undefined && size !== null) {
        this.#drawMosaic(context, mosaic, { side, size, pixelWindow });
      }
    }
  }

  #drawMosaic(
    context: CanvasRenderingContext2D,
    { mosaicId, columns, rows, states, counts }: MosaicReview,
    {
      side,
      size,
      pixelWindow,
    }: { readonly side: number; readonly size: PixelSize; readonly pixelWindow: PixelWindow },
  ): void {
    const { x, y, width, height } = pixelWindow;
    const lastColumn = Math.min(columns - 1, Math.floor((x + width - 1) / side));
    const lastRow = Math.min(rows - 1, Math.floor((y + height - 1) / side));
    const screenSide = this.#screenLength(mosaicId, [x, y], side);
    for (let row = Math.floor(y / side); row <= lastRow; row += 1) {
      for (let column = Math.floor(x / side); column <= lastColumn; column += 1) {
        const index = row * columns + column;
        const state = states[index] ?? 0;
        if (counts?.imagery[index] === 0 || (state === 0 && screenSide < LEAST_SCREEN_PIXELS)) {
          continue;
        }
        const corners = this.#corners(mosaicId, cellWindow(size, side, { column, row }));
        if (corners === null) {
          continue;
        }
        tracePath(context, corners);
        const fill = fills[state] ?? null;
        if (fill !== null) {
          context.fillStyle = fill;
          context.fill();
        }
        if (screenSide >= LEAST_SCREEN_PIXELS) {
          // A dark line below a light one is seen on imagery of any brightness.
          context.lineWidth = 2;
          context.strokeStyle = "rgb(0 0 0 / 22%)";
          context.stroke();
          context.lineWidth = 1;
          context.strokeStyle = "rgb(255 255 255 / 60%)";
          context.stroke();
        }
        const corner = corners[0];
        if (state > 0 && screenSide >= LEAST_MARKED_PIXELS && corner !== undefined) {
          drawMark(context, [corner[0] + 5, corner[1] + 5], state);
        }
      }
    }
  }

  #corners(mosaicId: string, { x, y, width, height }: PixelWindow): PixelPoint[] | null {
    const points = (
      [
        [x, y],
        [x + width, y],
        [x + width, y + height],
        [x, y + height],
      ] as const
    ).map((point) => this.#map.toScreen(mosaicId, [...point]));
    return points.every((point) => point !== null) ? points : null;
  }

  #screenLength(mosaicId: string, [x, y]: PixelPoint, length: number): number {
    const from = this.#map.toScreen(mosaicId, [x, y]);
    const to = this.#map.toScreen(mosaicId, [x + length, y]);
    return from === null || to === null ? 0 : Math.hypot(to[0] - from[0], to[1] - from[1]);
  }
}

function tracePath(context: CanvasRenderingContext2D, corners: readonly PixelPoint[]): void {
  context.beginPath();
  for (const [x, y] of corners) {
    context.lineTo(x, y);
  }
  context.closePath();
}

/** One tick for done, two for checked. */
function drawMark(context: CanvasRenderingContext2D, [x, y]: PixelPoint, state: number): void {
  const width = state === 2 ? 17 : 12;
  context.fillStyle = markColors[state] ?? "#000000";
  context.beginPath();
  context.roundRect(x, y, width, 12, 3);
  context.fill();
  context.strokeStyle = "#ffffff";
  context.lineWidth = 1.5;
  for (let tick = 0; tick < state; tick += 1) {
    const left = x + 2.5 + tick * 5;
    context.beginPath();
    context.moveTo(left, y + 6.5);
    context.lineTo(left + 2.5, y + 9);
    context.lineTo(left + 7, y + 3.5);
    context.stroke();
  }
}
