import { extentsOverlap, type MapExtent } from "../geo/bounds.ts";
import { isNearer } from "../geo/pixel-window.ts";
import { mosaicsOverlap, windowGround } from "./ground-overlap.ts";
import { seededRandom } from "./seeded-random.ts";
import { classTotals, type MosaicTile, type SplitInput, type SplitParts } from "./tile-split.ts";
import type { SplitSettings } from "./training-settings.ts";

/** So many orders of the blocks are drawn to find one after which no class is missing in either part. */
const MOST_DRAWS = 64;

/**
 * Keeps square blocks of tiles for validation until `share` of the labelled tiles is reached, and leaves out of training what is
 * nearer to them than the guard band, or shows the same ground in another mosaic. Of the blocks that the seed draws, the first are taken that leave
 * each class in both parts, where there are such.
 */
export function splitByBlocks(
  { mosaics, tiles, tilePixels, labels, seed }: SplitInput,
  { share, blockTiles, guardTiles }: Extract<SplitSettings, { kind: "blocks" }>,
): SplitParts {
  const blocks = new Map<string, MosaicTile[]>();
  for (const tile of tiles) {
    const key = `${Math.floor(tile.column / blockTiles)}/${Math.floor(tile.row / blockTiles)}/${tile.mosaicId}`;
    blocks.set(key, [...(blocks.get(key) ?? []), tile]);
  }
  const wanted = Math.max(1, tiles.length * share);
  const validation = chosenBlocks([...blocks.values()], wanted, { labels, seed });

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

function chosenBlocks(
  blocks: readonly (readonly MosaicTile[])[],
  wanted: number,
  { labels, seed }: Pick<SplitInput, "labels" | "seed">,
): ReadonlySet<MosaicTile> {
  const random = seededRandom(seed, "split", "blocks");
  const totals = new Map(
    blocks.map((block) => [block, labels === null ? [] : classTotals(block, labels)] as const),
  );
  let best: ReadonlySet<readonly MosaicTile[]> = new Set();
  let fewestMissing = Infinity;
  for (let draw = 0; draw < MOST_DRAWS && fewestMissing > 0; draw += 1) {
    const order = random.shuffled(blocks);
    const held = heldBlocks(order, wanted);
    const missing = (labels?.classNames ?? []).filter((_, index) => {
      const occursWhere = (isHeld: boolean): boolean =>
        order.some((block) => held.has(block) === isHeld && (totals.get(block)?.[index] ?? 0) > 0);
      return occursWhere(true) !== occursWhere(false);
    }).length;
    if (missing < fewestMissing) {
      [best, fewestMissing] = [held, missing];
    }
  }
  return new Set([...best].flat());
}

/** The first of these blocks, until they have the tiles that are wanted. */
function heldBlocks(
  order: readonly (readonly MosaicTile[])[],
  wanted: number,
): ReadonlySet<readonly MosaicTile[]> {
  const held = new Set<readonly MosaicTile[]>();
  let tiles = 0;
  for (const block of order.slice(0, -1)) {
    // A block more is taken only where that comes nearer to the share than stopping.
    if (held.size === 0 || tiles + block.length / 2 <= wanted) {
      held.add(block);
      tiles += block.length;
    }
  }
  return held;
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
