/** What takes the place of a value, or `undefined` to look inside it. */
export type Replacement = { readonly value: unknown } | undefined;

/**
 * A copy of a structured value with parts replaced. What has nothing to replace inside is not copied but shared, so that a
 * message without anything special costs one look at each of its values.
 */
export function mapValues(value: unknown, replace: (value: unknown) => Replacement): unknown {
  const replacement = replace(value);
  if (replacement !== undefined) {
    return replacement.value;
  }
  if (Array.isArray(value)) {
    return mapArray(value, replace);
  }
  return isPlainObject(value) ? mapObject(value, replace) : value;
}

function mapArray(items: readonly unknown[], replace: (value: unknown) => Replacement): readonly unknown[] {
  let copy: unknown[] | null = null;
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index];
    const mapped = mapValues(item, replace);
    if (!Object.is(mapped, item)) {
      copy ??= [...items];
      copy[index] = mapped;
    }
  }
  return copy ?? items;
}

function mapObject(
  record: Readonly<Record<string, unknown>>,
  replace: (value: unknown) => Replacement,
): Readonly<Record<string, unknown>> {
  let copy: Record<string, unknown> | null = null;
  for (const key of Object.keys(record)) {
    const item = record[key];
    const mapped = mapValues(item, replace);
    if (!Object.is(mapped, item)) {
      copy ??= { ...record };
      copy[key] = mapped;
    }
  }
  return copy ?? record;
}

/** An object literal; class instances, dates, maps and typed arrays are not. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // A literal from another realm (Vitest and Electron have several) has that realm's prototype, which has none above it.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
