import { expect, type Page } from "@playwright/test";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expectAccessible } from "./accessibility.ts";
import { keepScreenshot, mapIdle, orthomask, rootDirectory, setNumber, test } from "./app.ts";

/** A file of Keras' (fixtures/keras), named as Keras names its published VGG16, so that the window knows what images it was learned from. */
const FILE = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5";

let folder: string;

test.beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-weights-"));
  await orthomask("sample", folder, "--size", "256", "--mosaics", "2");
});

test.afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("along the guided tour, a training begins with Keras' weights, says what matched, and leaves as a model", async ({
  startApp,
}, { project }) => {
  test.setTimeout(420_000);
  await mkdir(path.join(folder, "weights"));
  await copyFile(
    path.join(rootDirectory, "fixtures/keras/first-layers.h5"),
    path.join(folder, "weights", FILE),
  );

  const { page } = await startApp(folder);
  await expect(page.getByTestId("mosaic-row-sample-1")).toBeVisible({ timeout: 30_000 });
  // The tour goes on by what is done, not by pressing its buttons.
  const tour = page.getByTestId("tour");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("guided tour");
  await page.keyboard.press("Enter");
  await expect(tour).toHaveAttribute("data-step", "label");
  await threeStrokes(page);
  await expect(tour).toHaveAttribute("data-step", "train");
  await expectAccessible(page, "the tour");
  await keepScreenshot(page, project.name, "tour-train");
  await page.getByTestId("tour-go").click();
  await page.getByTestId("setting-architecture").selectOption("unet");
  await setNumber(page, "setting-width", 4);
  await setNumber(page, "setting-tile", 64);
  await setNumber(page, "setting-input", 64);
  await setNumber(page, "setting-batch", 4);
  await setNumber(page, "setting-epochs", 2);
  await page.getByTestId("setting-upsampling").selectOption("bilinear");

  // Begin with: the file is picked, and each layer is told of.
  await page.getByTestId("setting-weights").selectOption("browse");
  for (const name of [path.basename(folder), "weights"]) {
    await page.getByTestId("folder-row").filter({ hasText: name }).first().click();
    // The next row is one of this folder's, not one of the same words before it.
    await expect(page.locator(".place .path")).toHaveText(new RegExp(`${name}$`));
  }
  await expect(page.getByTestId("weights-row")).toContainText(FILE);
  await keepScreenshot(page, project.name, "weights-1-picker");
  await page.getByTestId("weights-row").click();
  await expect(page.getByText(`2 of 41 layers found in ${FILE}.`)).toBeVisible();
  const imagenet = page.getByTestId("setting-imagenet");
  await expect(imagenet).toBeChecked();
  await imagenet.uncheck();
  await expect(imagenet).not.toBeChecked();
  await imagenet.check();
  await page.getByText("39 layers begin at random").click();
  const skipped = page.getByTestId("weights-skipped");
  await expect(skipped).toContainText("conv2d_1 [3, 3, 4, 4] expected, [3, 3, 4, 6] found");
  await expect(skipped).toContainText("Not used: head");
  await skipped.scrollIntoViewIfNeeded();
  await keepScreenshot(page, project.name, "weights-2-report");
  await page.getByTestId("loss-focal").click();
  await page.getByTestId("advanced-settings").click();
  await setNumber(page, "loss-focal-gamma", 1.5);
  await page.getByTestId("train-start").click();
  await expect(page.getByTestId("run-state")).toHaveAttribute("data-state", "finished", { timeout: 180_000 });
  await expect(page.getByText(`from ${FILE} (2 of 41 layers)`)).toBeVisible();
  await keepScreenshot(page, project.name, "weights-3-trained");
  await expect(tour).toHaveAttribute("data-step", "matrix");
  await page.getByTestId("tour-go").click();
  await page.getByTestId("predict-start").click();
  await expect(page.getByTestId("prediction-complete").first()).toBeVisible({ timeout: 60_000 });
  await page.getByTestId("confusion-matrix").locator('[data-count]:not([data-count="0"])').first().click();
  await expect(tour).toHaveAttribute("data-step", "export");
  await keepScreenshot(page, project.name, "tour-export");
  const [run = ""] = await readdir(path.join(folder, ".orthomask/runs"));
  const written = await readFile(path.join(folder, ".orthomask/runs", run, "run.json"), "utf8");
  expect(written).toMatch(/"upsampling": ?"bilinear"/);
  expect(written).toMatch(/"loss": ?"[^"]*focal\(gamma=1\.5\)/);

  // The network leaves as a model in each format; what they answer is tested where they are written (host/networks.test.ts).
  await page.getByTestId("mode-export").click();
  await page.getByTestId("export-start").click();
  await expect(tour).toHaveAttribute("data-step", "done", { timeout: 60_000 });
  await keepScreenshot(page, project.name, "tour-done");
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await expect(tour).toHaveCount(0);
  if (!(await page.getByTestId("export-model-format").isVisible())) {
    await page.getByTestId("export-model").click();
  }
  for (const [format, ending] of [
    ["onnx", ".onnx"],
    ["savedmodel", "saved_model.pb"],
    ["keras", ".weights.h5"],
  ] as const) {
    await page.getByTestId("export-model-format").selectOption(format);
    await page.getByTestId("export-model-start").click();
    await expect
      .poll(() => bytesOf(folder, ending), { message: format, timeout: 60_000 })
      .toBeGreaterThan(5_000);
    await page.getByTestId("export-result").last().scrollIntoViewIfNeeded();
    await keepScreenshot(page, project.name, `model-export-${format}`);
  }
});

/** Three strokes of the brush, one below the other, each stored. */
async function threeStrokes(page: Page): Promise<void> {
  await page.getByTestId("mosaic-row-sample-1").dblclick();
  const map = await mapIdle(page);
  await map.press("b");
  await map.press("1");
  const box = await map.boundingBox();
  if (box === null) {
    throw new Error("the map has no place on the page");
  }
  for (const share of [0.4, 0.5, 0.6]) {
    const y = box.y + box.height * share;
    await page.mouse.move(box.x + box.width * 0.45, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, y, { steps: 4 });
    await page.mouse.up();
  }
}

/** How much there is of a written file that ends so; 0 while it has no such name yet. */
async function bytesOf(folder: string, ending: string): Promise<number> {
  const names = await readdir(path.join(folder, ".orthomask/exports"), { recursive: true }).catch(() => []);
  const name = names.find((file) => file.endsWith(ending));
  return name === undefined
    ? 0
    : stat(path.join(folder, ".orthomask/exports", name)).then(
        ({ size }) => size,
        () => 0,
      );
}
