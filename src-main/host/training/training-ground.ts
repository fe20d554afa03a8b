import { createHash } from "node:crypto";
import type { Run, TilesFingerprint } from "#shared/training/run.ts";
import type { GroundSplit } from "#shared/training/saved-split.ts";
import type { LabelKnowledge, MosaicTile, TileSplit, ValidationTile } from "#shared/training/tile-split.ts";

/** The tiles of a training as areas: what was counted of validation tiles, and whole tiles else. */
export function groundOfTiles(split: TileSplit): GroundSplit {
  const { training, test } = split;
  const parts = { training, test, validation: countedTiles(split) } as const;
  return {
    areas: (["training", "test", "validation"] as const).flatMap((part) =>
      parts[part].map(({ mosaicId, pixelWindow }) => ({
        ...{ part, mosaicId },
        shape: { kind: "window" as const, pixelWindow },
      })),
    ),
    rest: "unused",
    guardMeters: 0,
  };
}

/**
 * The split that `groundOfTiles` was told of, found again among the tiles that its mosaics are cut into; what was counted of a validation tile ends where the tile
 * ends. Null where a tile isn't there any more.
 */
export function tilesOfGround({ areas }: GroundSplit, grid: readonly MosaicTile[]): TileSplit | null {
  const tiles = new Map(grid.map((tile) => [endOf(tile), tile]));
  const parts: { training: MosaicTile[]; test: MosaicTile[]; validation: ValidationTile[] } = {
    ...{ training: [], test: [], validation: [] },
  };
  for (const { mosaicId, part, shape } of areas) {
    const pixelWindow = shape.kind === "window" ? shape.pixelWindow : null;
    const tile = pixelWindow === null ? undefined : tiles.get(endOf({ mosaicId, pixelWindow }));
    if (tile === undefined || pixelWindow === null) {
      return null;
    }
    if (part === "validation") {
      parts.validation.push({ ...tile, counted: pixelWindow });
    } else if (part !== "unused") {
      parts[part].push(tile);
    }
  }
  return { ...parts, unlabelledTiles: 0, unusedTiles: 0, warnings: [] };
}

function endOf({ mosaicId, pixelWindow: { x, y, width, height } }: Tile): string {
  return `${x + width} ${y + height} ${mosaicId}`;
}

/** Whether two splits have the same tiles in their parts. */
export function isSameGround(one: TileSplit, other: TileSplit): boolean {
  const word = (split: TileSplit): string => JSON.stringify(groundOfTiles(split).areas);
  return word(one) === word(other);
}

/** What tells the data of two trainings apart. */
export function dataFingerprint(
  split: TileSplit,
  labels: Pick<LabelKnowledge, "classPixels">,
): NonNullable<Run["data"]> {
  return {
    training: tilesFingerprint(split.training, labels),
    validation: tilesFingerprint(countedTiles(split), labels),
  };
}

type Tile = Pick<MosaicTile, "mosaicId" | "pixelWindow">;

function countedTiles({ validation }: TileSplit): Tile[] {
  return validation.map(({ mosaicId, counted }) => ({ mosaicId, pixelWindow: counted }));
}

function tilesFingerprint(
  tiles: readonly Tile[],
  labels: Pick<LabelKnowledge, "classPixels">,
): TilesFingerprint {
  const ground = createHash("sha256");
  const labelled = createHash("sha256");
  for (const { mosaicId, pixelWindow } of tiles) {
    const { x, y, width, height } = pixelWindow;
    ground.update(`${mosaicId} ${x} ${y} ${width} ${height}\n`);
    labelled.update(`${labels.classPixels(mosaicId, pixelWindow).join(" ")}\n`);
  }
  return { tiles: tiles.length, ground: shortened(ground), labels: shortened(labelled) };
}

/** 64 bits: enough to tell apart what one project holds. */
function shortened(hash: ReturnType<typeof createHash>): string {
  return hash.digest("hex").slice(0, 16);
}
