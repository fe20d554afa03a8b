import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Run } from "#shared/training/run.ts";
import { clearLeftovers, pendingWeights, settleWeights } from "./epoch-weights.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-weights-"));
  await writeFile(path.join(folder, "last.weights"), "epoch 2");
  await writeFile(path.join(folder, "best.weights"), "epoch 1");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A run that has finished so many epochs, with its best. */
function runAfter(epochs: number, best: number): Run {
  return { history: Array.from({ length: epochs }), best: { epoch: best } } as unknown as Run;
}

const read = (name: string): Promise<string> => readFile(path.join(folder, name), "utf8");

test("killed before run.json told of the epoch: it never was, and is trained again", async () => {
  await writeFile(pendingWeights(folder, 3), "epoch 3");
  await clearLeftovers(folder, runAfter(2, 1));
  expect([await read("last.weights"), await read("best.weights")]).toEqual(["epoch 2", "epoch 1"]);
  expect((await readdir(folder)).sort()).toEqual(["best.weights", "last.weights"]);
});

test("killed after run.json told of the epoch: its weights get their names", async () => {
  await writeFile(pendingWeights(folder, 3), "epoch 3");
  await settleWeights(folder, runAfter(3, 3));
  expect([await read("last.weights"), await read("best.weights")]).toEqual(["epoch 3", "epoch 3"]);
});

test("an epoch that isn't the best leaves the best", async () => {
  await writeFile(pendingWeights(folder, 3), "epoch 3");
  await settleWeights(folder, runAfter(3, 1));
  expect([await read("last.weights"), await read("best.weights")]).toEqual(["epoch 3", "epoch 1"]);
});

test("killed between the two names: done again, with the same outcome", async () => {
  await writeFile(pendingWeights(folder, 3), "epoch 3");
  await writeFile(path.join(folder, "best.weights"), "epoch 3");
  await writeFile(path.join(folder, "best.weights.99.tmp"), "epo");
  await writeFile(path.join(folder, ".epoch-4.weights.99.part"), "ep");
  await clearLeftovers(folder, runAfter(3, 3));
  expect([await read("last.weights"), await read("best.weights")]).toEqual(["epoch 3", "epoch 3"]);
  expect((await readdir(folder)).sort()).toEqual(["best.weights", "last.weights"]);
});

test("two at once settle as one does", async () => {
  await writeFile(pendingWeights(folder, 3), "epoch 3".repeat(1_000_000));
  await Promise.all(Array.from({ length: 8 }, () => settleWeights(folder, runAfter(3, 3))));
  expect((await readdir(folder)).sort()).toEqual(["best.weights", "last.weights"]);
  expect(await read("best.weights")).toBe(await read("last.weights"));
});

test("whoever only reads takes no epoch away that is being written", async () => {
  await writeFile(pendingWeights(folder, 3), "epoch 3");
  await settleWeights(folder, runAfter(2, 1));
  expect(await read("epoch-3.weights")).toBe("epoch 3");
  expect(await read("last.weights")).toBe("epoch 2");
});
