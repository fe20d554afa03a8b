import { expect, test } from "vitest";
import { ChangeSignal } from "./change-signal.ts";

/** Timers that keep a process from ending. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
}

test("what is still to be told keeps a process alive until it is told, and nothing else does", async () => {
  const before = timers();
  const signal = new ChangeSignal(30);
  let told = 0;
  const last = new Promise<void>((resolve) => {
    signal.listen(() => {
      told += 1;
      if (told === 2) {
        resolve();
      }
    });
  });
  signal.emit();
  expect([told, timers()]).toEqual([1, before]);
  signal.emit();
  signal.emit();
  expect([told, timers()]).toEqual([1, before + 1]);
  await last;
  expect(told).toBe(2);
});
