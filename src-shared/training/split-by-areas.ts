import { extentsOverlap, type MapExtent } from "../geo/bounds.ts";
import { isNearer, type PixelWindow } from "../geo/pixel-window.ts";
import { byMosaic, mosaicsOverlap, windowGround, type SplitMosaic } from "./ground-overlap.ts";
import type { GroundSplit, SplitArea, SplitPart } from "./saved-split.ts";
import { containsPoint, shapeBounds, touchesWindow } from "./split-shapes.ts";
import type { MosaicTile, SplitInput, SplitParts } from "./tile-split.ts";

/** Points along each side of a tile at which its ground is looked up, where everything outside the areas is held back. */
const PROBES = 5;

/** The right and lower edge of a tile belong to its neighbours. */
const A_HAIR = 1e-6;

/**
 * Divides tiles by areas: a tile belongs to the part of its middle, but one that reaches into ground held back for another part, or nearer to it than the
 * guard band, is used for nothing. So no pixel of validation is trained on, and none of the test is seen by either. Other mosaics that show the same
 * ground are kept away by their extents.
 */
export function splitByAreas({ mosaics, tiles }: SplitInput, split: GroundSplit): SplitParts {
  const ground = new SplitGround(mosaics, split);
  const parts = ground.partsOfTiles(tiles);
  const of = (part: SplitPart): MosaicTile[] => tiles.filter((_, index) => parts[index] === part);
  const known = new Set(mosaics.map(({ id }) => id));
  const stray = new Set(
    split.areas.filter(({ mosaicId }) => !known.has(mosaicId)).map(({ mosaicId }) => mosaicId),
  );
  return {
    training: of("training"),
    validation: of("validation"),
    test: of("test"),
    warnings:
      stray.size === 0
        ? []
        : [
            `The split names ${stray.size === 1 ? "a mosaic" : `${stray.size} mosaics`} that take no part in this training.`,
          ],
  };
}

/** Looks up what ground is for. */
export class SplitGround {
  readonly #mosaics: ReadonlyMap<string, SplitMosaic>;
  readonly #areas: ReadonlyMap<string, readonly SplitArea[]>;
  readonly #split: GroundSplit;

  constructor(mosaics: readonly SplitMosaic[], split: GroundSplit) {
    this.#mosaics = new Map(mosaics.map((mosaic) => [mosaic.id, mosaic]));
    this.#split = split;
    this.#areas = byMosaic(split.areas);
  }

  /** The part of a place in a mosaic's pixels. */
  partAt(mosaicId: string, x: number, y: number): SplitPart {
    const own = this.#areas.get(mosaicId) ?? [];
    return own.findLast(({ shape }) => containsPoint(shape, x, y))?.part ?? this.#split.rest;
  }

  /**
   * What each of the tiles can be used for. A held tile may reach out of its area, so what is nearer to the tile itself than the guard band is
   * used for nothing either.
   */
  partsOfTiles(tiles: readonly Pick<MosaicTile, "mosaicId" | "pixelWindow">[]): SplitPart[] {
    const parts = tiles.map((tile) => this.#partOfTile(tile));
    const held = byMosaic(
      tiles.flatMap(({ mosaicId, pixelWindow }, index) => {
        const part = parts[index] ?? "unused";
        return part === "validation" || part === "test" ? [{ mosaicId, part, pixelWindow }] : [];
      }),
    );
    return tiles.map(({ mosaicId, pixelWindow }, index) => {
      const own = parts[index] ?? "unused";
      const away = heldFrom(own);
      const guard = this.#guardPixels(mosaicId);
      const isNear = (held.get(mosaicId) ?? []).some(
        ({ part, pixelWindow: other }) => away.includes(part) && isNearer(pixelWindow, other, guard),
      );
      return isNear ? "unused" : own;
    });
  }

  #partOfTile({ mosaicId, pixelWindow }: Pick<MosaicTile, "mosaicId" | "pixelWindow">): SplitPart {
    const { x, y, width, height } = pixelWindow;
    const part = this.partAt(mosaicId, x + width / 2, y + height / 2);
    const away = heldFrom(part);
    return away.length > 0 && this.#reaches(mosaicId, pixelWindow, away) ? "unused" : part;
  }

  #reaches(mosaicId: string, pixelWindow: PixelWindow, parts: readonly SplitPart[]): boolean {
    const mosaic = this.#mosaics.get(mosaicId);
    const near = grown(pixelWindow, this.#guardPixels(mosaicId));
    const own = this.#areas.get(mosaicId) ?? [];
    if (own.some(({ part, shape }) => parts.includes(part) && touchesWindow(shape, near))) {
      return true;
    }
    if (parts.includes(this.#split.rest) && this.#probe(mosaicId, near, parts)) {
      return true;
    }
    const ground = mosaic === undefined ? null : windowGround(mosaic, near);
    return (
      mosaic !== undefined &&
      ground !== null &&
      [...this.#mosaics.values()].some(
        (other) => other !== mosaic && mosaicsOverlap(mosaic, other) && this.#reachesOn(other, ground, parts),
      )
    );
  }

  #guardPixels(mosaicId: string): number {
    // Without a known size of pixels the guard band is taken for pixels, which is better than none.
    return this.#split.guardMeters / (this.#mosaics.get(mosaicId)?.pixelMeters ?? 1);
  }

  /** Whether ground lies over ground of these parts in another mosaic. */
  #reachesOn(other: SplitMosaic, ground: MapExtent, parts: readonly SplitPart[]): boolean {
    const areas = this.#areas.get(other.id) ?? [];
    const touches = areas.some(({ part, shape }) => {
      const held = parts.includes(part) ? windowGround(other, shapeBounds(shape)) : null;
      return held !== null && extentsOverlap(ground, held);
    });
    const isHeldWhole = areas.length === 0 && parts.includes(this.#split.rest);
    return touches || isHeldWhole;
  }

  #probe(mosaicId: string, { x, y, width, height }: PixelWindow, parts: readonly SplitPart[]): boolean {
    for (let row = 0; row < PROBES; row++) {
      for (let column = 0; column < PROBES; column++) {
        const part = this.partAt(
          mosaicId,
          x + (column / (PROBES - 1)) * (width - A_HAIR),
          y + (row / (PROBES - 1)) * (height - A_HAIR),
        );
        if (parts.includes(part)) {
          return true;
        }
      }
    }
    return false;
  }
}

/** The parts that a part's tiles must keep away from. */
function heldFrom(part: SplitPart): readonly SplitPart[] {
  return part === "training" ? ["validation", "test"] : part === "validation" ? ["test"] : [];
}

function grown({ x, y, width, height }: PixelWindow, by: number): PixelWindow {
  return { x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by };
}
