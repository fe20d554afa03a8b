import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { GroundSplit } from "#shared/training/saved-split.ts";
import { defaultSettings } from "../training/presets.ts";
import { readRun, recoverRun, writeRun } from "./run-files.ts";
import { keepGround, readGround } from "./run-ground.ts";

/** As the first Orthomask wrote it. */
const first = {
  version: 1,
  id: "unet-1",
  name: "U-Net 1",
  createdAt: "2026-01-02T03:04:05.000Z",
  state: { kind: "finished", reason: "all-epochs" },
  settings: defaultSettings,
  classes: [
    { id: 0, name: "ground", color: "#444444", ignore: false },
    { id: 1, name: "water", color: "#2244aa", ignore: false },
  ],
  input: { bands: [0, 1, 2], normalization: { kind: "uint8" } },
  parameters: 10,
  trainableParameters: 10,
  trainingMosaicIds: ["north"],
  validationMosaicIds: ["south"],
  stepMilliseconds: null,
  history: [],
  best: null,
  madeWith: { orthomask: "0.1.0", tensorflow: "2.21.0", device: "cpu" },
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-run-files-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const write = (document: unknown): Promise<void> =>
  writeFile(path.join(folder, "run.json"), JSON.stringify(document));

it("reads a run of the first version as one of this version, also one of its queue", async () => {
  await write(first);
  expect(await readRun(folder)).toEqual({ ...first, version: 2 });
  await write({ ...first, state: { kind: "queued", turn: 5 } });
  expect(await readRun(folder)).toMatchObject({ version: 2, state: { kind: "queued", turn: 5 } });
});

it("calls a newer run newer, not damaged", async () => {
  await write({ ...first, version: 3, state: { kind: "dreaming" } });
  await expect(readRun(folder)).rejects.toMatchObject({
    code: "unsupported",
    message: expect.stringContaining("was written by a newer Orthomask (format 3)") as string,
  });
});

it("puts the version saved last in a damaged run's place, keeps the damaged one, and knows where there is none", async () => {
  await write(first);
  const run = await readRun(folder);
  expect(await recoverRun(folder)).toBeNull();
  await writeRun(folder, { ...run, name: "Saved last" });
  await writeFile(path.join(folder, "run.json"), "{ damaged");
  const recovered = await recoverRun(folder);
  expect(recovered?.run.name).toBe("Saved last");
  expect(await readRun(folder)).toEqual(recovered?.run);
  const aside = (await readdir(folder)).find((name) => name.startsWith("run.damaged-")) ?? "";
  expect(recovered?.message).toContain(`kept as ${aside}`);
  expect(await readFile(path.join(folder, aside), "utf8")).toBe("{ damaged");
});

it("keeps the tiles of a run as they are, knows none of one from before, and says what is damaged", async () => {
  expect(await readGround(folder)).toBeNull();
  const pixelWindow = { x: 0, y: 256, width: 256, height: 256 };
  const ground: GroundSplit = {
    areas: [{ mosaicId: "north", part: "validation", shape: { kind: "window", pixelWindow } }],
    rest: "unused",
    guardMeters: 0,
  };
  await keepGround(folder, ground);
  expect(await readGround(folder)).toEqual(ground);
  const file = path.join(folder, "ground.json");
  await writeFile(file, (await readFile(file, "utf8")).slice(0, 40));
  await expect(readGround(folder)).rejects.toThrow("ground.json is damaged");
});
