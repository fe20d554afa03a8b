/** By which column rows are sorted, and which way; null for the rows' own order. */
export interface Sorting<Key extends string> {
  readonly key: Key;
  readonly descending: boolean;
}

/** What rows are sorted by: words by the alphabet, numbers by size, null where there is nothing to compare. */
export type SortValue = string | number | null;

/** The rows in order; those without a value come last, whichever way the column is sorted, and equals keep their own order. */
export function sortRows<Row, Key extends string>(
  rows: readonly Row[],
  sorting: Sorting<Key> | null,
  valueOf: (row: Row, key: Key) => SortValue,
): readonly Row[] {
  if (sorting === null) {
    return rows;
  }
  const sign = sorting.descending ? -1 : 1;
  return rows
    .map((row) => ({ row, value: valueOf(row, sorting.key) }))
    .sort((first, second) => compare(first.value, second.value, sign))
    .map(({ row }) => row);
}

/** A click on a column's head: sorts by it, turns it round, and at the third gives the rows' own order back. */
export function nextSorting<Key extends string>(
  sorting: Sorting<Key> | null,
  key: Key,
  { descendingFirst = false }: { readonly descendingFirst?: boolean } = {},
): Sorting<Key> | null {
  if (sorting?.key !== key) {
    return { key, descending: descendingFirst };
  }
  return sorting.descending === descendingFirst ? { key, descending: !descendingFirst } : null;
}

/** What `aria-sort` says of a column. */
export function sortedWord<Key extends string>(
  sorting: Sorting<Key> | null,
  key: Key,
): "ascending" | "descending" | "none" {
  return sorting?.key !== key ? "none" : sorting.descending ? "descending" : "ascending";
}

function compare(first: SortValue, second: SortValue, sign: number): number {
  if (first === null || second === null) {
    return Number(first === null) - Number(second === null);
  }
  return (
    sign *
    (typeof first === "string" || typeof second === "string"
      ? String(first).localeCompare(String(second), undefined, { numeric: true })
      : first - second)
  );
}
