import { extentsOverlap } from "../geo/bounds.ts";
import type { PixelWindow } from "../geo/pixel-window.ts";
import { byMosaic, mosaicsOverlap, windowGround, type SplitMosaic } from "./ground-overlap.ts";
import type { SplitPart } from "./saved-split.ts";
import type { SplitPreview } from "./split-preview.ts";

/** A tile with what it is used for. */
export interface PartTile {
  readonly mosaicId: string;
  readonly pixelWindow: PixelWindow;
  readonly part: SplitPart;
}

const PAIRS = [
  ["training", "validation"],
  ["training", "test"],
  ["validation", "test"],
] as const satisfies readonly (readonly [SplitPart, SplitPart])[];

/** More held-back tiles than this are sampled evenly when distances are measured. */
const MOST_MEASURED = 2000;

/** Which tiles of one part touch or overlap those of another: counted are the tiles of the second part, each once. */
export function splitLeaks(
  mosaics: readonly SplitMosaic[],
  tiles: readonly PartTile[],
): SplitPreview["leaks"] {
  const tilesOf = byMosaic(tiles);
  return PAIRS.map(([first, second]) => {
    let touching = 0;
    let overlapping = 0;
    for (const mosaic of mosaics) {
      const own = (tilesOf.get(mosaic.id) ?? []).filter(({ part }) => part === first);
      const neighbours = mosaics.filter((other) => other !== mosaic && mosaicsOverlap(mosaic, other));
      for (const tile of tilesOf.get(mosaic.id) ?? []) {
        if (tile.part !== second) {
          continue;
        }
        const gap = own.reduce(
          (least, other) => Math.min(least, gapOf(tile.pixelWindow, other.pixelWindow)),
          1,
        );
        const ground = windowGround(mosaic, tile.pixelWindow);
        const sharesGround =
          ground !== null &&
          neighbours.some((other) =>
            (tilesOf.get(other.id) ?? []).some(({ part, pixelWindow }) => {
              const theirs = part === first ? windowGround(other, pixelWindow) : null;
              return theirs !== null && extentsOverlap(ground, theirs);
            }),
          );
        if (gap < 0 || sharesGround) {
          overlapping++;
        } else if (gap === 0) {
          touching++;
        }
      }
    }
    return { first, second, touching, overlapping };
  });
}

/** How far held-back tiles are from the nearest training tile of their mosaic. */
export function nearestTraining(
  mosaics: readonly SplitMosaic[],
  tiles: readonly PartTile[],
): SplitPreview["nearest"] {
  const metersOf = new Map(mosaics.map(({ id, pixelMeters }) => [id, pixelMeters ?? null]));
  const held = tiles.filter(({ part }) => part === "validation" || part === "test");
  const stride = Math.max(1, Math.ceil(held.length / MOST_MEASURED));
  const isOnGround = held.every(({ mosaicId }) => (metersOf.get(mosaicId) ?? null) !== null);
  const distances: number[] = [];
  const training = byMosaic(tiles.filter(({ part }) => part === "training"));
  for (let index = 0; index < held.length; index += stride) {
    const { mosaicId, pixelWindow } = held[index]!;
    const own = training.get(mosaicId) ?? [];
    if (own.length > 0) {
      const gap = own.reduce(
        (least, other) => Math.min(least, distanceOf(pixelWindow, other.pixelWindow)),
        Infinity,
      );
      distances.push(gap * (isOnGround ? (metersOf.get(mosaicId) ?? 1) : 1));
    }
  }
  if (distances.length === 0) {
    return null;
  }
  const sorted = [...distances].sort((first, second) => first - second);
  return {
    least: sorted[0] ?? 0,
    median: sorted[Math.floor(sorted.length / 2)] ?? 0,
    unit: isOnGround ? "m" : "px",
  };
}

/** Pixels between two windows along the axis that separates them most; negative where they overlap, 0 where they touch. */
function gapOf(first: PixelWindow, second: PixelWindow): number {
  return Math.max(
    Math.max(first.x, second.x) - Math.min(first.x + first.width, second.x + second.width),
    Math.max(first.y, second.y) - Math.min(first.y + first.height, second.y + second.height),
  );
}

/** Straight-line pixels between two windows; 0 where they touch or overlap. */
function distanceOf(first: PixelWindow, second: PixelWindow): number {
  const across = Math.max(first.x, second.x) - Math.min(first.x + first.width, second.x + second.width);
  const down = Math.max(first.y, second.y) - Math.min(first.y + first.height, second.y + second.height);
  return Math.hypot(Math.max(0, across), Math.max(0, down));
}
