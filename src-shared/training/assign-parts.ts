import type { SplitPart } from "./saved-split.ts";
import { seededRandom } from "./seeded-random.ts";
import { settleShares } from "./settle-shares.ts";

/** A piece of ground that goes to one part as a whole, with its pixels of each class. */
export interface SplitCell {
  readonly classPixels: readonly number[];
  /** All its pixels; what counts where nothing is labelled. */
  readonly pixels: number;
}

type HeldShares = Readonly<Record<"validation" | "test", number>>;

/**
 * Gives each piece of ground to training, validation or test, so that shares of labelled pixels are met.
 *
 * Stratified: every class's pixels are shared out too, the rarest class first, each piece to the part that lacks most of it (iterative
 * stratification, Sechidis, Tsoumakas & Vlahavas 2011), then pieces change places while that comes nearer to the shares. Otherwise pieces are drawn.
 * Each part that is asked for gets a piece where there are enough.
 */
export function assignParts(
  cells: readonly SplitCell[],
  shares: HeldShares,
  { stratified, seed }: { readonly stratified: boolean; readonly seed: number },
): SplitPart[] {
  const random = seededRandom(seed, "split", "parts");
  const order = random.shuffled(cells.map((_, index) => index));
  return stratified ? stratifiedParts(cells, order, shares) : drawnParts(cells, order, shares);
}

const PARTS = ["training", "validation", "test"] as const;

function sharesOf({ validation, test }: HeldShares): Readonly<Record<(typeof PARTS)[number], number>> {
  return { training: Math.max(0, 1 - validation - test), validation, test };
}

function weightOf({ classPixels, pixels }: SplitCell, isLabelled: boolean): number {
  return isLabelled ? classPixels.reduce((sum, count) => sum + count, 0) : pixels;
}

function drawnParts(cells: readonly SplitCell[], order: readonly number[], shares: HeldShares): SplitPart[] {
  const isLabelled = cells.some(({ classPixels }) => classPixels.some((count) => count > 0));
  const total = cells.reduce((sum, cell) => sum + weightOf(cell, isLabelled), 0);
  const parts: SplitPart[] = cells.map(() => "training");
  const queue = order.filter((index) => weightOf(cells[index]!, isLabelled) > 0);
  // The last piece is trained on, whatever the shares.
  queue.pop();
  for (const part of ["validation", "test"] as const) {
    const wanted = shares[part] * total;
    let taken = 0;
    while (wanted > 0 && queue.length > 0) {
      const weight = weightOf(cells[queue[0]!]!, isLabelled);
      // One piece more only where that comes nearer to the share than stopping; each part asked for gets one.
      if (taken > 0 && taken + weight / 2 > wanted) {
        break;
      }
      parts[queue.shift()!] = part;
      taken += weight;
    }
  }
  return parts;
}

function stratifiedParts(
  cells: readonly SplitCell[],
  order: readonly number[],
  shares: HeldShares,
): SplitPart[] {
  const wantedShares = sharesOf(shares);
  const classes = cells[0]?.classPixels.length ?? 0;
  const left = Array.from({ length: classes }, (_, at) =>
    cells.reduce((sum, { classPixels }) => sum + (classPixels[at] ?? 0), 0),
  );
  const lacks = Object.fromEntries(
    PARTS.map((part) => [part, left.map((pixels) => pixels * wantedShares[part])]),
  ) as Record<(typeof PARTS)[number], number[]>;
  const parts: SplitPart[] = cells.map(() => "training");
  const open = new Set(order);
  for (;;) {
    const rarest = left.reduce(
      (best, pixels, at) => (pixels > 0 && (best < 0 || pixels < left[best]!) ? at : best),
      -1,
    );
    if (rarest < 0) {
      settleShares(parts, cells, wantedShares);
      return parts;
    }
    const holding = [...open]
      .filter((index) => cells[index]!.classPixels[rarest]! > 0)
      .sort((first, second) => cells[second]!.classPixels[rarest]! - cells[first]!.classPixels[rarest]!);
    for (const index of holding) {
      const part = PARTS.filter((each) => wantedShares[each] > 0).reduce((best, each) =>
        lacks[each][rarest]! > lacks[best][rarest]! ? each : best,
      );
      parts[index] = part;
      open.delete(index);
      for (const [at, pixels] of cells[index]!.classPixels.entries()) {
        lacks[part][at]! -= pixels;
        left[at]! -= pixels;
      }
    }
    left[rarest] = 0;
  }
}
