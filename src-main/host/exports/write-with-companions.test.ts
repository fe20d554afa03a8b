import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createAtomicFile } from "../../raster/index.ts";
import { writeWithCompanions, type Companion, type StageCompanions } from "./write-with-companions.ts";

let folder: string;
let main: string;
let style: string;
let sidecar: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-companions-"));
  [main, style, sidecar] = ["town.tif", "town.qml", "town.tif.aux.xml"].map((name) =>
    path.join(folder, name),
  ) as [string, string, string];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Writes `text` under the main name as every writer of ours does: a temporary file, staged companions, a new name. */
async function written(
  text: string,
  companions: readonly Companion[],
  stage: StageCompanions,
): Promise<void> {
  const file = await createAtomicFile(main);
  try {
    await file.handle.write(text, 0);
    await file.commit(() => stage(companions));
  } finally {
    await file.discard();
  }
}

/** Names and contents of what lies in the folder; folders stand for themselves. */
async function contents(): Promise<Record<string, string>> {
  const entries: [string, string][] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    entries.push([
      entry.name,
      entry.isDirectory() ? "a folder" : await readFile(path.join(folder, entry.name), "utf8"),
    ]);
  }
  return Object.fromEntries(entries);
}

function companionsWith(text: string): Companion[] {
  return [
    { filePath: style, text: `${text} style` },
    { filePath: sidecar, text: `${text} names` },
  ];
}

const earlier = { "town.tif": "earlier", "town.qml": "earlier style", "town.tif.aux.xml": "earlier names" };
async function writeEarlier(): Promise<void> {
  await writeWithCompanions(main, (stage) => written("earlier", companionsWith("earlier"), stage));
  expect(await contents()).toEqual(earlier);
}

it("replaces a file and what is beside it, and leaves nothing else", async () => {
  await writeEarlier();
  await writeWithCompanions(main, (stage) => written("new", companionsWith("new"), stage));
  expect(await contents()).toEqual({
    "town.tif": "new",
    "town.qml": "new style",
    "town.tif.aux.xml": "new names",
  });
});

it.each([
  ["written", (): string => path.join(folder, "no such folder", "town.qml")],
  ["named, as a folder has its name", (): string => path.join(folder, "taken.qml")],
])("leaves the earlier file as it was when a companion can't be %s", async (_, blocked) => {
  await writeEarlier();
  await mkdir(path.join(folder, "taken.qml"));
  const companions = [...companionsWith("new"), { filePath: blocked(), text: "blocked" }];
  await expect(writeWithCompanions(main, (stage) => written("new", companions, stage))).rejects.toMatchObject(
    { code: "write-failed" },
  );
  expect(await contents()).toEqual({ ...earlier, "taken.qml": "a folder" });
});

it("takes back what it has renamed when a later companion goes wrong", async () => {
  await writeEarlier();
  await expect(
    writeWithCompanions(main, async (stage) => {
      await written("new", companionsWith("new"), stage);
      // Somebody makes a folder of the last one's name at the worst moment.
      await rm(sidecar);
      await mkdir(path.join(sidecar, "full"), { recursive: true });
    }),
  ).rejects.toMatchObject({ code: "write-failed" });
  expect(await contents()).toMatchObject({ "town.tif": "earlier", "town.qml": "earlier style" });
});

it("leaves nothing where there was nothing", async () => {
  const companions = [...companionsWith("new"), { filePath: path.join(main, "below"), text: "blocked" }];
  await expect(writeWithCompanions(main, (stage) => written("new", companions, stage))).rejects.toMatchObject(
    { code: "write-failed" },
  );
  expect(await contents()).toEqual({});
  await writeFile(main, "earlier");
  await expect(writeWithCompanions(main, () => Promise.reject(new Error("cancelled")))).rejects.toThrow(
    "cancelled",
  );
  expect(await contents()).toEqual({ "town.tif": "earlier" });
});
