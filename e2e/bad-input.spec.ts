import { expect, type Locator } from "@playwright/test";
import {
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { keepScreenshot, orthomask, test } from "./app.ts";

let folder: string;

/** A folder with two good mosaics and one of each thing that users' folders also hold. */
test.beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-bad-"));
  await orthomask("sample", folder, "--size", "512");
  const images = path.join(folder, "images");
  const [first = ""] = (await readdir(images)).toSorted();
  await writeFile(
    path.join(images, "letter.tif"),
    "Dear colleague, the mosaic follows in a separate mail.\n",
  );
  await copyFile(path.join(images, first), path.join(images, "cut-short.tif"));
  await truncate(path.join(images, "cut-short.tif"), 40_000);
  // A mask of another size than its image: the mask of a smaller sample.
  const small = await mkdtemp(path.join(tmpdir(), "orthomask-small-"));
  await orthomask("sample", small, "--size", "256", "--mosaics", "1");
  const [smallMask = ""] = await readdir(path.join(small, "masks"));
  await copyFile(path.join(images, first), path.join(images, "other-size.tif"));
  await copyFile(path.join(small, "masks", smallMask), path.join(folder, "masks/other-size.tif"));
  await rm(small, { recursive: true, force: true });
});

test.afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("bad files say why in their place, and the good ones open", async ({ startApp }, { project }) => {
  const before = await readFile(path.join(folder, "classes.json"));
  const { page } = await startApp(folder);
  await expect(page.getByTestId("mosaic-row-sample-1")).toBeVisible({ timeout: 30_000 });
  const entry = (name: string): Locator =>
    page.getByRole("listitem").filter({ has: page.getByTestId(`mosaic-row-${name}`) });
  await expect(entry("letter")).toContainText(/not a|TIFF/i);
  await expect(entry("other-size")).toContainText(/256\s?×\s?256/);
  await expect(page.getByTestId("map")).toHaveAttribute("data-idle", "true", { timeout: 30_000 });
  await page.getByRole("tab", { name: /Problems/ }).click();
  await expect(page.getByTestId("problem-list")).toContainText("letter.tif");
  await expect(page.getByTestId("problem-list")).toContainText("other-size");
  await keepScreenshot(page, project.name, "bad-input");
  expect(await readFile(path.join(folder, "classes.json"))).toEqual(before);
});

test("a folder without masks explains what training needs", async ({ startApp }, { project }) => {
  const bare = await mkdtemp(path.join(tmpdir(), "orthomask-bare-"));
  try {
    await copyFile(path.join(folder, "images/sample-1.tif"), path.join(bare, "sample-1.tif"));
    const { page } = await startApp(bare);
    await expect(page.getByTestId("mosaic-row-sample-1")).toBeVisible({ timeout: 30_000 });
    await page.getByTestId("mode-train").click();
    await expect(page.getByText("A network learns from labels")).toBeVisible();
    await expect(page.getByRole("button", { name: "Go to Label" })).toBeVisible();
    await expect(page.getByTestId("train-start")).toBeDisabled();
    await keepScreenshot(page, project.name, "no-masks");
  } finally {
    await rm(bare, { recursive: true, force: true });
  }
});

test("an empty folder and a reload leave a page that works", async ({ startApp }, { project }) => {
  const empty = await mkdtemp(path.join(tmpdir(), "orthomask-empty-"));
  await mkdir(path.join(empty, "images"));
  try {
    const { page } = await startApp(empty);
    await expect(page.getByText(/no (images|mosaics|GeoTIFFs?)/i).first()).toBeVisible({ timeout: 30_000 });
    await keepScreenshot(page, project.name, "empty-folder");
    await page.reload();
    await expect(page.getByText(/no (images|mosaics|GeoTIFFs?)/i).first()).toBeVisible({ timeout: 30_000 });
  } finally {
    await rm(empty, { recursive: true, force: true });
  }
});

test("files that were moved are found in a folder, and their links lead there again", async ({
  startApp,
}) => {
  const moved = await mkdtemp(path.join(tmpdir(), "orthomask-moved-"));
  try {
    const [disk, images] = [path.join(moved, "disk"), path.join(moved, "images")];
    await mkdir(disk);
    await mkdir(images);
    await copyFile(path.join(folder, "images/sample-1.tif"), path.join(disk, "far.tif"));
    await copyFile(path.join(folder, "images/sample-2.tif"), path.join(images, "near.tif"));
    await symlink(path.join(disk, "far.tif"), path.join(images, "far.tif"));
    await rename(disk, path.join(moved, "other disk"));
    const { page, electron } = await startApp(moved);
    // The desktop asks with the system's own dialog, which a test answers in its place.
    await electron?.evaluate(
      ({ dialog }, chosen) => {
        dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] });
      },
      path.join(moved, "other disk"),
    );
    const row = page.getByTestId("mosaic-row-far");
    await expect(row).toBeVisible({ timeout: 30_000 });
    await page.getByRole("tab", { name: /Problems/ }).click();
    await expect(page.getByTestId("problem-list")).toContainText("far.tif");
    await page.getByText("Find moved files in a folder…").click();
    if (electron === null) {
      const inPicker = (name: string): Locator =>
        page.getByTestId("folder-row").filter({ hasText: name }).first();
      await inPicker(path.basename(moved)).click();
      await inPicker("other disk").click();
      await page.getByTestId("folder-pick").click();
    }
    await expect(page.getByText("far.tif found, and linked to where it is now.")).toBeVisible();
    await expect(page.getByTestId("problem-list")).not.toContainText("far.tif");
    expect(await realpath(path.join(images, "far.tif"))).toBe(
      await realpath(path.join(moved, "other disk/far.tif")),
    );
  } finally {
    await rm(moved, { recursive: true, force: true });
  }
});
