import type { SplitCell } from "./assign-parts.ts";
import type { SplitPart } from "./saved-split.ts";

type UsedPart = Exclude<SplitPart, "unused">;

/** Beyond this many pieces a first choice that goes piece by piece is near enough. */
const MOST_CELLS = 4000;
/** Pieces whose pairs are few enough to try each. */
const MOST_PAIRED = 120;
const MOST_PASSES = 30;
/** A part without any ground weighs as much as being wrong by all of it. */
const EMPTY_COST = 1;
/** A class that a part lacks weighs as much as missing its share of the ground by an eighth. */
const MISSING_CLASS_COST = 0.25;

/**
 * Moves and exchanges pieces of ground between parts while that brings the parts nearer to their shares, of the ground first, then of each class, and
 * leaves none without ground or a class. `parts` is changed in place.
 *
 * Pieces that are large beside a share are what a choice of one after the other is bad at: the rarest class alone decides where they go.
 */
export function settleShares(
  parts: SplitPart[],
  cells: readonly SplitCell[],
  shares: Readonly<Record<UsedPart, number>>,
): void {
  if (cells.length > MOST_CELLS) {
    return;
  }
  const used = (["training", "validation", "test"] as const).filter((part) => shares[part] > 0);
  const classes = cells[0]?.classPixels.length ?? 0;
  const weights = cells.map(({ classPixels }) => classPixels.reduce((sum, pixels) => sum + pixels, 0));
  /** By part: all pixels, then those of each class. */
  const sums = used.map(() => new Float64Array(classes + 1));
  const totals = new Float64Array(classes + 1);
  const add = (to: Float64Array, cell: number, sign: 1 | -1): void => {
    to[0]! += sign * weights[cell]!;
    for (let at = 0; at < classes; at++) {
      to[at + 1]! += sign * (cells[cell]!.classPixels[at] ?? 0);
    }
  };
  const placeOf = parts.map((part) => used.findIndex((each) => each === part));
  for (const [cell, place] of placeOf.entries()) {
    add(totals, cell, 1);
    if (place >= 0) {
      add(sums[place]!, cell, 1);
    }
  }
  if (totals[0] === 0) {
    return;
  }
  const occurring = totals.subarray(1).filter((pixels) => pixels > 0).length;
  const cost = (): number => {
    let sum = 0;
    for (const [place, part] of used.entries()) {
      const own = sums[place]!;
      sum += 2 * Math.abs(own[0]! / totals[0]! - shares[part]) + (own[0] === 0 ? EMPTY_COST : 0);
      for (let at = 1; at <= classes; at++) {
        if (totals[at]! > 0) {
          sum += Math.abs(own[at]! / totals[at]! - shares[part]) / occurring;
          sum += own[at] === 0 ? MISSING_CLASS_COST : 0;
        }
      }
    }
    return sum;
  };
  let best = cost();
  const move = (cell: number, to: number): void => {
    add(sums[placeOf[cell]!]!, cell, -1);
    add(sums[to]!, cell, 1);
    placeOf[cell] = to;
  };
  /** Keeps what was moved where it is an improvement, and takes it back where it isn't. */
  const settle = (moves: readonly (readonly [cell: number, to: number])[]): boolean => {
    const before = moves.map(([cell]) => [cell, placeOf[cell]!] as const);
    moves.forEach(([cell, to]) => {
      move(cell, to);
    });
    const reached = cost();
    if (reached < best - 1e-9) {
      best = reached;
      return true;
    }
    before.forEach(([cell, to]) => {
      move(cell, to);
    });
    return false;
  };
  const movable = cells.flatMap((_, cell) => (weights[cell]! > 0 && placeOf[cell]! >= 0 ? [cell] : []));
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    let improved = false;
    for (const cell of movable) {
      for (let to = 0; to < used.length; to++) {
        improved = (to !== placeOf[cell] && settle([[cell, to]])) || improved;
      }
    }
    for (const cell of movable.length > MOST_PAIRED ? [] : movable) {
      for (const other of movable) {
        const [to, from] = [placeOf[other]!, placeOf[cell]!];
        improved =
          (cell < other &&
            to !== from &&
            settle([
              [cell, to],
              [other, from],
            ])) ||
          improved;
      }
    }
    if (!improved) {
      break;
    }
  }
  for (const cell of movable) {
    parts[cell] = used[placeOf[cell]!] ?? "training";
  }
}
