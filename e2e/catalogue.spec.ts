import { expect } from "@playwright/test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { keepScreenshot, mapIdle, orthomask, setNumber, test } from "./app.ts";
import { openInBrackets, textsOutside } from "./catalogue.ts";

let folder: string;

test.beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-catalogue-"));
  await orthomask("sample", folder, "--size", "512");
  // Of the processes; the page is told by its address.
  process.env["ORTHOMASK_LANGUAGE"] = "en-XA";
});

test.afterAll(async () => {
  delete process.env["ORTHOMASK_LANGUAGE"];
  await rm(folder, { recursive: true, force: true });
});

test("every text of the page comes from its catalogue", async ({ startApp }, { project }) => {
  test.setTimeout(300_000);
  // What the sample and its run are called, the longest first: a name may lie in another.
  const data = [
    folder,
    tmpdir(),
    path.basename(folder),
    ...["images/", "sample-1", "sample-2", ".tif", "U-Net 1", "DeepLabV3+"],
    ...["background", "building", "woodland", "water", "road", "ETRF2000-PL / CS92"],
  ];
  const found = new Map<string, string>();
  const first = await startApp(null);
  await openInBrackets(first.page);
  await expect(first.page.getByRole("heading", { level: 1 })).toBeVisible();
  for (const text of await textsOutside(first.page, data)) {
    found.set(text, "the start page");
  }
  await keepScreenshot(first.page, project.name, "catalogue-start");
  await first.close();

  const { page } = await startApp(folder);
  await openInBrackets(page);
  await expect(page.getByTestId("mosaic-row-sample-1")).toBeVisible({ timeout: 30_000 });
  await mapIdle(page);
  /** Notes what isn't bracketed now, and keeps a picture of it. */
  const look = async (state: string): Promise<void> => {
    for (const text of await textsOutside(page, data)) {
      found.set(text, found.get(text) ?? state);
    }
    await keepScreenshot(page, project.name, `catalogue-${state}`);
  };

  // Label: each tool, and what opens from the side.
  await page.getByTestId("mode-label").click();
  await look("label");
  for (const tool of await page.locator("[data-testid^=tool-]").all()) {
    const name = (await tool.getAttribute("data-testid")) ?? "";
    if (name !== "tool-bar") {
      await tool.click();
      await look(name);
    }
  }
  await page.getByTestId("imagery-colours").click();
  await look("imagery");
  await page.keyboard.press("Escape");
  for (const menu of ["project-menu", "jobs-button"]) {
    await page.getByTestId(menu).click();
    await look(menu);
    await page.keyboard.press("Escape");
  }

  // Train: the form with all its fields, the split's editor, a sweep, a run.
  await page.getByTestId("mode-train").click();
  await setNumber(page, "setting-tile", 128);
  await setNumber(page, "setting-width", 4);
  await setNumber(page, "setting-input", 64);
  await setNumber(page, "setting-batch", 8);
  await setNumber(page, "setting-epochs", 1);
  await look("train");
  await page.getByTestId("split-edit").click();
  await look("split");
  await page.getByTestId("split-close").click();
  await expect(page.getByTestId("train-start")).toBeEnabled({ timeout: 30_000 });
  await page.getByTestId("train-sweep").click();
  await look("sweep");
  await page.keyboard.press("Escape");
  await page.getByTestId("train-start").click();
  await expect(page.getByTestId("run-state")).toHaveAttribute("data-state", "finished", { timeout: 120_000 });
  await look("run");

  // Results: numbers, a cell's places, every part of the drawer.
  await page.getByTestId("mode-results").click();
  await look("results-of-validation");
  await page.getByTestId("predict-start").click();
  await expect(page.getByTestId("prediction-complete")).toHaveCount(2, { timeout: 120_000 });
  await expect(page.getByTestId("confusion-matrix")).toBeVisible({ timeout: 30_000 });
  await look("results");
  await page.locator("[data-testid^=confusion-cell-]").nth(1).click();
  await look("places");
  for (const tab of ["curves", "runs", "compare", "classes", "problems"]) {
    await page.getByTestId(`drawer-${tab}`).click();
    await look(`drawer-${tab}`);
  }
  await page.getByTestId("mode-export").click();
  await look("export");

  // Dialogs: what the palette finds, whatever its language, by words that are in brackets too.
  for (const words of [
    "About",
    "Storage",
    "Add a mosaic",
    "Import polygons",
    "Compare masks",
    "Open folder",
  ]) {
    await page.keyboard.press("Control+k");
    await look("palette");
    await page.keyboard.type(words);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("dialog")).toBeVisible();
    await look(`dialog-${words.toLowerCase().replaceAll(" ", "-")}`);
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);
  }
  await page.keyboard.press("?");
  await look("shortcuts");

  expect([...found].map(([text, state]) => `${state}: ${text}`)).toEqual([]);
});
