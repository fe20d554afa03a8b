import { expect, type Page } from "@playwright/test";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { keepScreenshot, mapIdle, rootDirectory, test } from "./app.ts";

let folder: string;

test.beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-colours-"));
});
test.afterEach(() => rm(folder, { recursive: true, force: true }));

interface Picture {
  readonly opaqueShare: number;
  readonly brightness: number;
  readonly levels: number;
  readonly isGrey: boolean;
}

/** What is seen on the map: of its middle, what differs from the background. */
async function pictureOf(page: Page): Promise<Picture> {
  const shot = await page.getByTestId("map").screenshot();
  return page.evaluate(async (base64) => {
    // As an image: the page's policy lets it fetch from its own host only.
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const bitmap = await createImageBitmap(image);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
    context.drawImage(bitmap, 0, 0);
    const { width, height } = bitmap;
    const corner = context.getImageData(width - 40, 40, 1, 1).data;
    const { data } = context.getImageData(width * 0.2, height * 0.2, width * 0.6, height * 0.6);
    let [shown, sum, coloured] = [0, 0, 0];
    const levels = new Set<number>();
    for (let index = 0; index < data.length; index += 4) {
      const [red = 0, green = 0, blue = 0] = data.subarray(index, index + 3);
      if (
        Math.abs(red - (corner[0] ?? 0)) +
          Math.abs(green - (corner[1] ?? 0)) +
          Math.abs(blue - (corner[2] ?? 0)) <
        6
      ) {
        continue;
      }
      shown += 1;
      sum += (red + green + blue) / 3;
      coloured += Math.max(red, green, blue) - Math.min(red, green, blue) > 12 ? 1 : 0;
      levels.add(green >> 3);
    }
    return {
      opaqueShare: shown / (data.length / 4),
      brightness: sum / Math.max(1, shown),
      levels: levels.size,
      isGrey: coloured < 0.02 * shown,
    };
  }, shot.toString("base64"));
}

const files = [
  ["uint16-big-endian.tif", {}],
  ["nodata-nan.tif", { isGrey: true }],
  ["rotated.tif", {}],
  // CI has no time for all: each starts the app anew.
  ...(process.env["CI"] === undefined
    ? ([
        ["five-bands.tif", {}],
        ["mask.tif", {}],
      ] as const)
    : []),
] as const;

for (const [name, expected] of files) {
  test(`${name} is neither black nor one colour`, async ({ startApp }, { project }) => {
    await copyFile(path.join(rootDirectory, "fixtures/rasters", name), path.join(folder, name));
    const { page } = await startApp(folder);
    await mapIdle(page);
    const picture = await pictureOf(page);
    expect(picture.opaqueShare).toBeGreaterThan(0.2);
    expect(picture.brightness).toBeGreaterThan(30);
    expect(picture.levels).toBeGreaterThan(4);
    if ("isGrey" in expected) {
      expect(picture.isGrey).toBe(true);
    }
    await keepScreenshot(page, project.name, `colours-${name}`);
  });
}

test("limits are moved by key and by pointer, survive a reload, and are reset; storage tells its limit", async ({
  startApp,
}, { project }) => {
  await copyFile(path.join(rootDirectory, "fixtures/rasters/five-bands.tif"), path.join(folder, "five.tif"));
  const { page } = await startApp(folder);
  await mapIdle(page);
  await page.getByTestId("imagery-colours").click();
  const panel = page.getByTestId("imagery-display");
  await panel.getByText("One band").click();
  await panel.getByTestId("display-band-0").selectOption("4");
  const low = panel.getByTestId("limit-low");
  await expect(low).not.toHaveAttribute("aria-valuetext", "0");
  const before = Number(await low.getAttribute("aria-valuenow"));
  await low.press("PageUp");
  await expect(panel.getByTestId("display-stretch")).toHaveValue("limits");
  const after = Number(await low.getAttribute("aria-valuenow"));
  expect(after).toBeGreaterThan(before);
  const high = panel.getByTestId("limit-high");
  const histogramEnd = Number(await high.getAttribute("aria-valuemax"));
  const handle = await high.boundingBox();
  if (handle === null) {
    throw new Error("The handle is not on screen.");
  }
  await page.mouse.move(handle.x + 6, handle.y + 30);
  await page.mouse.down();
  for (const beyond of [40, 200, 500]) {
    await page.mouse.move(handle.x + beyond, handle.y + 30);
  }
  await page.mouse.up();
  // However far the pointer goes, the limit ends where the histogram does.
  expect(Number(await high.getAttribute("aria-valuenow"))).toBeCloseTo(histogramEnd, 6);
  await mapIdle(page);
  expect((await pictureOf(page)).isGrey).toBe(true);
  await keepScreenshot(page, project.name, "colours-panel");
  // What is shown is kept a moment after the last change.
  await page.waitForTimeout(1500);
  await page.reload();
  await mapIdle(page);
  await page.getByTestId("imagery-colours").click();
  await expect(panel.getByTestId("display-band-0")).toHaveValue("4");
  expect(Number(await low.getAttribute("aria-valuenow"))).toBeCloseTo(after, 6);
  await panel.getByRole("button", { name: "Reset" }).click();
  await expect(panel.getByTestId("display-stretch")).toHaveValue("usual");
  await page.getByTestId("jobs-button").click();
  await page.getByTestId("open-storage").click();
  await expect(page.getByTestId("storage-used")).toContainText("of");
  await page.getByTestId("storage-limit").fill("3");
  await expect(page.getByTestId("storage-used")).toContainText("of 3.00 GB");
  await keepScreenshot(page, project.name, "storage");
});
