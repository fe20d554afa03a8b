/**
 * The area of one class on the ground, estimated from what was mapped and how often the map was right.
 *
 * All areas are in the unit of the mapped areas that were given (hectares, square metres).
 */
export interface AreaEstimate {
  /** What the map shows: the sum of its pixels. */
  readonly mapped: number;
  /** The error-adjusted area; null when a mapped class was never compared with the truth. */
  readonly estimated: number | null;
  readonly standardError: number | null;
}

/** Accuracies of a map whose classes were sampled by class (stratified), weighted by the mapped areas. */
export interface StratifiedAccuracy {
  readonly overall: Estimate | null;
  /** One a class, in the matrix' order. */
  readonly users: readonly (Estimate | null)[];
  readonly producers: readonly (Estimate | null)[];
  readonly areas: readonly AreaEstimate[];
}

/** A value with its standard error. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number;
}

/** Half the width of a 95 % interval in standard errors, as the paper rounds the normal distribution's 97.5 % quantile. */
export const NORMAL_95 = 1.96;

/**
 * Area and accuracy with standard errors, from an error matrix and the mapped area of each class.
 *
 * Olofsson et al. 2014, *Good practices for estimating area and assessing accuracy of land change*, Remote Sensing of Environment 148,
 * equations 1 to 11: mapped classes are the strata, the compared pixels a random sample in each. Pixels of one place resemble each other, so
 * that with whole labelled areas the standard errors are too small; `docs/evaluation.md` says so to the user.
 *
 * `confusion[truth][prediction]` counts compared pixels; `mappedAreas` has one area a class, of all that was mapped.
 */
export function stratifiedAccuracy(
  confusion: readonly (readonly number[])[],
  mappedAreas: readonly number[],
): StratifiedAccuracy {
  const size = confusion.length;
  if (mappedAreas.length !== size) {
    throw new RangeError(`expected ${size} mapped areas, but got ${mappedAreas.length}`);
  }
  const classes = Array.from({ length: size }, (_, index) => index);
  const totalArea = sum(mappedAreas);
  const weights = mappedAreas.map((area) => (totalArea === 0 ? 0 : area / totalArea));
  /** n_i·: compared pixels that were mapped as class i. */
  const sampled = classes.map((mapped) => sum(classes.map((truth) => confusion[truth]![mapped]!)));
  /** n_ij / n_i·: share of what was mapped as i that truly is j. */
  const share = (mapped: number, truth: number): number =>
    sampled[mapped]! === 0 ? 0 : confusion[truth]![mapped]! / sampled[mapped]!;
  /** A variance of a share needs two pixels at least. */
  const shareVariance = (mapped: number, truth: number): number => {
    const part = share(mapped, truth);
    return sampled[mapped]! < 2 ? 0 : (part * (1 - part)) / (sampled[mapped]! - 1);
  };
  const mappedClasses = classes.filter((index) => weights[index]! > 0);
  const isCovered = totalArea > 0 && mappedClasses.every((index) => sampled[index]! > 0);

  const users = classes.map((index): Estimate | null =>
    sampled[index]! === 0
      ? null
      : { value: share(index, index), standardError: Math.sqrt(shareVariance(index, index)) },
  );
  if (!isCovered) {
    return {
      overall: null,
      users,
      producers: classes.map(() => null),
      areas: mappedAreas.map((mapped) => ({ mapped, estimated: null, standardError: null })),
    };
  }

  /** Equation 9: the share of the whole area that truly is class j. */
  const trueShares = classes.map((truth) =>
    sum(mappedClasses.map((mapped) => weights[mapped]! * share(mapped, truth))),
  );
  const overall: Estimate = {
    value: sum(mappedClasses.map((index) => weights[index]! * share(index, index))),
    standardError: Math.sqrt(
      sum(mappedClasses.map((index) => weights[index]! ** 2 * shareVariance(index, index))),
    ),
  };
  const producers = classes.map((truth): Estimate | null => {
    const area = trueShares[truth]! * totalArea;
    if (area === 0) {
      return null;
    }
    const value = (mappedAreas[truth]! * share(truth, truth)) / area;
    // Equation 7, with areas in place of pixel numbers.
    const own = (mappedAreas[truth]! * (1 - value)) ** 2 * shareVariance(truth, truth);
    const others = sum(
      mappedClasses
        .filter((mapped) => mapped !== truth)
        .map((mapped) => mappedAreas[mapped]! ** 2 * shareVariance(mapped, truth)),
    );
    return { value, standardError: Math.sqrt(own + value ** 2 * others) / area };
  });
  return {
    overall,
    users,
    producers,
    areas: classes.map((truth) => ({
      mapped: mappedAreas[truth]!,
      estimated: trueShares[truth]! * totalArea,
      standardError:
        totalArea *
        Math.sqrt(sum(mappedClasses.map((mapped) => weights[mapped]! ** 2 * shareVariance(mapped, truth)))),
    })),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
