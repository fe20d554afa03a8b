import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ProcessLock } from "./process-lock.ts";
import { claimRun, releaseRun, runFiles } from "./runs/run-files.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-lock-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const refusal = (): string => "taken";
/** As another process that is alive would write it. */
const ofAnother = JSON.stringify({ pid: process.ppid, host: hostname(), since: "today" });

it("a lock is held until it is released", async () => {
  const file = path.join(folder, "lock");
  const lock = await ProcessLock.take(file, refusal);
  expect(await lock.isHeld()).toBe(true);
  expect(await ProcessLock.holder(file)).toBe("here");
  await expect(ProcessLock.take(file, refusal)).rejects.toMatchObject({ code: "conflict" });
  await lock.release();
  expect(await ProcessLock.holder(file)).toBe("none");
  await (await ProcessLock.take(file, refusal)).release();
});

it("a lock that another process has taken over is neither taken for one's own nor removed", async () => {
  const file = path.join(folder, "lock");
  const lock = await ProcessLock.take(file, refusal);
  await writeFile(file, ofAnother);
  expect(await lock.isHeld()).toBe(false);
  expect(await ProcessLock.holder(file)).toBe("elsewhere");
  await lock.release();
  expect(await readFile(file, "utf8")).toBe(ofAnother);
});

it("a run that waited and was taken over meanwhile is looked at again before it begins", async () => {
  const owner = path.join(folder, runFiles.owner);
  expect(await claimRun(folder)).toBe("taken");
  expect(await claimRun(folder)).toBe("kept");
  await writeFile(owner, ofAnother);
  await expect(claimRun(folder)).rejects.toMatchObject({ code: "conflict" });
  expect(await readFile(owner, "utf8")).toBe(ofAnother);
  await rm(owner);
  expect(await claimRun(folder)).toBe("taken");
  await releaseRun(folder);
});
