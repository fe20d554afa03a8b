import { setImmediate, setTimeout } from "node:timers/promises";
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

test("memory of a cache that had grown is let go once windows no longer come again and nothing is being read", async () => {
  let busy = true;
  const memory = new BlockMemory(
    { maxBytes: 512 * block, startBytes: 16 * block },
    { endThreads: () => !busy, staysLargeMilliseconds: 50 },
  );
  const before = memory.arena.memory;
  memory.grow();
  for (let index = 0; index < 400; index += 1) {
    const places = await memory.take([block]);
    memory.keep(places ?? { starts: [], lengths: [] }, [String(index)], "uint8");
  }
  const held = await memory.take([block]);
  expect(memory.arena.touchedBytes).toBe(401 * block);
  await setTimeout(200);
  expect(memory.cache.limitBytes).toBe(16 * block);
  // A block is still being decoded, then a thread is at work.
  expect(memory.arena.memory).toBe(before);
  memory.give(held ?? { starts: [], lengths: [] });
  await setTimeout(200);
  expect(memory.arena.memory).toBe(before);
  busy = false;
  await setTimeout(200);
  expect(memory.arena.touchedBytes).toBe(0);
  expect(memory.arena.memory).not.toBe(before);
  expect((await memory.take([block]))?.starts).toEqual([0]);
});
