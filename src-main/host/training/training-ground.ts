import { createHash } from "node:crypto";
import type { Run, TilesFingerprint } from "#shared/training/run.ts";
import type { GroundSplit } from "#shared/training/saved-split.ts";
import type { LabelKnowledge, MosaicTile, TileSplit } from "#shared/training/tile-split.ts";

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
