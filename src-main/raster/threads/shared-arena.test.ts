import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { SharedArena } from "./shared-arena.ts";

const page = 4096;

test("places never overlap, and what is given back comes together again", async () => {
  const arena = new SharedArena(() => 100 * page);
  // Park and Miller's generator: the same numbers every time.
  let state = 11;
  const next = (limit: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
  const held: { place: number; length: number }[] = [];
  let refused = 0;
  for (let round = 0; round < 2_000; round += 1) {
    if (next(3) > 0) {
      const lengths = Array.from({ length: 1 + next(3) }, () => 1 + next(9 * page));
      const places = arena.takeAll(lengths);
      refused += places === null ? 1 : 0;
      places?.forEach((place, index) => held.push({ place, length: lengths[index] ?? 0 }));
    } else if (held.length > 0) {
      const [given] = held.splice(next(held.length), 1);
      arena.give(given?.place ?? 0, given?.length ?? 0);
      await setImmediate();
    }
    const sorted = held.toSorted((first, second) => first.place - second.place);
    sorted.forEach(({ place, length }, index) => {
      expect(place % page).toBe(0);
      expect(place + length).toBeLessThanOrEqual(sorted[index + 1]?.place ?? 100 * page);
    });
  }
  expect(refused).toBeGreaterThan(0);
  for (const { place, length } of held) {
    arena.give(place, length);
  }
  await setImmediate();
  expect(arena.takeAll([100 * page])).toEqual([0]);
});

test("what is given back is handed out in the next turn of the event loop only", async () => {
  const arena = new SharedArena(() => page);
  expect(arena.takeAll([5])).toEqual([0]);
  arena.give(0, 5);
  await Promise.resolve();
  expect(arena.takeAll([5])).toBeNull();
  await setImmediate();
  expect(arena.takeAll([5])).toEqual([0]);
});

test("what is given back at once is handed out at once", () => {
  const arena = new SharedArena(() => page);
  expect(arena.takeAll([5])).toEqual([0]);
  arena.giveNow(0, 5);
  expect(arena.takeAll([5])).toEqual([0]);
});
