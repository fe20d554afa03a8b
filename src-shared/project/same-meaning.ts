import type { LandClass } from "./land-class.ts";

/** Whether a network of the first classes still answers for the second: the same ids, names and ignored ones; colours don't matter. */
export function sameMeaning(first: readonly LandClass[], second: readonly LandClass[]): boolean {
  const meaning = (classes: readonly LandClass[]): string =>
    JSON.stringify(
      classes.map(({ id, name, ignore }) => [id, name, ignore] as const).sort(([a], [b]) => a - b),
    );
  return meaning(first) === meaning(second);
}
