import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isMade, makeOnce } from "./make-once.mjs";

let parent;
let directory;

beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), "orthomask-make-once-"));
  directory = path.join(parent, "runtime");
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const writes = (text) => (work) => writeFile(path.join(work, "text"), text);
const written = () => readFile(path.join(directory, "text"), "utf8");

test("a made folder is not made again", async () => {
  await makeOnce(directory, writes("first"));
  await makeOnce(directory, writes("second"));
  expect(await written()).toBe("first");
  expect(isMade(directory)).toBe(true);
});

test("of two at once, the one that finishes last leaves the other's folder alone", async () => {
  let finishFirst;
  const firstMayFinish = new Promise((resolve) => (finishFirst = resolve));
  const slow = makeOnce(directory, async (work) => {
    await firstMayFinish;
    await writes("slow")(work);
  });
  await makeOnce(directory, writes("quick"));
  // What is built inside the finished folder later, such as the compiled binding, must survive.
  await writeFile(path.join(directory, "binding"), "compiled");
  finishFirst();
  await slow;
  expect(await written()).toBe("quick");
  expect((await readdir(parent)).sort()).toEqual(["runtime"]);
  expect(existsSync(path.join(directory, "binding"))).toBe(true);
});

test("a failure leaves nothing, and the next try works", async () => {
  await expect(makeOnce(directory, () => Promise.reject(new Error("no network")))).rejects.toThrow(
    "no network",
  );
  expect(await readdir(parent)).toEqual([]);
  await makeOnce(directory, writes("now"));
  expect(await written()).toBe("now");
});

test("a half-made folder of an older version is replaced", async () => {
  await mkdir(directory);
  await writeFile(path.join(directory, "text"), "half");
  await makeOnce(directory, writes("whole"));
  expect(await written()).toBe("whole");
});

test("what a killed run left a day ago is removed, a running one's work is not", async () => {
  const old = `${directory}.making-old`;
  const running = `${directory}.making-running`;
  await mkdir(old);
  await mkdir(running);
  const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 60 * 60;
  await utimes(old, twoDaysAgo, twoDaysAgo);
  await makeOnce(directory, writes("new"));
  expect((await readdir(parent)).sort()).toEqual(["runtime", "runtime.making-running"]);
});
