import { extentsOverlap, type MapExtent } from "../geo/bounds.ts";
import { isNearer } from "../geo/pixel-window.ts";
import { mosaicsOverlap, windowGround } from "./ground-overlap.ts";
import { seededRandom } from "./seeded-random.ts";
import type { MosaicTile, SplitInput, SplitParts } from "./tile-split.ts";
import type { SplitSettings } from "./training-settings.ts";

/**
 * Keeps square blocks of tiles for validation until `share` of the labelled tiles is reached, and leaves out of training what is
 * nearer to them than the guard band, or shows the same ground in another mosaic.
 */
export function splitByBlocks(
  { mosaics, tiles, tilePixels, seed }: SplitInput,
  { share, blockTiles, guardTiles }: Extract<SplitSettings, { kind: "blocks" }>,
): SplitParts {
  const blocks = new Map<string, MosaicTile[]>();
  for (const tile of tiles) {
    const key = `${Math.floor(tile.column / blockTiles)}/${Math.floor(tile.row / blockTiles)}/${tile.mosaicId}`;
    blocks.set(key, [...(blocks.get(key) ?? []), tile]);
  }
  const wanted = Math.max(1, tiles.length * share);
  const validation = new Set<MosaicTile>();
  const order = seededRandom(seed, "split", "blocks").shuffled([...blocks.values()]);
  for (const block of order.slice(0, -1)) {
    // A block more is taken only where that comes nearer to the share than stopping.
    if (validation.size === 0 || validation.size + block.length / 2 <= wanted) {
      block.forEach((tile) => validation.add(tile));
    }
  }

  const guardPixels = guardTiles * tilePixels;
  const mosaicOfId = new Map(mosaics.map((mosaic) => [mosaic.id, mosaic]));
  const validationOfMosaic = new Map<string, MosaicTile[]>();
  for (const tile of validation) {
    validationOfMosaic.set(tile.mosaicId, [...(validationOfMosaic.get(tile.mosaicId) ?? []), tile]);
  }
  const isNear = (tile: MosaicTile): boolean => {
    const own = validationOfMosaic.get(tile.mosaicId) ?? [];
    if (own.some((other) => isNearer(tile.pixelWindow, other.pixelWindow, guardPixels))) {
      return true;
    }
    const mosaic = mosaicOfId.get(tile.mosaicId);
    return mosaics.some((other) => {
      if (mosaic === undefined || other === mosaic || !mosaicsOverlap(mosaic, other)) {
        return false;
      }
      const ground = grown(windowGround(mosaic, tile.pixelWindow), guardPixels / tilePixels);
      return (validationOfMosaic.get(other.id) ?? []).some((held) => {
        const heldGround = windowGround(other, held.pixelWindow);
        return ground !== null && heldGround !== null && extentsOverlap(ground, heldGround);
      });
    });
  };
  return {
    training: tiles.filter((tile) => !validation.has(tile) && !isNear(tile)),
    validation: tiles.filter((tile) => validation.has(tile)),
    warnings: [],
  };
}

/** A ground rectangle with a margin of so many times its own sides. */
function grown(extent: MapExtent | null, times: number): MapExtent | null {
  if (extent === null) {
    return null;
  }
  const [minX, minY, maxX, maxY] = extent;
  const across = (maxX - minX) * times;
  const down = (maxY - minY) * times;
  return [minX - across, minY - down, maxX + across, maxY + down];
}
