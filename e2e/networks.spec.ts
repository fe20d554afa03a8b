import { expect } from "@playwright/test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { changedShare, keepScreenshot, labelsShown, mapPixels, orthomask, setNumber, test } from "./app.ts";

/** How little each network is trained: enough that its mask can be looked at, not enough to be good. */
interface Recipe {
  /** Filters of the first stage; null where it is fixed. */
  readonly width: number | null;
  readonly epochs: number;
  readonly learningRate: number;
}

const recipes: Readonly<Record<string, Recipe>> = {
  unet: { width: 8, epochs: 6, learningRate: 0.003 },
  deeplabv3plus: { width: 8, epochs: 8, learningRate: 0.003 },
  pspnet: { width: 8, epochs: 8, learningRate: 0.003 },
  segnet: { width: null, epochs: 8, learningRate: 0.003 },
  "segnet-upsample": { width: null, epochs: 8, learningRate: 0.003 },
  // 134 million parameters without a normalization: they begin to learn slowly.
  fcn32: { width: null, epochs: 3, learningRate: 1e-4 },
  fcn16: { width: null, epochs: 3, learningRate: 1e-4 },
  fcn8: { width: null, epochs: 3, learningRate: 1e-4 },
};

/** Windows of the mosaic, what the network sees of them, and how many at once. */
const TILE = { tile: 128, input: 64, batch: 4 };

/** `ORTHOMASK_NETWORKS=all`, or their ids with commas between: all take a quarter of an hour and 4 GB of disk, so CI has none of them. */
const wanted = process.env["ORTHOMASK_NETWORKS"] ?? "";
const networks = wanted === "all" ? Object.keys(recipes) : wanted.split(",").filter((id) => id !== "");

let folder: string;

test.beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-networks-"));
  await orthomask("sample", folder, "--size", "512", "--mosaics", "2");
});

test.afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

for (const network of networks) {
  const recipe = recipes[network];
  if (recipe === undefined) {
    throw new Error(`ORTHOMASK_NETWORKS: there is no network ${network}.`);
  }

  test(`${network} from the command line: its mask lies on the image's grid`, async () => {
    test.setTimeout(900_000);
    const run = path.join(folder, `run-${network}`);
    const masks = path.join(folder, `masks-${network}`);
    const trained = (await orthomask(
      ...["train", folder, "--model", network, "--out", run, "--seed", "3", "--loss", "crossentropy+dice"],
      ...(recipe.width === null ? [] : ["--width", String(recipe.width)]),
      ...["--tile", String(TILE.tile), "--resize", String(TILE.input), "--batch", String(TILE.batch)],
      ...["--epochs", String(recipe.epochs), "--lr", String(recipe.learningRate)],
    )) as { epochs: { loss: number; seconds: number }[]; stepMilliseconds: number; params: number };
    expect(trained.epochs).toHaveLength(recipe.epochs);
    expect(trained.epochs.at(-1)?.loss).toBeLessThan(trained.epochs[0]?.loss ?? 0);
    await orthomask("predict", run, path.join(folder, "images"), "--out", masks);
    const names = await readdir(path.join(folder, "images"));
    expect((await readdir(masks)).toSorted()).toEqual(names.toSorted());
    for (const name of names) {
      const [image] = (await orthomask("info", path.join(folder, "images", name))) as [Grid];
      const [mask] = (await orthomask("info", path.join(masks, name))) as [Grid];
      const { width, height, crs, transform } = image;
      expect(mask).toMatchObject({ width, height, crs, transform, bands: 1, dtype: "uint8", nodata: 255 });
    }
    const report = await orthomask("evaluate", "--truth", path.join(folder, "masks"), "--prediction", masks);
    const { meanIou, confusion } = report as { meanIou: number; confusion: number[][] };
    expect(confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(2 * 512 ** 2);
    const seconds = trained.epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
    console.log(
      `${network}: ${trained.params} parameters, ${trained.epochs.length} epochs in ${seconds.toFixed(1)} s, ` +
        `${trained.stepMilliseconds.toFixed(0)} ms a step, mean IoU ${meanIou.toFixed(3)}`,
    );
    await rm(run, { recursive: true });
  });

  test(`${network} in the window: its mask shows on the map`, async ({ startApp }, { project }) => {
    test.setTimeout(900_000);
    const { page } = await startApp(folder);
    await expect(page.getByTestId("mosaic-row-sample-1")).toBeVisible({ timeout: 30_000 });
    await page.getByTestId("mode-train").click();
    await page.getByTestId("setting-architecture").selectOption(network);
    if (recipe.width !== null) {
      await setNumber(page, "setting-width", recipe.width);
    }
    await setNumber(page, "setting-tile", TILE.tile);
    await setNumber(page, "setting-input", TILE.input);
    await setNumber(page, "setting-batch", TILE.batch);
    await setNumber(page, "setting-epochs", recipe.epochs);
    await setNumber(page, "setting-learning-rate", recipe.learningRate);
    const began = Date.now();
    await page.getByTestId("train-start").click();
    await expect(page.getByTestId("run-state")).toHaveAttribute("data-state", "finished", {
      timeout: 600_000,
    });
    const seconds = (Date.now() - began) / 1000;
    await keepScreenshot(page, project.name, `network-${network}-1-trained`);
    await page.getByTestId("mode-results").click();
    await expect(page.getByTestId("mean-iou")).toBeVisible();
    const meanIou = Number(await page.getByTestId("mean-iou").getAttribute("data-value"));
    await page.getByTestId("predict-start").click();
    await expect(page.getByTestId("prediction-complete")).toHaveCount(2, { timeout: 240_000 });
    await labelsShown(page, false);
    const shown = await mapPixels(page);
    await keepScreenshot(page, project.name, `network-${network}-2-mask`);
    await page.getByTestId("map").press("3");
    expect(changedShare(shown, await mapPixels(page))).toBeGreaterThan(0.05);
    console.log(`${network}: ${seconds.toFixed(1)} s from Train to finished, mean IoU ${meanIou.toFixed(3)}`);
  });
}

interface Grid {
  readonly width: number;
  readonly height: number;
  readonly crs: string;
  readonly transform: readonly number[];
}
