import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Projects } from "./index.ts";

const fixtures = path.join(import.meta.dirname, "../../../fixtures/rasters");
const kinds = ["lzw-tiles-pixel", "deflate-strips-pixel", "jpeg-ycbcr", "bigtiff", "none-strips-pixel"];

let folder: string;
let dataDirectory: string;
let projects: Projects;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-damaged-"));
  dataDirectory = await mkdtemp(path.join(tmpdir(), "orthomask-data-"));
  projects = new Projects({ dataDirectory });
});
afterEach(async () => {
  await projects.close();
  await rm(folder, { recursive: true, force: true });
  await rm(dataDirectory, { recursive: true, force: true });
});

it("shows the five good files of a folder with 200 damaged ones", async () => {
  // Park and Miller's generator: the same mutations every time.
  let seed = 20_260_205;
  const next = (limit: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % limit;
  };
  const images = path.join(folder, "images");
  await mkdir(images);
  for (const kind of kinds) {
    await copyFile(path.join(fixtures, `${kind}.tif`), path.join(images, `good-${kind}.tif`));
  }
  for (let index = 0; index < 200; index++) {
    const kind = kinds[index % kinds.length] ?? "";
    const bytes = await readFile(path.join(fixtures, `${kind}.tif`));
    for (let change = 0; change < 12; change++) {
      // Where the structure is: the header, and the first directory, which some writers put at the end.
      const directory = kind === "bigtiff" ? Number(bytes.readBigUInt64LE(8)) : bytes.readUInt32LE(4);
      const start = directory < bytes.length ? directory : 0;
      bytes[start + next(Math.min(200, bytes.length - start))] = next(4) === 0 ? 0xff : next(256);
    }
    await writeFile(path.join(images, `bad-${index}.tif`), bytes);
  }
  const project = await projects.open(folder);
  await project.counted();
  const { mosaics } = project.snapshot();
  expect(mosaics).toHaveLength(205);
  expect(mosaics.filter(({ kind, name }) => kind === "ready" && name.startsWith("good-"))).toHaveLength(5);
  const failed = mosaics.filter((mosaic) => mosaic.kind === "failed");
  // Some changes leave a file that can be opened, such as one of a position.
  expect(failed.length).toBeGreaterThan(100);
  for (const mosaic of failed) {
    expect(mosaic.reason, mosaic.name).toMatch(/.{10}/);
  }
}, 30_000);
