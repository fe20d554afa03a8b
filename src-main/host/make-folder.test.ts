import { existsSync } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeFolder } from "./make-folder.ts";

let base: string;

beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), "orthomask-folder-"));
});

afterEach(async () => {
  await rm(base, { recursive: true });
});

it("makes a folder and those above it, also twice at once", async () => {
  const deep = path.join(base, "a/b/c");
  await Promise.all([makeFolder(deep), makeFolder(deep), makeFolder(path.join(base, "a/b/d"))]);
  expect((await stat(deep)).isDirectory()).toBe(true);
  expect(await makeFolder(deep)).toEqual([]);
  expect(await makeFolder(path.join(base, "a/e/f"))).toEqual([
    path.join(base, "a/e"),
    path.join(base, "a/e/f"),
  ]);
});

it("names the file that stands in the way", async () => {
  const file = path.join(base, "file");
  await writeFile(file, "");
  await expect(makeFolder(path.join(file, "inside"))).rejects.toMatchObject({ code: "ENOTDIR" });
  await expect(makeFolder(file)).rejects.toMatchObject({ code: "ENOTDIR", path: file });
});

it.skipIf(!existsSync("/proc/self"))(
  "rejects where no folder can be made, which Node's own waits on for ever",
  async () => {
    await expect(makeFolder("/proc/orthomask/out")).rejects.toMatchObject({
      code: "ENOENT",
      path: "/proc/orthomask",
    });
  },
);
