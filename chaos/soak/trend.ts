/** A straight line through measured values, found by ranks so that single outliers don't matter. */
export interface Trend {
  /** Per unit of the abscissa. */
  readonly slope: number;
  /** Bounds of the slope's 95 % confidence interval. */
  readonly lowest: number;
  readonly highest: number;
}

/** The normal distribution's 97.5 % quantile. */
const Z = 1.959963984540054;

/**
 * The median of the slopes of all pairs of points, with its confidence interval (P. K. Sen, "Estimates of the regression coefficient based on
 * Kendall's tau", Journal of the American Statistical Association 63, 1968). Needs two points with different abscissas.
 */
export function theilSen(points: readonly (readonly [x: number, y: number])[]): Trend {
  const slopes: number[] = [];
  points.forEach(([x, y], index) => {
    for (const [otherX, otherY] of points.slice(index + 1)) {
      if (otherX !== x) {
        slopes.push((otherY - y) / (otherX - x));
      }
    }
  });
  slopes.sort((first, second) => first - second);
  if (slopes.length === 0) {
    throw new Error("A trend needs two points at different times.");
  }
  const count = points.length;
  const spread = (n: number): number => n * (n - 1) * (2 * n + 5);
  const tied = (values: readonly number[]): number =>
    [...repeats(values).values()].reduce((sum, repeat) => sum + spread(repeat), 0);
  const variance = (spread(count) - tied(points.map(([x]) => x)) - tied(points.map(([, y]) => y))) / 18;
  const reach = Z * Math.sqrt(Math.max(0, variance));
  const at = (rank: number): number => slopes[Math.min(slopes.length - 1, Math.max(0, rank))] as number;
  return {
    slope: (at(Math.floor((slopes.length - 1) / 2)) + at(Math.floor(slopes.length / 2))) / 2,
    lowest: at(Math.round((slopes.length - reach) / 2) - 1),
    highest: at(Math.round((slopes.length + reach) / 2)),
  };
}

function repeats(values: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}
