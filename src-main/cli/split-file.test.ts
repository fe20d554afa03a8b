import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readSplitFile } from "./split-file.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-split-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it("reads LandCover.ai's two lists from their folder or from either file", async () => {
  await writeFile(path.join(folder, "train.txt"), "M-33_0\r\nM-33_1\n\n");
  await writeFile(path.join(folder, "val.txt"), "M-33_7\n");
  const lists = { kind: "list", training: ["M-33_0", "M-33_1"], validation: ["M-33_7"] };
  for (const given of ["", "train.txt", "val.txt"]) {
    expect(await readSplitFile(path.join(folder, given))).toEqual(lists);
  }
});

it("reads names from JSON", async () => {
  const file = path.join(folder, "split.json");
  await writeFile(file, '{"training": ["dubai-3"], "validation": ["dubai-4", "dubai-7"]}');
  expect(await readSplitFile(file)).toEqual({
    kind: "list",
    training: ["dubai-3"],
    validation: ["dubai-4", "dubai-7"],
  });
  await writeFile(file, "{");
  await expect(readSplitFile(file)).rejects.toThrow('expected {"training": […], "validation": […]}');
});

it("says what is missing", async () => {
  await expect(readSplitFile(path.join(folder, "nothing"))).rejects.toThrow(
    "expected random, mosaic, blocks, or a file",
  );
  await writeFile(path.join(folder, "train.txt"), "a_0");
  await expect(readSplitFile(folder)).rejects.toThrow("val.txt can't be read");
});
