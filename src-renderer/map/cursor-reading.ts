import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import type { CursorReading } from "../state/cursor.svelte.ts";
import type { MapCanvas } from "./map-canvas.ts";
import { toGround } from "./projections.ts";

/** What lies under a screen pixel of the map, or under its middle, whether its layers are shown or not. */
export function readCursor(
  canvas: MapCanvas,
  pointer: readonly [number, number] | null,
): CursorReading | null {
  const size = canvas.map.getSize();
  if (size === undefined || canvas.projection === null) {
    return null;
  }
  // A pointer's position is the corner of the device pixel it points at; what is seen there is its middle.
  const half = 0.5 / window.devicePixelRatio;
  const screenPixel: readonly [number, number] =
    pointer === null ? [(size[0] ?? 0) / 2, (size[1] ?? 0) / 2] : [pointer[0] + half, pointer[1] + half];
  const mapPosition = canvas.positionAt(screenPixel);
  if (mapPosition === null) {
    return null;
  }
  const ground = toGround(canvas.projection)?.(mapPosition) ?? null;
  const found = canvas.mosaicAt(mapPosition);
  const reading = {
    mapPosition,
    groundPosition:
      ground !== null && ground.every(Number.isFinite) ? { longitude: ground[0], latitude: ground[1] } : null,
  };
  if (found === null) {
    canvas.layers.leavePixel();
    return { ...reading, pixel: null, labelId: null, prediction: null };
  }
  const pixel = { mosaicId: found.placed.mosaic.id, column: found.column, row: found.row };
  const { labels, prediction } = canvas.layers.classesAt(screenPixel, pixel);
  const [labelId = UNLABELLED_ID] = labels ?? [];
  const [classId = UNLABELLED_ID, confidence = 0] = prediction ?? [];
  return {
    ...reading,
    pixel,
    labelId: labelId === UNLABELLED_ID ? null : labelId,
    prediction:
      classId === UNLABELLED_ID ? null : { classId, confidence: confidence === 0 ? null : confidence / 255 },
  };
}
