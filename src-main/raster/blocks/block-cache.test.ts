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
