import type { BandLimits } from "#shared/project/imagery-display.ts";

/** Which end of the limits is being moved. */
export type LimitEnd = "low" | "high";

/** How near the two limits may come, as a share of the histogram's width. */
const LEAST_SHARE = 0.002;

/** Limits with one end put at a value, as far as the other end lets it go. */
export function withEndAt(
  limits: BandLimits,
  end: LimitEnd,
  value: number,
  histogram: { readonly low: number; readonly high: number },
): BandLimits {
  const least = Math.max((histogram.high - histogram.low) * LEAST_SHARE, Number.MIN_VALUE);
  return end === "low"
    ? { low: Math.min(value, limits.high - least), high: limits.high }
    : { low: limits.low, high: Math.max(value, limits.low + least) };
}

/** Moves an end of several bands' limits together: by the same share of each band's own range, so that their balance stays. */
export function withEndsMoved(limits: readonly BandLimits[], end: LimitEnd, share: number): BandLimits[] {
  return limits.map(({ low, high }) => {
    const by = (high - low) * Math.max(-4, Math.min(share, 4));
    const least = (high - low) * LEAST_SHARE;
    return end === "low"
      ? { low: Math.min(low + by, high - least), high }
      : { low, high: Math.max(high + by, low + least) };
  });
}
