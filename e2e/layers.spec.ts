import { expect, type Page } from "@playwright/test";
import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { keepScreenshot, mapPixels, orthomask, test, type MapPixels } from "./app.ts";

let folder: string;

test.beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-layers-"));
  await orthomask("sample", folder, "--size", "512");
});

test.afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Mean difference of the channels, 0–255, in the left and in the right half of the map. */
function halves(first: MapPixels, second: MapPixels): [number, number] {
  const sums: [number, number] = [0, 0];
  for (let index = 0; index < first.data.length; index++) {
    const column = Math.floor(index / 3) % first.width;
    const half = column < first.width / 2 ? 0 : 1;
    sums[half] += Math.abs((first.data[index] ?? 0) - (second.data[index] ?? 0));
  }
  const samples = (first.width * first.height * 3) / 2;
  return [sums[0] / samples, sums[1] / samples];
}

test("layers of one mosaic, the swipe and what was chosen are there again", async ({ startApp }, {
  project,
}) => {
  test.setTimeout(180_000);
  const { page, close } = await startApp(folder);
  const names = (await readdir(path.join(folder, "images"))).map((file) => path.parse(file).name);
  const [first = "", second = ""] = names;
  await expect(page.getByTestId(`mosaic-row-${second}`)).toBeVisible({ timeout: 30_000 });
  await mapPixels(page);
  // Looking alone writes nothing into the folder.
  await expect(stat(path.join(folder, "orthomask.json"))).rejects.toThrow("ENOENT");

  await page.getByTestId(`mosaic-row-${first}`).click();
  await page.getByTestId(`mosaic-zoom-${first}`).click();
  await page.waitForTimeout(400);
  await page.getByTestId(`mosaic-row-${first}`).press("ArrowRight");
  const withLabels = await mapPixels(page);
  const opacity = page.getByTestId(`mosaic-layer-opacity-labels-${first}`);
  await opacity.fill("40");
  const faint = await mapPixels(page);
  await page.getByTestId(`mosaic-layer-labels-${first}`).click();
  const withoutLabels = await mapPixels(page);
  const [faintShare] = halves(faint, withoutLabels);
  const [fullShare] = halves(withLabels, withoutLabels);
  expect(fullShare).toBeGreaterThan(4);
  // Opacities multiply: what the labels add to the picture is 40 % of what it was.
  expect(faintShare / fullShare).toBeCloseTo(0.4, 1);

  // A swipe between two layers of that mosaic: nothing on the left, its labels, though hidden, on the right.
  await page.getByTestId("swipe-left").selectOption({ label: `Imagery · ${first}` });
  await page.getByTestId("swipe-right").selectOption({ label: `Labels · ${first}` });
  await page.getByTestId("swipe-handle").evaluate((handle) => {
    (handle as unknown as { style: { visibility: string } }).style.visibility = "hidden";
  });
  const swiped = await mapPixels(page);
  const [leftChange, rightChange] = halves(swiped, withoutLabels);
  expect(leftChange).toBeLessThan(0.1);
  expect(rightChange).toBeGreaterThan(1);
  await page.getByTestId("swipe-handle").evaluate((handle) => {
    (handle as unknown as { style: { visibility: string } }).style.visibility = "";
  });
  await page.getByTestId("swipe-handle").press("ArrowLeft");
  await page.getByTestId(`mosaic-row-${second}`).hover();
  await page.getByTestId(`mosaic-visible-${second}`).click();
  await page.getByTestId("map").press("1");
  await page.getByTestId("layer-drawing-labels").selectOption("outline");
  await keepScreenshot(page, project.name, "layers");

  const file = path.join(folder, "orthomask.json");
  const kept = async (): Promise<unknown> =>
    (JSON.parse(await readFile(file, "utf8")) as { display: unknown }).display;
  await expect
    .poll(() => kept().catch(() => null))
    .toMatchObject({
      layers: { imagery: { visible: false }, labels: { drawing: "outline" } },
      swipe: { left: { kind: "imagery" }, right: { kind: "labels" } },
    });

  const expectAsLeft = async (shown: Page): Promise<void> => {
    await expect(shown.getByTestId(`mosaic-visible-${second}`)).toHaveAttribute("aria-pressed", "false", {
      timeout: 30_000,
    });
    await expect(shown.getByTestId(`mosaic-row-${first}`)).toHaveAttribute("aria-current", "true");
    await expect(shown.getByTestId("layer-imagery")).toHaveAttribute("aria-pressed", "false");
    await expect(shown.getByTestId("layer-drawing-labels")).toHaveValue("outline");
    await expect(shown.getByTestId("swipe-handle")).toHaveAttribute("aria-valuenow", "49");
    await expect(shown.getByTestId("swipe-right").locator("option:checked")).toHaveText(`Labels · ${first}`);
    await shown.getByTestId(`mosaic-row-${first}`).press("ArrowRight");
    await expect(shown.getByTestId(`mosaic-layer-labels-${first}`)).toHaveAttribute("aria-pressed", "false");
    await expect(shown.getByTestId(`mosaic-layer-opacity-labels-${first}`)).toHaveValue("40");
  };
  await page.reload();
  await expectAsLeft(page);
  const asLeft = await kept();
  await close();
  const again = await startApp(folder);
  await expectAsLeft(again.page);
  expect(await kept()).toEqual(asLeft);
});
