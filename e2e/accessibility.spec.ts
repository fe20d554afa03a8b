import { expect, type Locator } from "@playwright/test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expectAccessible } from "./accessibility.ts";
import { mapIdle, orthomask, test } from "./app.ts";

let folder: string;

test.beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-sample-"));
  await orthomask("sample", folder);
});

test.afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

// Results and a finished run are looked at where they are made: in the main job.
test("every mode, dialogs and tools are accessible, light and dark, and at 200 %", async ({ startApp }) => {
  test.setTimeout(240_000);
  const first = await startApp(null);
  await expect(first.page.getByRole("heading", { level: 1 })).toBeVisible();
  await expectAccessible(first.page, "the start page");
  await first.close();

  const { page, dataDirectory } = await startApp(folder);
  await expect(page.getByTestId("mosaic-row-sample-1")).toBeVisible({ timeout: 30_000 });
  await mapIdle(page);
  for (const mode of ["label", "train", "results", "export"]) {
    await page.getByTestId(`mode-${mode}`).click();
    await expect(page.getByTestId(`mode-${mode}`)).toHaveAttribute("aria-selected", "true");
    await expectAccessible(page, `mode ${mode}`);
  }

  // By keyboard alone: the palette finds each, Escape leaves it.
  const dialogs = {
    ...{ About: "About Orthomask", Storage: "Storage", "Guide:": "Guide" },
    ...{ "Add a mosaic by": "mosaic", "Open folder": "folder" },
  };
  for (const [words, name] of Object.entries(dialogs)) {
    await page.keyboard.press("Control+k");
    await page.keyboard.type(words);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("dialog", { name: new RegExp(name, "i") })).toBeVisible();
    await expectAccessible(page, name, "dialog");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);
  }
  await page.keyboard.press("Control+k");
  await page.keyboard.type("no such action");
  await expectAccessible(page, "the palette without a match");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await expectAccessible(page, "the cheat sheet");
  await page.keyboard.press("Escape");

  // What opens and isn't modal; with the keyboard it is left as it was come to.
  for (const id of ["project-menu", "jobs-button"]) {
    const opener = page.getByTestId(id);
    await opener.focus();
    await page.keyboard.press("Enter");
    await expect(opener).toHaveAttribute("aria-expanded", "true");
    await expectAccessible(page, id, "header.top-bar");
    await page.keyboard.press("Escape");
    await expect(opener).toHaveAttribute("aria-expanded", "false");
    await expect(opener).toBeFocused();
  }
  for (const tab of ["runs", "compare", "classes", "places", "problems"]) {
    await page.getByTestId(`drawer-${tab}`).click();
    await expectAccessible(page, `the drawer's ${tab}`, "section.drawer");
  }
  await page.keyboard.press("Control+j");
  await page.getByTestId("mode-train").click();
  await page.getByTestId("advanced-settings").click();
  await expectAccessible(page, "all settings of a training", "aside.right");
  await page.getByRole("button", { name: "Divide on the map…" }).click();
  await expect(page.getByTestId("split-close")).toBeVisible();
  await expectAccessible(page, "dividing the ground", "aside.right");
  await page.getByTestId("split-close").click();

  await page.getByTestId("mode-label").click();
  await page.getByTestId("map").press("w");
  await page.getByTestId("imagery-colours").click();
  await expectAccessible(page, "the wand's options and imagery's colours");

  // What a window of 1440 × 900 is at 200 %.
  await page.setViewportSize({ width: 720, height: 450 });
  await expectAccessible(page, "labelling at 200 %");
  await page.getByTestId("map").press("b");
  const mapWidth = async (): Promise<number> => (await page.getByTestId("map").boundingBox())?.width ?? 0;
  for (const mode of ["label", "train", "results", "export"]) {
    await page.getByTestId(`mode-${mode}`).click();
    await expect(page.getByTestId(`mode-${mode}`)).toHaveAttribute("aria-selected", "true");
    // Half the window is the map's: one panel beside it, which takes the other's place.
    expect(await mapWidth()).toBeGreaterThanOrEqual(360);
  }
  await expectAccessible(page, "exporting at 200 %");
  const panels = { side: page.getByLabel("Mosaics and layers"), inspector: page.locator("aside.right") };
  await page.keyboard.press("Control+b");
  await expect(panels.side).not.toHaveAttribute("inert");
  await expect(panels.inspector).toHaveAttribute("inert");
  expect(await mapWidth()).toBeGreaterThanOrEqual(360);
  await page.keyboard.press("Control+b");
  await expect(panels.side).toHaveAttribute("inert");
  await page.keyboard.press("Control+Alt+b");
  await expect(panels.inspector).not.toHaveAttribute("inert");
  await page.setViewportSize({ width: 1280, height: 800 });
  await expect(panels.side).not.toHaveAttribute("inert");

  // In the system's few colours classes keep theirs, and what is chosen is told.
  await page.emulateMedia({ forcedColors: "active" });
  await page.getByTestId("mode-label").click();
  const groundOf = (element: Locator): Promise<string> =>
    element.evaluate((found) => getComputedStyle(found).backgroundColor);
  expect(await groundOf(page.getByTestId("mode-label"))).not.toBe(
    await groundOf(page.getByTestId("mode-train")),
  );
  const grounds = await page
    .locator("aside.right .swatch")
    .evaluateAll((swatches) => [
      ...new Set(swatches.map((swatch) => getComputedStyle(swatch).backgroundColor)),
    ]);
  expect(grounds.length).toBeGreaterThan(3);
  await page.emulateMedia({ forcedColors: "none" });

  // A window that can't be drawn says so, keeps what it knows for whoever helps, and starts again.
  await page.evaluate(() => {
    const fail = (): never => {
      throw new Error("no numbers today in /home/ada/secret.tif");
    };
    Intl.NumberFormat.prototype.format = fail;
    Number.prototype.toFixed = fail;
  });
  await page.keyboard.press("Control+3");
  await expect(page.getByTestId("crash-page")).toContainText("no numbers today");
  await expectAccessible(page, "a window that broke");
  const logged = await readFile(path.join(dataDirectory, "logs/orthomask.log"), "utf8");
  expect(logged).toContain('"event":"page-broke"');
  expect(logged).not.toMatch(/ada|secret|sample-1/);
  await page.getByTestId("restart-window").click();
  await expect(page.getByTestId("mosaic-row-sample-1")).toBeVisible({ timeout: 30_000 });
});
