import { expect, type Page } from "@playwright/test";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { keepScreenshot, orthomask, setNumber, test } from "./app.ts";

let folder: string;

test.beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-trouble-"));
  await orthomask("sample", folder, "--size", "256", "--mosaics", "2");
});

test.afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A U-Net that takes its steps in a moment; 60 px, so that tiles have to be filled up to 64. */
async function chooseSmall(page: Page): Promise<void> {
  await expect(page.getByTestId("mosaic-row-sample-1")).toBeVisible({ timeout: 30_000 });
  await page.getByTestId("mode-train").click();
  await page.getByTestId("setting-architecture").selectOption("unet");
  await setNumber(page, "setting-width", 4);
  await setNumber(page, "setting-tile", 60);
  await setNumber(page, "setting-input", 60);
  await setNumber(page, "setting-batch", 4);
  await expect(page.getByTestId("train-plan")).toContainText(
    "tiles of 60 px are filled up to 64 with their mirror image, which counts for nothing",
  );
}

test("a loss that is no number stops, says where, and keeps the best", async ({ startApp }, { project }) => {
  const { page } = await startApp(folder);
  await chooseSmall(page);
  await setNumber(page, "setting-epochs", 9);
  await setNumber(page, "setting-learning-rate", 10);
  // Each step multiplies the kernels by 1 - 10 · 2 · L2, until their squares are beyond float32 in a later epoch.
  await setNumber(page, "setting-l2", 1);
  await page.getByTestId("setting-optimizer").selectOption("sgd");
  await setNumber(page, "setting-momentum", 0);
  await page.getByTestId("train-start").click();
  await expect(page.getByTestId("run-state")).toHaveAttribute("data-state", "failed", { timeout: 60_000 });
  const sentence = page.getByTestId("run-failure");
  await expect(sentence).toContainText(/The loss became (NaN|infinite) in epoch [2-9], step \d+/);
  await expect(sentence).toContainText("at a learning rate of 10. Train again with a smaller one");
  await expect(sentence).toContainText("The best so far, epoch 1, is kept");
  await keepScreenshot(page, project.name, "trouble-diverged");

  // Labels aren't exported in the place of a prediction that isn't there.
  await page.getByTestId("mode-export").click();
  await expect(page.getByTestId("export-source")).toBeVisible();
  await expect(page.getByText("Nothing to write yet")).toBeVisible();
  await expect(page.getByTestId("export-start")).toBeHidden();
  await keepScreenshot(page, project.name, "trouble-nothing-predicted");
  await page.getByTestId("export-source").getByText("Labels").click();
  await expect(page.getByTestId("export-start")).toHaveText(/Export labels: 2 files/);
});

test("what a training would be follows the labels, from wherever they are changed", async ({ startApp }) => {
  const { page } = await startApp(folder);
  await chooseSmall(page);
  await expect(page.getByTestId("train-start")).toBeEnabled();
  await page.getByTestId("mode-label").click();
  const label = ["label", folder, "sample-1", "--class", "none", "--rectangle", "0,0,256,256"];
  await orthomask(...label);
  await page.getByTestId("mode-train").click();
  await expect(page.getByText(/A split by mosaic needs two labelled mosaics/).first()).toBeVisible();
  await expect(page.getByTestId("train-start")).toBeDisabled();
  await orthomask("label", folder, "--undo");
  await expect(page.getByTestId("train-start")).toBeEnabled();
});

test("an engine killed in mid-epoch loses no epoch, and the run goes on", async ({ startApp }, {
  project,
}) => {
  test.skip(!existsSync("/proc/self/environ"), "Processes are found in /proc.");
  const { page, dataDirectory } = await startApp(folder);
  await chooseSmall(page);
  await setNumber(page, "setting-epochs", 400);
  // The project remembers the test before, whose rate was too high on purpose.
  await setNumber(page, "setting-learning-rate", 0.001);
  await page.getByTestId("train-start").click();
  await expect(page.getByTestId("run-progress")).toHaveAttribute("data-epoch", /^([2-9]|\d{2,})$/, {
    timeout: 60_000,
  });
  process.kill(await enginePid(dataDirectory), "SIGKILL");
  await expect(page.getByTestId("run-state")).toHaveAttribute("data-state", "failed", { timeout: 30_000 });
  const sentence = page.getByTestId("run-failure");
  await expect(sentence).toContainText("The engine has stopped: it was killed (SIGKILL)");
  await expect(sentence).toContainText(/is kept, and training can go on after epoch \d+\./);
  await keepScreenshot(page, project.name, "trouble-killed");
  await page.getByTestId("run-resume").click();
  await expect(page.getByTestId("run-state")).toHaveAttribute("data-state", "running");
  await expect(page.getByTestId("run-progress")).not.toHaveAttribute("data-epoch", "1");
  await page.getByTestId("run-stop").click();
  // Before its first new step it counts as interrupted: nothing was added.
  await expect(page.getByTestId("run-state")).toHaveAttribute("data-state", /^(finished|interrupted)$/, {
    timeout: 30_000,
  });
  await keepScreenshot(page, project.name, "trouble-resumed");
});

/** The engine's process of the app that keeps its data there. */
async function enginePid(dataDirectory: string): Promise<number> {
  for (const name of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
    const text = async (file: string): Promise<string> =>
      readFile(path.join("/proc", name, file), "utf8").catch(() => "");
    if (
      (await text("cmdline")).includes("engine.mjs") &&
      (await text("environ")).includes(`ORTHOMASK_DATA=${dataDirectory}\0`)
    ) {
      return Number(name);
    }
  }
  throw new Error("There is no engine.");
}
