import { expect, test } from "vitest";
import { BlockCache } from "./block-cache.ts";

test("it is held to its first size until it may grow", () => {
  const cache = new BlockCache<number>({ maxBytes: 40, startBytes: 10 });
  const kept = (): number => {
    for (let key = 0; key < 60; key += 1) {
      cache.set(String(key), key, 1, () => undefined);
    }
    return Array.from({ length: 60 }, (_, key) => cache.has(String(key))).filter(Boolean).length;
  };
  expect(kept()).toBe(10);
  cache.grow();
  expect(kept()).toBe(40);
});

test("values are released once, by size, by name, or because they are too large", () => {
  const cache = new BlockCache<string>({ maxBytes: 8 });
  const released: string[] = [];
  const set = (key: string, bytes: number): void => {
    cache.set(key, key, bytes, () => released.push(key));
  };
  set("large", 3);
  for (const key of ["a1", "a2", "b1", "b2"]) {
    set(key, 2);
  }
  expect(cache.get("a1")).toBe("a1");
  set("b3", 2);
  expect(released).toEqual(["large", "a2"]);
  cache.deletePrefix("b");
  expect(released).toEqual(["large", "a2", "b1", "b2", "b3"]);
  expect(cache.dropOldest(1)).toBe(2);
  expect(cache.has("a1")).toBe(false);
});

test("it shrinks to its first size, and lets go of everything", () => {
  const cache = new BlockCache<number>({ maxBytes: 40, startBytes: 10 });
  cache.grow();
  for (let key = 0; key < 40; key += 1) {
    cache.set(String(key), key, 1, () => undefined);
  }
  cache.shrink();
  expect(Array.from({ length: 40 }, (_, key) => cache.has(String(key))).lastIndexOf(false)).toBe(29);
  cache.clear();
  expect(cache.has("39")).toBe(false);
});

test("while it is small one block may take all of it, a quarter once it has grown", () => {
  const cache = new BlockCache<string>({ maxBytes: 40, startBytes: 10 });
  cache.set("small", "small", 1, () => undefined);
  cache.set("large", "large", 10, () => undefined);
  expect([cache.has("small"), cache.has("large")]).toEqual([false, true]);
  cache.grow();
  cache.set("larger", "larger", 11, () => undefined);
  expect([cache.has("large"), cache.has("larger")]).toEqual([true, false]);
  const smaller = new BlockCache<string>({ maxBytes: 80, startBytes: 10 });
  expect(smaller.mostBytesOfOne).toBe(10);
});
