import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { BlockMemory } from "./block-memory.ts";

const block = 64 * 2 ** 10;

test("more blocks than fit are decoded into the same memory, the oldest dropped for the new", async () => {
  // 16 MB are added for what is being decoded: 272 blocks in all, 16 of them kept.
  const memory = new BlockMemory({ maxBytes: 16 * block });
  for (let index = 0; index < 1_000; index += 1) {
    const places = await memory.take([block]);
    if (places === null) {
      throw new Error("there is room for one block at any time");
    }
    memory.fill(places, [new Uint8Array(block).fill(index % 251)]);
    memory.keep(places, [String(index)], "uint8");
  }
  for (let index = 0; index < 1_000; index += 1) {
    const kept = memory.cache.get(String(index));
    expect(kept?.[block - 1]).toBe(index < 984 ? undefined : index % 251);
  }
});

test("where everything is being decoded, blocks wait for nothing and get no place", async () => {
  const memory = new BlockMemory({ maxBytes: 16 * block });
  const all = await memory.take(Array.from({ length: 272 }, () => block));
  expect(all?.starts).toHaveLength(272);
  expect(await memory.take([block])).toBeNull();
  if (all !== null) {
    memory.give(all);
  }
  await setImmediate();
  expect(await memory.take([block])).not.toBeNull();
});

test("a block that would fill a quarter of the cache gets no place, and one of another size than its place is an error", async () => {
  const memory = new BlockMemory({ maxBytes: 16 * block });
  expect(await memory.take([4 * block + 1])).toBeNull();
  const places = await memory.take([block]);
  expect(() => {
    memory.fill(places ?? { starts: [], lengths: [] }, [new Uint8Array(block + 1)]);
  }).toThrow(`expected a block of ${block} bytes, found ${block + 1}`);
});
