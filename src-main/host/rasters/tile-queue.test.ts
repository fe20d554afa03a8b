import { expect, it } from "vitest";
import { TileQueue } from "./tile-queue.ts";

/** Work that is held until it is let go, noting its begin. */
function heldWork(begun: string[], name: string): { work: () => Promise<string>; letGo: () => void } {
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  return {
    work: async () => {
      begun.push(name);
      await held;
      return name;
    },
    letGo,
  };
}

it("begins the tile that was asked for last first", async () => {
  const begun: string[] = [];
  const queue = new TileQueue(1);
  const { signal } = new AbortController();
  const held = ["a", "b", "c"].map((name) => heldWork(begun, name));
  const done = held.map(({ work }) => queue.run(work, signal));
  for (const { letGo } of held) {
    letGo();
  }
  expect(await Promise.all(done)).toEqual(["a", "b", "c"]);
  expect(begun).toEqual(["a", "c", "b"]);
});

it("never begins a tile that left the view while it waited, and stays in step", async () => {
  const begun: string[] = [];
  const queue = new TileQueue(2);
  const stay = new AbortController();
  const leave = new AbortController();
  const first = heldWork(begun, "first");
  const second = heldWork(begun, "second");
  const running = [queue.run(first.work, stay.signal), queue.run(second.work, stay.signal)];
  const left = queue.run(heldWork(begun, "left").work, leave.signal);
  const third = heldWork(begun, "third");
  const waiting = queue.run(third.work, stay.signal);
  leave.abort(new Error("it left the view"));
  await expect(left).rejects.toThrow("it left the view");
  expect(queue.length).toBe(1);
  first.letGo();
  second.letGo();
  third.letGo();
  await Promise.all([...running, waiting]);
  expect(begun).toEqual(["first", "second", "third"]);
  await expect(queue.run(() => Promise.resolve(1), leave.signal)).rejects.toThrow("it left the view");
  expect(await queue.run(() => Promise.resolve(2), stay.signal)).toBe(2);
});

it("goes on after work that failed", async () => {
  const queue = new TileQueue(1);
  const { signal } = new AbortController();
  await expect(queue.run(() => Promise.reject(new Error("damaged")), signal)).rejects.toThrow("damaged");
  expect(await queue.run(() => Promise.resolve("fine"), signal)).toBe("fine");
});

it("lets the first tile of a view be drawn before the next begins, and only the first", async () => {
  const queue = new TileQueue(1, { breathMilliseconds: 100 });
  const { signal } = new AbortController();
  const ended: number[] = [];
  const begun: number[] = [];
  await Promise.all(
    [1, 2, 3].map(async () => {
      await queue.run(() => {
        begun.push(performance.now());
        return Promise.resolve();
      }, signal);
      ended.push(performance.now());
    }),
  );
  expect((begun[1] ?? 0) - (ended[0] ?? 0)).toBeGreaterThan(90);
  expect((begun[2] ?? 0) - (ended[1] ?? 0)).toBeLessThan(50);
});
