import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EventLog } from "./event-log.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-log-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("events come back in their order, oldest first", async () => {
  const log = new EventLog(path.join(folder, "logs"));
  for (let index = 0; index < 20; index += 1) {
    log.write({ event: "counted", index });
  }
  const last = (await log.last(5)).map((line) => (JSON.parse(line) as { index: number }).index);
  expect(last).toEqual([15, 16, 17, 18, 19]);
});

test("the log stays below its size, whatever is written", async () => {
  const log = new EventLog(folder);
  const text = "x".repeat(20_000);
  for (let round = 0; round < 300; round += 1) {
    log.write({ event: "large", round, text });
    await log.flush();
  }
  const sizes = await Promise.all(
    (await readdir(folder)).map(async (name) => (await stat(path.join(folder, name))).size),
  );
  expect(sizes).toHaveLength(3);
  expect(Math.max(...sizes)).toBeLessThan(1.1 * 2 ** 20);
  expect((await log.last(60)).map((line) => (JSON.parse(line) as { round: number }).round)).toEqual(
    Array.from({ length: 60 }, (_, index) => 240 + index),
  );
});

test("where nothing can be written, nothing fails", async () => {
  const file = path.join(folder, "a-file");
  await writeFile(file, "");
  const log = new EventLog(path.join(file, "logs"));
  log.write({ event: "lost" });
  expect(await log.last(5)).toEqual([]);
});

test("a burst is counted, not kept", async () => {
  const log = new EventLog(folder);
  for (let index = 0; index < 1000; index += 1) {
    log.write({ event: "burst", index });
  }
  const lines = await log.last(1000);
  expect(lines.length).toBeLessThan(500);
  expect(lines.some((line) => line.includes("events-dropped"))).toBe(true);
});
