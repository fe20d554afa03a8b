import { expect, type Locator, type Page } from "@playwright/test";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { keepScreenshot, mapIdle, orthomask, setNumber, test, type RunningApp } from "./app.ts";

/** What of `evaluate --places` is looked at. */
const foundPlacesSchema = z.object({
  pixels: z.number(),
  largest: z.array(
    z.object({
      pixelWindow: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
    }),
  ),
});

let folder: string;

test.beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-results-"));
  await orthomask("sample", folder);
});

test.afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("where a model is wrong: a drawn split, two runs, a cell's places, the report", async ({ startApp }, {
  project,
}) => {
  test.setTimeout(300_000);
  const app = await startApp(folder);
  const { page } = app;
  await expect(page.getByTestId("mosaic-row-sample-1")).toBeVisible({ timeout: 30_000 });
  await mapIdle(page);
  const shot = (step: string): Promise<void> => keepScreenshot(page, project.name, `results-${step}`);

  // A mask from anywhere, here the labels' own file: it is right everywhere. The desktop's picker begins in the home folder, which this project isn't in.
  if (app.electron === null) {
    await compareOwnMask(page);
  }

  // An area drawn on the map is held back: the tiles in it are counted, and coloured.
  await page.getByTestId("mode-train").click();
  await setNumber(page, "setting-tile", 256);
  await page.getByTestId("split-edit").click();
  await page.getByTestId("split-kind").getByText("Drawn").click();
  await drawHeldBack(page);
  const held = page.getByTestId("split-tiles-validation");
  await expect.poll(async () => numberOf(held), { timeout: 30_000 }).toBeGreaterThan(10);
  // Its eastern corners are dragged further east.
  await page.getByTestId("split-draw").getByText("Edit").click();
  await editHeldBack(page, held);
  await mapIdle(page);
  await shot("1-split");
  const heldTiles = await numberOf(held);
  await page.getByTestId("split-name").fill("West held back");
  await page.getByTestId("split-save").click();

  // Two runs on it, the second twice as wide.
  for (const width of [4, 8]) {
    await setNumber(page, "setting-width", width);
    await setNumber(page, "setting-input", 64);
    await setNumber(page, "setting-batch", 8);
    await setNumber(page, "setting-epochs", 2);
    // While the prediction before has not quite ended, a training would be put behind it.
    const train = page.getByTestId("train-start");
    await expect(train).toHaveText("Train", { timeout: 30_000 });
    await train.click();
    await expect(page.getByTestId("run-state")).toHaveAttribute("data-state", "finished", {
      timeout: 120_000,
    });
    await page.getByTestId("mode-results").click();
    await page.getByTestId("predict-start").click();
    await expect(page.getByTestId("prediction-complete")).toHaveCount(2, { timeout: 120_000 });
    await page.getByTestId("mode-train").click();
    await page.getByTestId("new-training").click();
  }

  // Compared: the table's difference is that of its two columns.
  await page.getByTestId("mode-results").click();
  await page.getByTestId("drawer-runs").click();
  for (const tick of await page.getByTestId("compare-tick").all()) {
    await tick.check();
  }
  await page.getByTestId("compare-runs").click();
  const row = page.getByTestId("compare-row-Mean IoU");
  await expect(row).toBeVisible({ timeout: 30_000 });
  const [first, second] = await row.locator("td").allTextContents();
  // The columns have two digits.
  const difference = Number(await row.getAttribute("data-difference"));
  expect(Math.abs(difference - (Number(second) - Number(first)))).toBeLessThan(0.011);
  // On the map both go by their names, and Results and Export stay with the run that was chosen.
  const chosen = await page.getByTestId("run-select").inputValue();
  await page.getByTestId("compare-swipe").click();
  await expect(page.getByTestId("swipe-handle")).toHaveText(/U-Net 1\s*U-Net 2/);
  await expect(page.getByTestId("run-select")).toHaveValue(chosen);
  await page.getByTestId("compare-differences").click();
  await mapIdle(page);
  await shot("2-compared");
  await page.getByTestId("run-select").selectOption({ index: 0 });

  // Counted on all, then on the ground that was held back: the pixels of its tiles.
  await page.getByTestId("results-area").selectOption("mosaics");
  await expect.poll(async () => sumOf(await cellsOf(page)), { timeout: 30_000 }).toBe(2 * 2048 ** 2);
  await page.getByTestId("results-within").selectOption("validation");
  await expect.poll(async () => sumOf(await cellsOf(page)), { timeout: 30_000 }).toBe(heldTiles * 256 ** 2);

  // A cell leads to its largest place: under the middle of the map lies what the command line finds there.
  const wrong = (await cellsOf(page)).filter(({ truth, prediction }) => truth !== prediction);
  const most = wrong.reduce((largest, cell) => (cell.pixels > largest.pixels ? cell : largest));
  await page.getByTestId(`confusion-cell-${most.truth}-${most.prediction}`).click();
  await expect(page.getByTestId("place-0")).toHaveAttribute("aria-current", "true", { timeout: 15_000 });
  await expect(page.getByTestId("places-pixels")).toHaveAttribute("data-pixels", String(most.pixels));
  const map = await mapIdle(page);
  await shot("3-place");
  const box = await map.boundingBox();
  await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2);
  const seen = (await page.getByTestId("status-pixel").textContent())?.split(",").map(Number) ?? [];
  const runDirectory = await directoryOfNewestRun();
  const places = foundPlacesSchema.parse(
    await orthomask(
      ...["evaluate", "--run", runDirectory, "--project", folder, "--within", "validation"],
      ...["--places", await wordOfCell(page, most)],
    ),
  );
  expect(places.pixels).toBe(most.pixels);
  const { pixelWindow } = places.largest[0]!;
  // Within one pixel of the screen, which is some of the mosaic's.
  expect(Math.abs(seen[0]! - (pixelWindow.x + pixelWindow.width / 2))).toBeLessThan(5);
  expect(Math.abs(seen[1]! - (pixelWindow.y + pixelWindow.height / 2))).toBeLessThan(5);

  await relabelThere(app, most.pixels);

  // The report says what the page says, and can be opened.
  const meanIou = Number(await page.getByTestId("mean-iou").getAttribute("data-value"));
  await page.getByTestId("report-html").click();
  await expect.poll(() => filesEnding("report.html"), { timeout: 60_000 }).toHaveLength(1);
  const [report = ""] = await filesEnding("report.html");
  const text = await readFile(report, "utf8");
  expect(Number(/data-path="report\.meanIou" data-value="([^"]+)"/.exec(text)?.[1])).toBe(meanIou);
  expect(await headingOf(app, report)).toContain("U-Net 2");
  await expect(page.getByTestId("report-written")).toContainText("report.html");
  if (app.electron !== null) {
    await page.getByTestId("report-pdf").click();
    await expect.poll(() => filesEnding("report.pdf"), { timeout: 60_000 }).toHaveLength(1);
    const [pdf = ""] = await filesEnding("report.pdf");
    expect((await readFile(pdf)).subarray(0, 5).toString()).toBe("%PDF-");
  }
});

/** Jumps into labelling at the place, changes what is there, comes back and takes it back: old counts say so, and are counted again when asked for. */
async function relabelThere(app: RunningApp, before: number): Promise<void> {
  const { page } = app;
  const found = page.getByTestId("places-pixels");
  const changed = page.getByTestId("labels-changed");
  const differences = () => keptLook("disagreement");
  expect(await differences()).toMatchObject({ visible: true });
  await page.keyboard.press("l");
  await expect(page.getByTestId("mode-label")).toHaveAttribute("aria-selected", "true");
  await expect(changed).toBeHidden();
  const box = (await page.getByTestId("map").boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.keyboard.press("b");
  await page.keyboard.press("1");
  await page.mouse.move(x - 60, y);
  await page.mouse.down();
  await page.mouse.move(x + 60, y, { steps: 4 });
  await page.mouse.up();
  await expect(changed).toContainText("since these places were found");
  // What is kept with the project doesn't know of what was laid aside: a crash leaves no layer off.
  expect(await differences()).toMatchObject({ visible: true });
  await expect(found).toHaveAttribute("data-pixels", String(before));
  await changed.getByRole("button").click();
  await expect(found).not.toHaveAttribute("data-pixels", String(before), { timeout: 15_000 });
  await expect(changed).toBeHidden();
  // Results count the labels as they are when one comes back.
  await page.getByTestId("mode-results").click();
  await expect(page.locator(".report")).toHaveAttribute("aria-busy", "false", { timeout: 30_000 });
  const cellsThen = await cellsOf(page);
  await expect(changed).toBeHidden();
  // A step that somebody takes back while they are in view is told of: here a second browser.
  const elsewhere = app.electron === null ? await secondWindow(page) : page;
  await elsewhere.getByTestId("mode-label").click();
  await elsewhere.keyboard.press("Control+z");
  if (elsewhere !== page) {
    await expect(changed).toHaveCount(2);
    expect(await cellsOf(page)).toEqual(cellsThen);
    await changed.filter({ hasText: "numbers were counted" }).getByRole("button").click();
    await elsewhere.context().close();
  } else {
    await expect(changed).toBeVisible();
    await page.getByTestId("mode-results").click();
  }
  await expect.poll(() => cellsOf(page), { timeout: 30_000 }).not.toEqual(cellsThen);
  await changed.getByRole("button").click();
  await expect(found).toHaveAttribute("data-pixels", String(before), { timeout: 15_000 });
  await expect(changed).toBeHidden();
}

/** The same project in a window of another browser that was let in as this one was. */
async function secondWindow(page: Page): Promise<Page> {
  const first = page.context();
  const context = await first.browser()!.newContext({ storageState: await first.storageState() });
  const second = await context.newPage();
  await second.goto(page.url());
  await mapIdle(second);
  return second;
}

/** How a layer is shown according to what is kept with the project. */
async function keptLook(kind: string): Promise<unknown> {
  const text = await readFile(path.join(folder, "orthomask.json"), "utf8");
  const look = z.object({ visible: z.boolean() });
  return z.object({ display: z.object({ layers: z.record(z.string(), look) }) }).parse(JSON.parse(text))
    .display.layers[kind];
}

/** Picks the mask of the first mosaic alone, and compares it with the labels. */
async function compareOwnMask(page: Page): Promise<void> {
  await page.getByTestId("mode-results").click();
  await page.getByTestId("compare-masks").click();
  const row = (name: string): Locator => page.getByTestId("folder-row").filter({ hasText: name }).first();
  await row(path.basename(folder)).click();
  await row("masks").click();
  await page.getByTestId("judged-masks-row").filter({ hasText: "sample-1" }).click();
  await expect(page.getByTestId("mask-result")).toHaveAttribute("data-mean-iou", "1", { timeout: 30_000 });
  await expect(page.getByTestId("mask-result")).toContainText("kappa 1.00");
  // A cell of its matrix leads to its places, and back.
  const dialog = page.getByTestId("mask-dialog");
  const cell = dialog.getByTestId("confusion-cell-1-1");
  const pixels = (await cell.getAttribute("data-count")) ?? "";
  await cell.click();
  await expect(dialog).toBeHidden();
  await expect(page.getByTestId("place-0")).toHaveAttribute("aria-current", "true", { timeout: 15_000 });
  await expect(page.getByTestId("places-pixels")).toHaveAttribute("data-pixels", pixels);
  await expect(page.getByTestId("layer-masks")).toContainText("masks");
  await mapIdle(page);
  await page.getByTestId("places-matrix").click();
  await expect(cell).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Escape");
  await page.getByTestId("places-clear").click();
  await expect(page.getByTestId("layer-masks")).toBeHidden();
  // The whole of the mosaics again.
  await page.keyboard.press("Control+j");
  await page.keyboard.press("f");
  await mapIdle(page);
}

/** Draws a rectangle of held-back ground over the west of the first mosaic. */
async function drawHeldBack(page: Page): Promise<void> {
  const box = (await page.getByTestId("split-drawing").boundingBox())!;
  for (const [across, down] of [
    [0.04, 0.29],
    [0.3, 0.29],
    [0.3, 0.71],
    [0.04, 0.71],
  ] as const) {
    await page.mouse.click(box.x + box.width * across, box.y + box.height * down);
  }
  await page.keyboard.press("Enter");
}

/** Drags the eastern corners of the drawn area further east, which holds back more. */
async function editHeldBack(page: Page, held: Locator): Promise<void> {
  const before = await numberOf(held);
  const drag = async (testId: string, right: number, down: number): Promise<void> => {
    const box = (await page.getByTestId(testId).boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + right, y + down, { steps: 4 });
    await page.mouse.up();
  };
  await drag("split-corner-0-1", 60, 0);
  await drag("split-corner-0-2", 60, 0);
  await expect.poll(async () => numberOf(held), { timeout: 30_000 }).toBeGreaterThan(before);
  // The middle of a side becomes a corner, and a double-click takes it away again.
  const corners = page.getByTestId(/^split-corner-0-/);
  await drag("split-middle-0-0", 0, 30);
  await expect(corners).toHaveCount(5);
  await page.getByTestId("split-corner-0-1").dblclick();
  await expect(corners).toHaveCount(4);
}

interface Cell {
  readonly truth: number;
  readonly prediction: number;
  readonly pixels: number;
}

/** The matrix as drawn, by row and column. */
async function cellsOf(page: Page): Promise<Cell[]> {
  const cells = await page
    .getByTestId("confusion-matrix")
    .locator("[data-testid^=confusion-cell-]")
    .evaluateAll((found) =>
      found.map((cell) => [cell.getAttribute("data-testid") ?? "", cell.getAttribute("data-count") ?? ""]),
    );
  return cells.map(([name = "", count]) => {
    const [truth = 0, prediction = 0] = name.split("-").slice(2).map(Number);
    return { truth, prediction, pixels: Number(count) };
  });
}

function sumOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, { pixels }) => sum + pixels, 0);
}

async function numberOf(element: Locator): Promise<number> {
  return Number(await element.getAttribute("data-value"));
}

/** Paths in the project's folder that end so. */
async function filesEnding(ending: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith(ending)).map((name) => path.join(folder, name));
}

async function directoryOfNewestRun(): Promise<string> {
  const runs = await Promise.all(
    (await filesEnding("run.json")).map(async (file) => ({
      directory: path.dirname(file),
      ...z.object({ createdAt: z.string() }).parse(JSON.parse(await readFile(file, "utf8"))),
    })),
  );
  return runs.toSorted((one, other) => other.createdAt.localeCompare(one.createdAt))[0]!.directory;
}

/** How `--places` names a cell of the matrix: by the ids of its classes. */
async function wordOfCell(page: Page, { truth, prediction }: Cell): Promise<string> {
  const ids = await page
    .getByTestId("confusion-matrix")
    .locator("[data-testid^=false-positives-]")
    .evaluateAll((heads) => heads.map((head) => Number(head.getAttribute("data-testid")?.split("-")[2])));
  return `${ids[truth]}:${ids[prediction]}`;
}

/** The first heading of a written report, opened in a window of its own. */
async function headingOf({ page, electron }: RunningApp, file: string): Promise<string> {
  const read = "document.querySelector('h1').textContent";
  if (electron !== null) {
    return electron.evaluate(
      async ({ BrowserWindow }, { url, script }) => {
        // As a browser would: the app's own session loads no file.
        const window = new BrowserWindow({ show: false, webPreferences: { partition: "a browser" } });
        await window.loadURL(url);
        const heading: unknown = await window.webContents.executeJavaScript(script);
        window.destroy();
        return String(heading);
      },
      { url: pathToFileURL(file).href, script: read },
    );
  }
  const opened = await page.context().browser()!.newPage();
  await opened.goto(pathToFileURL(file).href);
  const heading = await opened.evaluate<string>(read);
  await opened.close();
  return heading;
}
