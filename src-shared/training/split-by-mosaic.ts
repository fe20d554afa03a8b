import { overlapGroups, type SplitMosaic } from "./ground-overlap.ts";
import { seededRandom } from "./seeded-random.ts";
import { SplitError, type SplitInput, type SplitParts } from "./tile-split.ts";

/** Beyond this many groups their subsets are drawn rather than tried one by one. */
const EXHAUSTIVE_GROUPS = 12;
const DRAWN_SUBSETS = 2000;
/** Two shares this close are equally good; the seed decides between them. */
const SHARE_TOLERANCE = 0.02;
/** A class that is missing in one part weighs as much as missing the share by this. */
const MISSING_CLASS_COST = 0.25;

interface Group {
  readonly mosaics: readonly SplitMosaic[];
  readonly pixels: number;
  readonly classPixels: readonly number[];
}

/**
 * Keeps whole mosaics for validation, those that overlap on the ground together, so that `share` is met by area as closely as the
 * mosaics allow without a class that one of the parts lacks. Throws `SplitError` where all mosaics overlap.
 */
export function splitByMosaic({ mosaics, tiles, labels, seed }: SplitInput, share: number): SplitParts {
  const labelledIds = new Set(tiles.map((tile) => tile.mosaicId));
  const groups = overlapGroups(mosaics)
    .map((members) => members.filter(({ id }) => labelledIds.has(id)))
    .filter((members) => members.length > 0)
    .map((members): Group => {
      const memberIds = new Set(members.map(({ id }) => id));
      const own = tiles.filter((tile) => memberIds.has(tile.mosaicId));
      const classPixels = (labels?.classNames ?? []).map(() => 0);
      for (const tile of labels === null ? [] : own) {
        for (const [index, pixels] of (
          labels?.classPixels(tile.mosaicId, tile.pixelWindow) ?? []
        ).entries()) {
          classPixels[index] = (classPixels[index] ?? 0) + pixels;
        }
      }
      const pixels = members.reduce((sum, { width, height }) => sum + width * height, 0);
      return { mosaics: members, pixels, classPixels };
    });
  if (groups.length < 2) {
    throw new SplitError(
      mosaics.length < 2
        ? "A split by mosaic needs two labelled mosaics, but there is one: split by blocks instead."
        : "A split by mosaic needs two labelled mosaics on different ground, but these all overlap: split by blocks instead.",
    );
  }
  const chosen = bestSubset(groups, share, seed);
  const validationIds = new Set(chosen.flatMap((group) => group.mosaics.map(({ id }) => id)));
  const reached = pixelSum(chosen) / pixelSum(groups);
  return {
    training: tiles.filter((tile) => !validationIds.has(tile.mosaicId)),
    validation: tiles.filter((tile) => validationIds.has(tile.mosaicId)),
    warnings:
      Math.abs(reached - share) > 0.1
        ? [
            `Whole mosaics give ${percent(reached)} of the area to validation, not the ${percent(share)} asked for.`,
          ]
        : [],
  };
}

function bestSubset(groups: readonly Group[], share: number, seed: number): Group[] {
  const order = seededRandom(seed, "split", "mosaic").shuffled(groups);
  let best: Group[] = [];
  let bestCost = Infinity;
  for (const subset of subsets(order, seed)) {
    const cost = subsetCost(order, subset, share);
    if (cost < bestCost - 1e-9) {
      bestCost = cost;
      best = subset;
    }
  }
  return best;
}

function* subsets(groups: readonly Group[], seed: number): Generator<Group[]> {
  if (groups.length <= EXHAUSTIVE_GROUPS) {
    for (let members = 1; members < 2 ** groups.length - 1; members++) {
      yield groups.filter((_, index) => (members >> index) % 2 === 1);
    }
    return;
  }
  const random = seededRandom(seed, "split", "mosaic", "subsets");
  for (let draw = 0; draw < DRAWN_SUBSETS; draw++) {
    const order = random.shuffled(groups);
    const count = 1 + random.integer(groups.length - 1);
    yield order.slice(0, count);
  }
}

function subsetCost(groups: readonly Group[], subset: readonly Group[], share: number): number {
  const rest = groups.filter((group) => !subset.includes(group));
  const missed = Math.abs(pixelSum(subset) / pixelSum(groups) - share);
  const missing = (groups[0]?.classPixels ?? []).filter((_, index) => {
    const occursIn = (part: readonly Group[]): boolean =>
      part.some((group) => (group.classPixels[index] ?? 0) > 0);
    return occursIn(groups) && (!occursIn(subset) || !occursIn(rest));
  }).length;
  return Math.floor(missed / SHARE_TOLERANCE) * SHARE_TOLERANCE + missing * MISSING_CLASS_COST;
}

function pixelSum(groups: readonly Group[]): number {
  return groups.reduce((sum, group) => sum + group.pixels, 0);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
