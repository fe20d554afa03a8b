import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { configureRaster } from "../../raster/index.ts";
import { Projects } from "./index.ts";

const fixture = path.resolve(import.meta.dirname, "../../../fixtures/rasters/overviews.tif");
let base: string;

beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), "orthomask-links-"));
  await mkdir(path.join(base, "allowed/project"), { recursive: true });
  await mkdir(path.join(base, "allowed-not"));
  await copyFile(fixture, path.join(base, "allowed-not/secret.tif"));
  await copyFile(fixture, path.join(base, "allowed/elsewhere.tif"));
});
afterEach(async () => {
  configureRaster({ folders: "anywhere" });
  await rm(base, { recursive: true });
});

test("a project's link is followed within the allowed folders, and never out of them", async () => {
  const project = path.join(base, "allowed/project");
  await symlink("../elsewhere.tif", path.join(project, "inside.tif"));
  await symlink("../../allowed-not/secret.tif", path.join(project, "outside.tif"));
  await writeFile(path.join(project, "named.url"), path.join(base, "allowed-not/secret.tif"));
  configureRaster({ folders: [path.join(base, "allowed")] });
  const projects = new Projects({ dataDirectory: path.join(base, "data") });
  const opened = await projects.open(project, { remember: false });
  await opened.settled();
  const { mosaics } = opened.snapshot();
  expect(mosaics.map(({ kind, fileName }) => [fileName, kind])).toStrictEqual([
    ["inside.tif", "ready"],
    ["named.url", "failed"],
    ["outside.tif", "failed"],
  ]);
  const outside = mosaics.find(({ fileName }) => fileName === "outside.tif");
  expect(outside?.kind === "failed" ? outside.reason : "").toMatch(
    /leads out of the folders that may be opened/,
  );
  await projects.close();
});
