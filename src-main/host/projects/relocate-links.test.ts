import {
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCli } from "../../../fixtures/run-cli.ts";
import { registerRelocateCommand } from "../../cli/relocate.ts";
import { ClassGrid } from "../../raster/index.ts";
import { Projects } from "./index.ts";
import type { Project } from "./project.ts";
import { mosaicIdOf } from "./project-id.ts";
import { relocateLinks } from "./relocate-links.ts";

const fixture = path.resolve(import.meta.dirname, "../../../fixtures/rasters/overviews.tif");
let base: string;
let folder: string;
let projects: Projects;

beforeEach(async () => {
  base = await realpath(await mkdtemp(path.join(tmpdir(), "orthomask-relocate-")));
  folder = path.join(base, "project");
  for (const place of ["project/images", "disk 1/2024/north", "disk 1/2025/north"]) {
    await mkdir(path.join(base, place), { recursive: true });
  }
  for (const year of ["2024", "2025"]) {
    const image = path.join(base, "disk 1", year, "north/a.tif");
    await copyFile(fixture, image);
    await symlink(image, path.join(folder, "images", `${year}.tif`));
  }
  projects = new Projects({ dataDirectory: path.join(base, "data") });
});
afterEach(async () => {
  await projects.close();
  await rm(base, { recursive: true });
});

async function opened(): Promise<Project> {
  const project = await projects.open(folder, { remember: false });
  await project.settled();
  return project;
}

const kinds = (project: Project): string[] => project.snapshot().mosaics.map(({ kind }) => kind);

test("links to a disk of another name lead there again, each to the file of its own folder, and stay so", async () => {
  const project = await opened();
  expect(kinds(project)).toEqual(["ready", "ready"]);
  const ids = project.snapshot().mosaics.map(({ id }) => id);
  await expect(relocateLinks(project, base)).rejects.toThrow("nothing to look for");
  await rename(path.join(base, "disk 1"), path.join(base, "disk 2"));
  await project.rescan();
  expect(kinds(project)).toEqual(["failed", "failed"]);

  expect(await relocateLinks(project, path.join(base, "disk 2"))).toEqual({
    found: ["2024", "2025"].map((year) => ({
      fileName: `images/${year}.tif`,
      path: path.join(base, "disk 2", year, "north/a.tif"),
    })),
    missing: [],
  });
  expect(kinds(project)).toEqual(["ready", "ready"]);
  expect(project.snapshot().mosaics.map(({ id }) => id)).toEqual(ids);
  expect(await readlink(path.join(folder, "images/2025.tif"))).toBe(
    path.join(base, "disk 2/2025/north/a.tif"),
  );
});

test("what isn't found, is there twice, has another size or can't be read is told, and its link left", async () => {
  const project = await opened();
  const old = path.join(base, "disk 1/2024/north/a.tif");
  await rm(path.join(base, "disk 1"), { recursive: true });
  const searched = path.join(base, "found");
  await mkdir(path.join(searched, "one"), { recursive: true });
  const look = async () => (await relocateLinks(project, searched)).missing[0]?.reason ?? "";
  expect(await look()).toBe(`There is no a.tif below ${searched}.`);
  await writeFile(path.join(searched, "one/a.tif"), "no raster");
  expect(await look()).toMatch(/a\.tif/);
  await mkdir(path.join(searched, "two"));
  await copyFile(fixture, path.join(searched, "two/a.tif"));
  expect(await look()).toMatch(/There are several called a\.tif: .*one.*two/);
  await rm(path.join(searched, "one"), { recursive: true });
  const labelled = path.join(project.storageDirectory, "labels", mosaicIdOf("images/2024.tif"), "classes");
  await mkdir(labelled, { recursive: true });
  await ClassGrid.create(labelled, { width: 10, height: 10 });
  expect(await look()).toMatch(/has \d+ × \d+ pixels, but what was labelled or predicted has 10 × 10/);
  expect(await readlink(path.join(folder, "images/2024.tif"))).toBe(old);
});

test("a link to the folder of all images, and the same from the command line", async () => {
  await rm(path.join(folder, "images"), { recursive: true });
  await symlink("../disk 1/2024/north", path.join(folder, "images"));
  await mkdir(path.join(base, "backup"));
  await rename(path.join(base, "disk 1/2024"), path.join(base, "backup/2024"));
  const { code, stdout, stderr } = await runCli(
    ["relocate", folder, "--from", path.join(base, "backup"), "--json"],
    [registerRelocateCommand],
    { base: path.join(base, "cli") },
  );
  const north = path.join(base, "backup/2024/north");
  expect([code, stderr, JSON.parse(stdout || "null")]).toEqual([
    0,
    "",
    { found: [{ fileName: "images", path: north }], missing: [] },
  ]);
  expect(await readFile(path.join(folder, "images/a.tif"))).toEqual(await readFile(fixture));
  expect(kinds(await opened())).toEqual(["ready"]);
});
