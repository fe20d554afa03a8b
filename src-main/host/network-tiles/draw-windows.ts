import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import { seededRandom, type SeededRandom } from "#shared/training/seeded-random.ts";
import type { LabelKnowledge, MosaicTile } from "#shared/training/tile-split.ts";
import type { Sampling } from "#shared/training/training-settings.ts";

/** A training window of an epoch: the tile it belongs to, and its pixels where they aren't the tile's own. */
export interface DrawnWindow {
  readonly tileIndex: number;
  /** Null for the tile's own window. */
  readonly pixelWindow: PixelWindow | null;
}

export interface WindowDrawing {
  readonly sampling: Sampling;
  /** A side is drawn between tile / (1 + scale) and tile · (1 + scale). */
  readonly scale: number;
  /** Without it balanced windows are drawn as random ones. */
  readonly labels: LabelKnowledge | null;
}

/** How often a place is drawn again that isn't training ground, or has nothing to learn from. */
const TRIES = 12;

/**
 * Draws the windows of training epochs. As many an epoch as there are tiles; every window lies wholly on the ground of training tiles, so that nothing of
 * a validation tile or a guard band is ever seen.
 */
export class WindowSource {
  readonly #tiles: readonly MosaicTile[];
  readonly #drawing: WindowDrawing;
  readonly #side: number;
  /** Training windows by the cells of a tile's side that they touch. */
  readonly #ground = new Map<string, PixelWindow[]>();
  #balance: ClassBalance | null = null;

  constructor(tiles: readonly MosaicTile[], drawing: WindowDrawing) {
    this.#tiles = tiles;
    this.#drawing = drawing;
    this.#side = tiles[0]?.pixelWindow.width ?? 1;
    if (drawing.sampling !== "grid" || drawing.scale > 0) {
      for (const { mosaicId, pixelWindow } of tiles) {
        for (const key of this.#cells(mosaicId, pixelWindow)) {
          this.#ground.set(key, [...(this.#ground.get(key) ?? []), pixelWindow]);
        }
      }
    }
  }

  /** The windows of an epoch in their order; the same for the same seed and epoch. */
  draw(seed: number, epoch: number): DrawnWindow[] {
    const { sampling } = this.#drawing;
    if (sampling === "grid") {
      return seededRandom(seed, "order", epoch)
        .shuffled(this.#tiles.map((_, index) => index))
        .map((tileIndex) => ({
          tileIndex,
          pixelWindow: this.#vary(tileIndex, seededRandom(seed, "window", epoch, tileIndex), null),
        }));
    }
    return this.#tiles.map((_, place) => {
      const random = seededRandom(seed, "window", epoch, place);
      const { tileIndex, classIndex } = this.#drawTile(random);
      return { tileIndex, pixelWindow: this.#vary(tileIndex, random, classIndex) };
    });
  }

  #drawTile(random: SeededRandom): { tileIndex: number; classIndex: number | null } {
    const { sampling, labels } = this.#drawing;
    if (sampling === "balanced" && labels !== null) {
      this.#balance ??= new ClassBalance(this.#tiles, labels);
      return this.#balance.draw(random);
    }
    return { tileIndex: random.integer(this.#tiles.length), classIndex: null };
  }

  /** Another place and side for a tile's window; `classIndex` must be seen in it. */
  #vary(tileIndex: number, random: SeededRandom, classIndex: number | null): PixelWindow | null {
    const { sampling, scale, labels } = this.#drawing;
    const tile = this.#tiles[tileIndex];
    if (tile === undefined || (sampling === "grid" && scale === 0)) {
      return null;
    }
    const own = tile.pixelWindow;
    const side = Math.max(8, Math.round(own.width * (1 + scale) ** (2 * random.next() - 1)));
    // A smaller window finds room in its tile, a larger one stands around its middle; random ones are shifted by up to half a tile besides.
    const reach = Math.max(0, own.width - side) + (sampling === "grid" ? 0 : own.width);
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const window = {
        x: Math.round(own.x + (own.width - side) / 2 + (random.next() - 0.5) * reach),
        y: Math.round(own.y + (own.height - side) / 2 + (random.next() - 0.5) * reach),
        width: side,
        height: side,
      };
      if (
        this.#isOnGround(tile.mosaicId, window) &&
        isWorthwhile(labels, tile.mosaicId, window, classIndex)
      ) {
        return window;
      }
    }
    return null;
  }

  #isOnGround(mosaicId: string, window: PixelWindow): boolean {
    let rest: PixelWindow[] = [window];
    for (const key of this.#cells(mosaicId, window)) {
      for (const ground of this.#ground.get(key) ?? []) {
        rest = rest.flatMap((part) => without(part, ground));
        if (rest.length === 0) {
          return true;
        }
      }
    }
    return false;
  }

  #cells(mosaicId: string, { x, y, width, height }: PixelWindow): string[] {
    const keys: string[] = [];
    for (let row = Math.floor(y / this.#side); row * this.#side < y + height; row++) {
      for (let column = Math.floor(x / this.#side); column * this.#side < x + width; column++) {
        keys.push(`${column}/${row}/${mosaicId}`);
      }
    }
    return keys;
  }
}

function isWorthwhile(
  labels: LabelKnowledge | null,
  mosaicId: string,
  window: PixelWindow,
  classIndex: number | null,
): boolean {
  if (labels === null) {
    return true;
  }
  const pixels = labels.classPixels(mosaicId, window);
  return classIndex === null ? pixels.some((count) => count > 0) : (pixels[classIndex] ?? 0) > 0;
}

/** What is left of a rectangle outside another: up to four rectangles. */
function without(part: PixelWindow, cut: PixelWindow): PixelWindow[] {
  const left = Math.max(part.x, cut.x);
  const top = Math.max(part.y, cut.y);
  const right = Math.min(part.x + part.width, cut.x + cut.width);
  const bottom = Math.min(part.y + part.height, cut.y + cut.height);
  if (left >= right || top >= bottom) {
    return [part];
  }
  return [
    { x: part.x, y: part.y, width: part.width, height: top - part.y },
    { x: part.x, y: bottom, width: part.width, height: part.y + part.height - bottom },
    { x: part.x, y: top, width: left - part.x, height: bottom - top },
    { x: right, y: top, width: part.x + part.width - right, height: bottom - top },
  ].filter(({ width, height }) => width > 0 && height > 0);
}

/** Draws a class, each as likely as any other that occurs, and a tile by how many pixels of it the tile has. */
class ClassBalance {
  /** For each class that occurs, its index and the running sums of its pixels over the tiles. */
  readonly #classes: { readonly classIndex: number; readonly sums: Float64Array }[] = [];

  constructor(tiles: readonly MosaicTile[], labels: LabelKnowledge) {
    labels.classNames.forEach((_, classIndex) => {
      const sums = new Float64Array(tiles.length);
      let total = 0;
      for (const [index, { mosaicId, pixelWindow }] of tiles.entries()) {
        total += labels.classPixels(mosaicId, pixelWindow)[classIndex] ?? 0;
        sums[index] = total;
      }
      if (total > 0) {
        this.#classes.push({ classIndex, sums });
      }
    });
  }

  draw(random: SeededRandom): { tileIndex: number; classIndex: number } {
    const chosen = this.#classes[random.integer(this.#classes.length)];
    if (chosen === undefined) {
      throw new Error("No training tile has a labelled pixel.");
    }
    const { classIndex, sums } = chosen;
    const wanted = random.next() * (sums.at(-1) ?? 0);
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) > wanted) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return { tileIndex: low, classIndex };
  }
}
