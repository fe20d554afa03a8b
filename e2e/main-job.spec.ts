import { expect, type Locator, type Page } from "@playwright/test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { acceptPredictionSteps } from "./accept-steps.ts";
import { expectAccessible } from "./accessibility.ts";
import {
  changedShare,
  keepScreenshot,
  labelsShown,
  mapIdle,
  mapPixels,
  orthomask,
  setNumber,
  test,
} from "./app.ts";

/** Colour of the page at a point, mean of 3×3 screen pixels: [red, green, blue], 0–255. */
async function colorAt(page: Page, x: number, y: number): Promise<number[]> {
  // Cut from the whole page: with a clip, Electron 22 answers before the map has been drawn again.
  const pixels = await sharp(await page.screenshot())
    .extract({ left: x - 1, top: y - 1, width: 3, height: 3 })
    .removeAlpha()
    .raw()
    .toBuffer();
  return [0, 1, 2].map((band) => {
    const samples = pixels.filter((_, index) => index % 3 === band);
    return samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  });
}

let folder: string;

test.beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-sample-"));
  await orthomask("sample", folder);
});

test.afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("the whole job: open, train, see, measure, export", async ({ startApp }, { project }) => {
  test.setTimeout(420_000);
  const { page } = await startApp(folder);

  // Open: imagery and mask stand where the files say.
  const names = (await readdir(path.join(folder, "images"))).map((file) => path.parse(file).name);
  for (const name of names) {
    await expect(page.getByTestId(`mosaic-row-${name}`)).toBeVisible({ timeout: 30_000 });
  }
  const firstName = names[0] ?? "";
  await page.getByTestId(`mosaic-row-${firstName}`).dblclick();
  const map = await mapIdle(page);
  await keepScreenshot(page, project.name, "1-open");
  await labelsShown(page, false);
  await compareWithFile(page, map, path.join(folder, "images", `${firstName}.tif`));
  await labelsShown(page, true);
  await mapIdle(page);
  await expect(page.getByTestId("status-label")).toContainText(/background|building|woodland|water|road/);
  await keepScreenshot(page, project.name, "2-labels");

  // Train until the validation beats a map of the majority class.
  await page.getByTestId("mode-train").click();
  await setNumber(page, "setting-width", 8);
  await setNumber(page, "setting-tile", 256);
  await setNumber(page, "setting-input", 128);
  await setNumber(page, "setting-batch", 4);
  await setNumber(page, "setting-epochs", 8);
  await setNumber(page, "setting-learning-rate", 0.003);
  await page.getByTestId("train-measure").click();
  await expect(page.getByTestId("measure-result")).toContainText(/epoch/i, { timeout: 60_000 });
  await keepScreenshot(page, project.name, "3-plan");
  await page.getByTestId("train-start").click();
  await expect(page.getByTestId("run-progress")).toBeVisible({ timeout: 30_000 });
  await keepScreenshot(page, project.name, "4-training");
  await expect(page.getByTestId("run-state")).toHaveAttribute("data-state", "finished", { timeout: 240_000 });
  await keepScreenshot(page, project.name, "5-trained");
  await expectAccessible(page, "a finished run");

  // Results of the validation tiles: table and matrix say the same.
  await page.getByTestId("mode-results").click();
  const meanIou = Number(await page.getByTestId("mean-iou").getAttribute("data-value"));
  const matrix = await readMatrix(page);
  const rowTotals = matrix.map((row) => row.reduce((sum, count) => sum + count, 0));
  const total = rowTotals.reduce((sum, count) => sum + count, 0);
  const majority = Math.max(...rowTotals) / total;
  const majorityMeanIou = majority / rowTotals.filter((count) => count > 0).length;
  expect(meanIou).toBeGreaterThan(majorityMeanIou * 1.5);
  expect(meanIouOf(matrix)).toBeCloseTo(meanIou, 6);
  const tablePixels = await page
    .getByTestId("results-table")
    .locator("[data-truth-pixels]")
    .evaluateAll((cells) => cells.map((cell) => Number(cell.getAttribute("data-truth-pixels"))));
  expect(tablePixels.toSorted(byNumber)).toEqual(rowTotals.toSorted(byNumber));
  await keepScreenshot(page, project.name, "6-results");
  await expectAccessible(page, "results");

  // Live: what is in view is predicted at once, and nothing of it is kept.
  await labelsShown(page, false);
  await page.getByTestId("live-toggle").check();
  await expect(page.getByTestId("live-status")).toHaveAttribute("data-kind", "up-to-date", {
    timeout: 60_000,
  });
  const live = await mapPixels(page);
  await keepScreenshot(page, project.name, "6-live");
  await page.getByTestId("map").press("3");
  expect(changedShare(live, await mapPixels(page))).toBeGreaterThan(0.05);
  await page.getByTestId("map").press("3");
  await page.getByTestId("live-toggle").uncheck();
  await expect(page.getByTestId("layer-prediction")).toBeDisabled();

  // Predict: the overlay appears, and toggling it changes what is drawn.
  await page.getByTestId("predict-start").click();
  await expect(page.getByTestId("layer-prediction")).toBeEnabled({ timeout: 60_000 });
  await expect(page.getByTestId("prediction-complete").first()).toBeVisible({ timeout: 120_000 });
  await labelsShown(page, false);
  const shown = await mapPixels(page);
  await keepScreenshot(page, project.name, "7-prediction");
  await page.getByTestId("map").press("3");
  const hidden = await mapPixels(page);
  expect(changedShare(shown, hidden)).toBeGreaterThan(0.05);
  await page.getByTestId("results-area").selectOption("mosaics");
  await expect
    .poll(async () => sumOf(await readMatrix(page)), { timeout: 30_000 })
    .toBe(names.length * 2048 ** 2);
  const countedInPage = await readMatrix(page);
  await placesOfLargestConfusion(page, countedInPage, async () => {
    // The flight to the place begins with the next frame.
    await page.waitForTimeout(600);
    await mapIdle(page);
    await keepScreenshot(page, project.name, "8-places");
  });

  await page.getByTestId("map").press("f");
  // The flight begins with the next frame; until then the map is idle.
  await page.waitForTimeout(600);
  // The errors as a layer of their own: what it colours are the wrong pixels, seen over the whole map.
  const withoutErrors = await mapPixels(page);
  await page.getByTestId("layer-errors").click();
  const withErrors = await mapPixels(page);
  const right = countedInPage.reduce((sum, row, index) => sum + (row[index] ?? 0), 0);
  const wrong = 1 - right / sumOf(countedInPage);
  const drawnWrong = changedShare(withoutErrors, withErrors);
  expect(drawnWrong).toBeGreaterThan(wrong * 0.1);
  expect(drawnWrong).toBeLessThan(wrong * 1.5);

  // Export, and read the file back with the command line.
  await page.getByTestId("mode-export").click();
  await page.getByTestId("export-start").click();
  const exported = page.getByTestId("export-result");
  await expect(exported).toBeVisible({ timeout: 60_000 });
  await keepScreenshot(page, project.name, "9-export");
  const exportFolder = (await exported.getAttribute("data-path")) ?? "";
  const [image] = (await orthomask("info", path.join(folder, "images", `${firstName}.tif`))) as Info[];
  const [mask] = (await orthomask("info", path.join(exportFolder, `${firstName}.tif`))) as Info[];
  expect(mask).toMatchObject({
    width: image?.width,
    height: image?.height,
    crs: image?.crs,
    transform: image?.transform,
    bands: 1,
    dtype: "uint8",
    nodata: 255,
  });
  // The files hold what the page counted: the command line finds the same matrix in them.
  const report = await orthomask(
    "evaluate",
    "--truth",
    path.join(folder, "masks"),
    "--prediction",
    exportFolder,
  );
  expect(report).toMatchObject({ confusion: countedInPage });

  await acceptPredictionSteps(page, {
    ...{ mosaicName: firstName, mosaicNames: names },
    ...{ readMatrix: () => readMatrix(page), shell: project.name },
  });
});

/** A cell leads to its pixels: they are drawn, their places listed, and the map goes to the largest. */
async function placesOfLargestConfusion(
  page: Page,
  matrix: number[][],
  onSeen: () => Promise<void>,
): Promise<void> {
  const wrong = matrix.flatMap((row, truth) =>
    row.map((count, prediction) => ({ truth, prediction, count: truth === prediction ? 0 : count })),
  );
  const { truth, prediction, count } = wrong.reduce((most, cell) => (cell.count > most.count ? cell : most));
  expect(count).toBeGreaterThan(0);
  const before = await mapPixels(page);
  const scale = await page.getByTestId("status-scale").textContent();
  await page.getByTestId(`confusion-cell-${truth}-${prediction}`).click();
  const first = page.getByTestId("place-0");
  await expect(first).toHaveAttribute("aria-current", "true", { timeout: 15_000 });
  // The matrix' cell and the places are the same pixels.
  await expect(page.getByTestId("places-pixels")).toHaveAttribute("data-pixels", String(count));
  expect(changedShare(before, await mapPixels(page))).toBeGreaterThan(0.05);
  expect(await page.getByTestId("status-scale").textContent()).not.toBe(scale);
  await page.getByTestId("map").press(".");
  await expect(page.getByTestId("place-1")).toHaveAttribute("aria-current", "true");
  await mapIdle(page);
  await onSeen();
  await page.getByTestId("places-clear").click();
  await expect(first).toHaveCount(0);
}

function sumOf(matrix: number[][]): number {
  return matrix.flat().reduce((sum, count) => sum + count, 0);
}

interface Info {
  width: number;
  height: number;
  crs: string;
  transform: number[];
}

function byNumber(first: number, second: number): number {
  return first - second;
}

/** Mean IoU of the classes that occur, from the matrix alone: the table's number must be the same. */
function meanIouOf(matrix: number[][]): number {
  const values = matrix.flatMap((row, index) => {
    const truth = row.reduce((sum, count) => sum + count, 0);
    const predicted = matrix.reduce((sum, other) => sum + (other[index] ?? 0), 0);
    const hit = row[index] ?? 0;
    const union = truth + predicted - hit;
    return union === 0 ? [] : [hit / union];
  });
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function readMatrix(page: Page): Promise<number[][]> {
  const cells = page.getByTestId("confusion-matrix").locator("[data-count]");
  await expect(cells.first()).toBeVisible();
  const counts = await cells.evaluateAll((elements) =>
    elements.map((element) => Number(element.getAttribute("data-count"))),
  );
  const size = Math.sqrt(counts.length);
  expect(Number.isInteger(size)).toBe(true);
  return Array.from({ length: size }, (_, row) => counts.slice(row * size, (row + 1) * size));
}

/** The colours drawn on the screen are those of the file at the pixel that the status bar names. */
async function compareWithFile(page: Page, map: Locator, file: string): Promise<void> {
  const box = await map.boundingBox();
  if (box === null) {
    throw new Error("the map has no place on the page");
  }
  // Closer than one screen pixel a mosaic pixel, so that no resampling stands between file and screen.
  for (let step = 0; step < 5; step++) {
    await map.press("+");
  }
  await page.waitForTimeout(600);
  await mapIdle(page);
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  let largestDifference = 0;
  for (const [shareX, shareY] of [
    [0.5, 0.5],
    [0.3, 0.4],
    [0.7, 0.35],
    [0.4, 0.7],
    [0.62, 0.6],
  ] as const) {
    const x = Math.round(box.x + box.width * shareX);
    const y = Math.round(box.y + box.height * shareY);
    await page.mouse.move(x, y);
    await expect(page.getByTestId("status-pixel")).toContainText(/\d+\D+\d+/);
    const words =
      ((await page.getByTestId("status-pixel").textContent()) ?? "").match(/[\d\u202f, ]+/g) ?? [];
    const numbers = (words.join(" ").match(/\d+/g) ?? []).map(Number);
    const [column = 0, row = 0] = numbers;
    const offset = (row * info.width + column) * info.channels;
    const expected = [...data.subarray(offset, offset + 3)];
    const drawn = await colorAt(page, x, y);
    const difference = Math.max(...drawn.map((value, band) => Math.abs(value - (expected[band] ?? 0))));
    largestDifference = Math.max(largestDifference, difference);
  }
  // The cursor's own pixel is drawn as it is; 3×3 screen pixels may touch a neighbour.
  expect(largestDifference).toBeLessThan(24);
  for (let step = 0; step < 5; step++) {
    await map.press("-");
  }
}
