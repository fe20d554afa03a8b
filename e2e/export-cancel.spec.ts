import { expect, type ElectronApplication, type Page } from "@playwright/test";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { exported } from "./export-steps.ts";
import { keepScreenshot, test } from "./app.ts";

test("an export is cancelled from the window, and leaves the earlier one", async ({ startApp }, {
  project,
}) => {
  test.setTimeout(180_000);
  const specks = await mkdtemp(path.join(tmpdir(), "orthomask-export-specks-"));
  await drawSpecks(specks, 3500);
  const { page, electron } = await startApp(specks);
  await page.getByTestId("mode-export").click();
  const size = page.getByTestId("export-size");
  await expect(size).toContainText("1 file, 12.3 M pixels, about", { timeout: 30_000 });
  await expect(size).toContainText("are free there");
  const earlier = await exported(page, "town.tif");
  const before = await readFile(earlier);
  await expectShown(page, electron, earlier);

  // Millions of polygons, which take a while.
  await page.getByTestId("export-vector").selectOption("gpkg");
  await expect(page.getByTestId("export-size")).toContainText("2 files");
  await page.getByTestId("export-start").click();
  await expect(page.getByTestId("export-progress")).toContainText(/\d % · file 2 of 2/, { timeout: 60_000 });
  await keepScreenshot(page, project.name, "export-running");
  await page.getByTestId("export-cancel").click();
  await expect(page.getByTestId("export-cancelled")).toBeVisible({ timeout: 30_000 });
  expect((await readdir(path.dirname(earlier))).toSorted()).toEqual([
    "town.qml",
    "town.tif",
    "town.tif.aux.xml",
  ]);
  expect((await readFile(earlier)).equals(before)).toBe(true);
  await rm(specks, { recursive: true, force: true });
});

/** A grey image and a mask of it in which every pixel is by itself. */
async function drawSpecks(directory: string, side: number): Promise<void> {
  for (const [name, data] of [
    ["images", Buffer.alloc(side * side, 120)],
    [
      "masks",
      Buffer.from(Uint8Array.from({ length: side * side }, (_, at) => Math.imul(at, 0x9e3779b1) >>> 30)),
    ],
  ] as const) {
    await mkdir(path.join(directory, name));
    await sharp(data, { raw: { width: side, height: side, channels: 1 } })
      .toColourspace("b-w")
      .png({ compressionLevel: 1 })
      .toFile(path.join(directory, name, "town.png"));
  }
}

/** The desktop shows the file among its neighbours; a browser names the place and hands out the file. */
async function expectShown(
  page: Page,
  electron: ElectronApplication | null,
  filePath: string,
): Promise<void> {
  const result = page.getByTestId("export-result");
  await expect(result).toContainText(path.dirname(filePath));
  if (electron === null) {
    const download = page.waitForEvent("download");
    await result.getByRole("link", { name: path.basename(filePath), exact: true }).click();
    const bytes = await readFile(await (await download).path());
    expect(bytes.equals(await readFile(filePath))).toBe(true);
    return;
  }
  await electron.evaluate(({ shell }) => {
    // The test machine has no file manager: what it would be asked to show is kept.
    shell.showItemInFolder = (shown) => {
      Object.assign(globalThis, { shown });
    };
  });
  await result.getByRole("button", { name: "Show in folder" }).click();
  await expect
    .poll(() => electron.evaluate(() => (globalThis as { shown?: string }).shown ?? null))
    .toBe(filePath);
}
