import type { SplitMosaic } from "./ground-overlap.ts";
import { SplitError, type MosaicTile, type SplitInput, type SplitParts } from "./tile-split.ts";
import type { SplitSettings } from "./training-settings.ts";

/** Whether a list names a mosaic itself, and so all of its tiles. */
export function isListedWhole(
  { name }: Pick<SplitMosaic, "name">,
  { training, validation }: Extract<SplitSettings, { kind: "list" }>,
): boolean {
  return [...training, ...validation].some((line) => line.trim() === name);
}

/**
 * Takes the tiles that two lists name, as LandCover.ai publishes them: `<mosaic>_<index>`, an extension allowed; or whole mosaics by their own names, for
 * who knows better than their coordinates which ones show the same ground. Throws `SplitError` where a name stands for no tile of this size, or in both lists.
 */
export function splitByList(
  { mosaics, tiles, tilePixels }: SplitInput,
  { training, validation }: Extract<SplitSettings, { kind: "list" }>,
): SplitParts {
  const columns = new Map(mosaics.map(({ id, width }) => [id, Math.ceil(width / tilePixels)]));
  const nameOfId = new Map(mosaics.map(({ id, name }) => [id, name]));
  const tileOfName = new Map<string, MosaicTile>();
  for (const tile of tiles) {
    const index = tile.row * (columns.get(tile.mosaicId) ?? 0) + tile.column;
    tileOfName.set(`${nameOfId.get(tile.mosaicId) ?? ""}_${index}`, tile);
  }
  const mosaicNames = new Set(nameOfId.values());
  const unlabelled: string[] = [];
  const find = (listed: readonly string[]): Set<MosaicTile> => {
    const found = new Set<MosaicTile>();
    const unknown: string[] = [];
    for (const line of listed) {
      const whole = mosaics.find((mosaic) => mosaic.name === line.trim());
      if (whole !== undefined) {
        tiles.filter((tile) => tile.mosaicId === whole.id).forEach((tile) => found.add(tile));
        continue;
      }
      const name = line.trim().replace(/\.(?:jpe?g|png|tiff?)$/i, "");
      const tile = tileOfName.get(name);
      if (tile !== undefined) {
        found.add(tile);
      } else if (mosaicNames.has(name.replace(/_\d+$/, ""))) {
        unlabelled.push(name);
      } else if (name !== "") {
        unknown.push(name);
      }
    }
    if (unknown.length > 0) {
      throw new SplitError(
        `The split list names ${unknown.length === 1 ? "a tile" : `${unknown.length} tiles`} of no mosaic here, the first “${unknown[0] ?? ""}”; ` +
          `a line is MOSAIC_INDEX, as in “${[...tileOfName.keys()][0] ?? "mosaic_0"}”.`,
      );
    }
    return found;
  };
  const trainingTiles = find(training);
  const validationTiles = find(validation);
  const shared = tiles.find((tile) => trainingTiles.has(tile) && validationTiles.has(tile));
  if (shared !== undefined) {
    const name = nameOfId.get(shared.mosaicId) ?? "";
    throw new SplitError(
      `A tile of ${name} (column ${shared.column}, row ${shared.row}) is in both lists: take it off one.`,
    );
  }
  return {
    training: tiles.filter((tile) => trainingTiles.has(tile)),
    validation: tiles.filter((tile) => validationTiles.has(tile)),
    warnings:
      unlabelled.length === 0
        ? []
        : [
            `${unlabelled.length} listed tiles, the first “${unlabelled[0] ?? ""}”, have no labelled pixel or are not whole tiles of ` +
              `${tilePixels} px, and are left out.`,
          ],
  };
}
