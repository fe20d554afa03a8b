import type { MapPosition } from "#shared/geo/affine.ts";
import type { GroundPosition } from "./coordinates.ts";

/** The mosaic under the cursor and the pixel of it. */
export interface MosaicPixel {
  readonly mosaicId: string;
  readonly column: number;
  readonly row: number;
}

/** Everything that is known of the place under the cursor. */
export interface CursorReading {
  readonly mapPosition: MapPosition;
  /** Null on a map without a known CRS. */
  readonly groundPosition: GroundPosition | null;
  readonly pixel: MosaicPixel | null;
  /** Null where there is no label, or none loaded. */
  readonly labelId: number | null;
  /** Null where nothing was predicted; `confidence` is 0–1, null when the prediction has none. */
  readonly prediction: { readonly classId: number; readonly confidence: number | null } | null;
}

/** What is under the cursor; without a cursor, what is in the middle of the map. */
export class Cursor {
  reading: CursorReading | null = $state.raw(null);
  /** True while the pointer is on the map, so that the status bar can tell it from the middle. */
  onMap = $state(false);
}
