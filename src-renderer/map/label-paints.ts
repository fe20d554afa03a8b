import { windowIntersection, type PixelWindow } from "#shared/geo/pixel-window.ts";
import type { LabelEdit, LabelShape, PixelPoint } from "#shared/labels/label-edit.ts";
import { paintPixels } from "#shared/labels/paint-pixels.ts";
import { rasterizeShape, shapeWindow } from "#shared/labels/rasterize-shape.ts";
import type { LabelPaint } from "../state/labelling.svelte.ts";
import type { TilePlan } from "./mosaic-grid.ts";
import { TILE_SIZE, type TileRequest } from "./tile-request.ts";
import { warpTile } from "./warp.ts";

/** What was painted and may not be in tiles yet, by mosaic: on its way to the host, or stored after a tile was asked for. */
export class LabelPaints {
  readonly #paints = new Map<string, Set<LabelPaint>>();

  add(mosaicId: string, paint: LabelPaint): void {
    const paints = this.#paints.get(mosaicId) ?? new Set();
    this.#paints.set(mosaicId, paints.add(paint));
  }

  /** Whether a gesture is painting just now. */
  get isPainting(): boolean {
    return [...this.#paints.values()].some((paints) =>
      [...paints].some(({ state }) => state.kind === "open"),
    );
  }

  /** Paints a tile's bytes with all that had not been stored when it was asked for. */
  amend(mosaicId: string, plan: TilePlan, bytes: Uint8Array, since: number): void {
    const paints = this.#paints.get(mosaicId);
    for (const paint of paints ?? []) {
      const { state } = paint;
      if (
        state.kind === "dropped" ||
        (state.kind === "stored" && performance.now() - state.at > KEPT_MILLISECONDS)
      ) {
        paints?.delete(paint);
      } else if (state.kind !== "stored" || state.at > since) {
        paintTile(plan, bytes, paint.paintable, paint.parts);
      }
    }
  }
}

/** A tile that is asked for later than this is never answered with what was before. */
const KEPT_MILLISECONDS = 60_000;

/** Paints the bytes of a tile as the host will paint the mosaic; says whether the tile has any of it. */
export function paintTile(
  plan: TilePlan,
  bytes: Uint8Array,
  paintable: Uint8Array,
  parts: LabelEdit["parts"],
): boolean {
  if (plan.kind === "empty") {
    return false;
  }
  let isTouched = false;
  for (const { paintId, shape } of parts) {
    const mask = tileMask(plan, shape);
    if (mask !== null) {
      isTouched = paintPixels(bytes, mask, paintId, paintable) > 0 || isTouched;
    }
  }
  return isTouched;
}

/** Whether parts may cover some of a tile. */
export function reachesTile(plan: TilePlan, parts: LabelEdit["parts"]): boolean {
  return (
    plan.kind !== "empty" &&
    parts.some(({ shape }) => {
      const around = shapeWindow(shape);
      return around !== null && windowIntersection(around, plan.request.pixelWindow) !== null;
    })
  );
}

/** 1 where a shape covers a tile's pixels; null where it lies beside the tile. Goes the way that a tile's own pixels go. */
function tileMask(plan: Exclude<TilePlan, { kind: "empty" }>, shape: LabelShape): Uint8Array | null {
  const { request } = plan;
  const around = shapeWindow(shape);
  if (around === null || windowIntersection(around, request.pixelWindow) === null) {
    return null;
  }
  const mask = requestMask(request, shape, around);
  if (plan.kind === "copy") {
    return mask;
  }
  return warpTile(
    plan.mesh,
    request,
    { ...request.size, bands: 1, data: mask },
    { side: TILE_SIZE, fill: 0, resampling: "nearest" },
  );
}

/** The mask of a shape at the size that a window is read at. */
function requestMask({ pixelWindow, size }: TileRequest, shape: LabelShape, around: PixelWindow): Uint8Array {
  const scale = size.width / pixelWindow.width;
  const whole = { x: 0, y: 0, width: size.width, height: size.height };
  if (shape.kind === "bitmap" && scale !== 1) {
    return sampledBitmap({ pixelWindow, size }, shape, around);
  }
  return rasterizeShape(movedShape(shape, pixelWindow, scale), whole);
}

function movedShape(shape: LabelShape, { x, y }: PixelWindow, scale: number): LabelShape {
  // A smaller tile shows the pixel to the right of and below the middle of each sample, whose own middle is half a pixel farther.
  const half = scale < 1 ? 0.5 : 0;
  const move = ([pointX, pointY]: PixelPoint): PixelPoint => [
    (pointX - x - half) * scale,
    (pointY - y - half) * scale,
  ];
  switch (shape.kind) {
    case "stroke":
      // A tip thinner than a pixel of the tile still shows.
      return {
        ...shape,
        radius: Math.max(0.5, shape.radius * scale),
        points: shape.points.map(move),
      };
    case "polygon":
      return { ...shape, rings: shape.rings.map((ring) => ring.map(move)) };
    case "bitmap": {
      const { pixelWindow } = shape;
      return { ...shape, pixelWindow: { ...pixelWindow, x: pixelWindow.x - x, y: pixelWindow.y - y } };
    }
  }
}

/** Nearest pixels of a bitmap, as a smaller tile shows them. */
function sampledBitmap(
  { pixelWindow, size }: TileRequest,
  shape: LabelShape,
  around: PixelWindow,
): Uint8Array {
  const mask = new Uint8Array(size.width * size.height);
  const shared = windowIntersection(around, pixelWindow);
  if (shared === null) {
    return mask;
  }
  const full = rasterizeShape(shape, shared);
  const step = pixelWindow.width / size.width;
  for (let row = 0; row < size.height; row += 1) {
    const y = Math.floor(pixelWindow.y + (row + 0.5) * step) - shared.y;
    for (let column = 0; column < size.width && y >= 0 && y < shared.height; column += 1) {
      const x = Math.floor(pixelWindow.x + (column + 0.5) * step) - shared.x;
      if (x >= 0 && x < shared.width) {
        mask[row * size.width + column] = full[y * shared.width + x] as number;
      }
    }
  }
  return mask;
}
