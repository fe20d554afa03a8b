import type DataTile from "ol/DataTile.js";
import type { LabelPaint } from "../state/labelling.svelte.ts";

/** What the bytes of steps may take together; the oldest are forgotten first. */
const MOST_BYTES = 32 * 2 ** 20;

/** The bytes of tiles on one side of a step. */
type TileBytes = Map<DataTile, Uint8Array>;

/**
 * Bytes of the tiles that the last steps of this page have changed, so that taking a step back, or doing it again, shows without reading. What is
 * shown so is read again from the host afterwards: only that counts.
 */
export class LabelTileMemory {
  /** Oldest first; after `exchange` what a step holds is for doing it again. */
  readonly #steps = new Map<LabelPaint, TileBytes>();
  #bytes = 0;

  /** Keeps a tile as it is before a step changes it first. */
  keep(paint: LabelPaint, tile: DataTile, bytes: Uint8Array): void {
    const tiles = this.#steps.get(paint) ?? new Map<DataTile, Uint8Array>();
    this.#steps.set(paint, tiles);
    if (tiles.has(tile)) {
      return;
    }
    tiles.set(tile, bytes.slice());
    this.#bytes += bytes.length;
    for (const oldest of this.#steps.keys()) {
      if (this.#bytes <= MOST_BYTES) {
        break;
      }
      this.forget(oldest);
    }
  }

  /** Gives tiles the other side of a step, and keeps the one they had; false for a step that isn't remembered. */
  exchange(paint: LabelPaint): boolean {
    const tiles = this.#steps.get(paint);
    if (tiles === undefined) {
      return false;
    }
    for (const [tile, kept] of tiles) {
      const shown = tile.getData();
      if (shown instanceof Uint8Array && shown.length === kept.length) {
        const other = shown.slice();
        shown.set(kept);
        tiles.set(tile, other);
        tile.dispatchEvent("change");
      }
    }
    return true;
  }

  forget(paint: LabelPaint): void {
    for (const bytes of this.#steps.get(paint)?.values() ?? []) {
      this.#bytes -= bytes.length;
    }
    this.#steps.delete(paint);
  }
}
