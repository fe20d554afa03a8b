import { apply } from "ol/transform.js";
import type { Extent } from "ol/extent.js";
import type { FrameState } from "ol/Map.js";

/** A share of the map's width, 0–1 from the left. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** All of the map's width. */
export const fullSpan: Span = { from: 0, to: 1 };

/** A rectangle of device pixels from the *lower* left corner, as `gl.scissor` takes it; width 0 draws nothing. */
export interface ScissorBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The device pixels in which a mosaic can draw anything: its bounds on screen, cut to a span of the map.
 *
 * OpenLayers copies each source through a frame buffer of the whole map; with a scissor only the mosaic's own part is
 * copied, which is what makes many mosaics affordable.
 */
export function scissorBox(
  frame: Pick<FrameState, "size" | "pixelRatio" | "coordinateToPixelTransform">,
  mapExtent: Extent,
  span: Span,
): ScissorBox {
  const [mapWidth = 0, mapHeight = 0] = frame.size;
  const [minX = 0, minY = 0, maxX = 0, maxY = 0] = mapExtent;
  const corners = [
    [minX, minY],
    [minX, maxY],
    [maxX, minY],
    [maxX, maxY],
  ].map((corner) => apply(frame.coordinateToPixelTransform, [...corner]));
  const xs = corners.map(([x = 0]) => x);
  const ys = corners.map(([, y = 0]) => y);
  const left = Math.max(0, Math.floor(Math.min(...xs)) - 1, span.from * mapWidth);
  const right = Math.min(mapWidth, Math.ceil(Math.max(...xs)) + 1, span.to * mapWidth);
  const top = Math.max(0, Math.floor(Math.min(...ys)) - 1);
  const bottom = Math.min(mapHeight, Math.ceil(Math.max(...ys)) + 1);
  const ratio = frame.pixelRatio;
  const deviceLeft = Math.round(left * ratio);
  const deviceBottom = Math.round((mapHeight - bottom) * ratio);
  return {
    x: deviceLeft,
    y: deviceBottom,
    width: Math.max(0, Math.round(right * ratio) - deviceLeft),
    height: Math.max(0, Math.round((mapHeight - top) * ratio) - deviceBottom),
  };
}

/** What two boxes have in common; without any, nothing. */
export function boxIntersection(first: ScissorBox, second: ScissorBox): ScissorBox {
  const x = Math.max(first.x, second.x);
  const y = Math.max(first.y, second.y);
  return {
    x,
    y,
    width: Math.max(0, Math.min(first.x + first.width, second.x + second.width) - x),
    height: Math.max(0, Math.min(first.y + first.height, second.y + second.height) - y),
  };
}
