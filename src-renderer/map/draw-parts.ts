import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { LabelEdit, LabelShape, PixelPoint } from "#shared/labels/label-edit.ts";
import { visitRuns } from "#shared/labels/runs.ts";

/** From mosaic pixels to screen pixels; null for what can't be placed. */
export type ToScreen = (point: PixelPoint) => PixelPoint | null;

/** Draws the shapes of an edit on a canvas whose unit is a screen pixel, each in the style of its id. */
export function drawParts(
  context: CanvasRenderingContext2D,
  parts: LabelEdit["parts"],
  toScreen: ToScreen,
  styleOf: (paintId: number) => string | CanvasPattern | null,
): void {
  for (const { paintId, shape } of parts) {
    const style = styleOf(paintId);
    if (style !== null) {
      context.fillStyle = style;
      context.strokeStyle = style;
      drawShape(context, shape, toScreen, style);
    }
  }
}

function drawShape(
  context: CanvasRenderingContext2D,
  shape: LabelShape,
  toScreen: ToScreen,
  style: string | CanvasPattern,
): void {
  switch (shape.kind) {
    case "stroke": {
      const points = shape.points.map(toScreen).filter((point) => point !== null);
      const radius = shape.radius * scaleAt(shape.points[0] ?? [0, 0], toScreen);
      if (shape.tip === "round") {
        drawRound(context, points, radius);
      } else {
        drawSquare(context, points, radius);
      }
      break;
    }
    case "polygon":
      context.beginPath();
      for (const ring of shape.rings) {
        for (const [index, point] of ring.entries()) {
          const [x, y] = toScreen(point) ?? [0, 0];
          if (index === 0) {
            context.moveTo(x, y);
          } else {
            context.lineTo(x, y);
          }
        }
        context.closePath();
      }
      context.fill("evenodd");
      break;
    case "bitmap":
      drawBitmap(context, shape, toScreen, style);
      break;
  }
}

/** Screen pixels of a mosaic pixel. */
function scaleAt([x, y]: PixelPoint, toScreen: ToScreen): number {
  const here = toScreen([x, y]);
  const there = toScreen([x + 1, y]);
  return here === null || there === null ? 1 : Math.hypot(there[0] - here[0], there[1] - here[1]);
}

function drawRound(context: CanvasRenderingContext2D, points: readonly PixelPoint[], radius: number): void {
  const [first] = points;
  if (first === undefined) {
    return;
  }
  context.beginPath();
  if (points.length === 1) {
    context.arc(first[0], first[1], radius, 0, 2 * Math.PI);
    context.fill();
    return;
  }
  context.lineWidth = radius * 2;
  context.lineCap = "round";
  context.lineJoin = "round";
  context.moveTo(first[0], first[1]);
  for (const [x, y] of points.slice(1)) {
    context.lineTo(x, y);
  }
  context.stroke();
}

/** A square moved along a path: of each step the outline around the squares at its ends. */
function drawSquare(context: CanvasRenderingContext2D, points: readonly PixelPoint[], half: number): void {
  for (const [index, to] of points.entries()) {
    const from = points[index - 1] ?? to;
    const [left, top] = [Math.min(from[0], to[0]) - half, Math.min(from[1], to[1]) - half];
    const [right, bottom] = [Math.max(from[0], to[0]) + half, Math.max(from[1], to[1]) + half];
    const side = half * 2;
    const falls = (to[0] - from[0]) * (to[1] - from[1]) >= 0;
    const outline: readonly PixelPoint[] = falls
      ? [
          [left, top],
          [left + side, top],
          [right, bottom - side],
          [right, bottom],
          [right - side, bottom],
          [left, top + side],
        ]
      : [
          [right, top],
          [right, top + side],
          [left + side, bottom],
          [left, bottom],
          [left, bottom - side],
          [right - side, top],
        ];
    context.beginPath();
    for (const [x, y] of outline) {
      context.lineTo(x, y);
    }
    context.fill();
  }
}

/** Larger ones, which take longer than a frame, are drawn by the map alone, a frame later. */
const MOST_BITMAP_PIXELS = 2 ** 20;

function drawBitmap(
  context: CanvasRenderingContext2D,
  { pixelWindow, runs }: Extract<LabelShape, { kind: "bitmap" }>,
  toScreen: ToScreen,
  style: string | CanvasPattern,
): void {
  const { width, height } = pixelWindow;
  if (width * height > MOST_BITMAP_PIXELS) {
    return;
  }
  const stamp = new OffscreenCanvas(width, height);
  const own = stamp.getContext("2d");
  if (own === null) {
    return;
  }
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  visitRuns(runs, width * height, (start, end) => pixels.fill(0xff_ff_ff_ff, start, end));
  own.putImageData(image, 0, 0);
  own.globalCompositeOperation = "source-in";
  own.fillStyle = style;
  own.fillRect(0, 0, width, height);
  drawStamp(context, stamp, pixelWindow, toScreen);
}

/** Draws a picture where a window of the mosaic lies, each of its pixels as a sharp block; not at all where that can't be placed. */
export function drawStamp(
  context: CanvasRenderingContext2D,
  stamp: OffscreenCanvas,
  { x, y, width, height }: PixelWindow,
  toScreen: ToScreen,
): void {
  const [origin, right, down] = [toScreen([x, y]), toScreen([x + width, y]), toScreen([x, y + height])];
  if (origin === null || right === null || down === null) {
    return;
  }
  context.save();
  context.imageSmoothingEnabled = false;
  context.transform(
    (right[0] - origin[0]) / stamp.width,
    (right[1] - origin[1]) / stamp.width,
    (down[0] - origin[0]) / stamp.height,
    (down[1] - origin[1]) / stamp.height,
    origin[0],
    origin[1],
  );
  context.drawImage(stamp, 0, 0);
  context.restore();
}
