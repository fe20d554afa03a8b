import { expect } from "@playwright/test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { orthomask, test } from "./app.ts";

test.skip(
  process.env["ORTHOMASK_PACKAGED"] === undefined,
  "what a package must have with it (npm run test:packaged)",
);

test("licences, guide with its pictures, diagnostics and updates are in the package and need no network", async ({
  startApp,
}) => {
  test.setTimeout(240_000);
  const folder = await mkdtemp(path.join(tmpdir(), "orthomask-parts-"));
  await orthomask("sample", folder, "--size", "512", "--mosaics", "1");
  const { page, electron } = await startApp(folder);
  const remote: string[] = [];
  page.on("request", (request) => {
    if (/^https?:/.test(request.url())) {
      remote.push(request.url());
    }
  });
  const open = async (words: string, dialog: RegExp): Promise<void> => {
    await page.keyboard.press("Control+k");
    await page.keyboard.type(words);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("dialog", { name: dialog })).toBeVisible();
  };
  await expect(page.getByTestId("mosaic-row-sample-1")).toBeVisible({ timeout: 60_000 });

  await open("About", /About Orthomask/);
  const about = page.getByTestId("about");
  await expect(about.getByRole("heading", { name: /^\d{2,} parts by others$/ })).toBeVisible();
  for (const part of ["TensorFlow", "ONNX Runtime", "Electron, Chromium and Node.js", "sharp"]) {
    const entry = about.locator("details").filter({ has: page.getByText(part, { exact: true }) });
    await expect(entry.locator("pre")).toContainText(/\S{3}/);
  }
  // A folder can't replace itself; what is installed says that no feed is configured.
  await expect(about.getByTestId("updates")).toHaveCount(0);
  await about.getByRole("button", { name: "Copy diagnostics" }).click();
  await expect
    .poll(async () => await electron?.evaluate(({ clipboard }) => clipboard.readText()))
    .toMatch(/Orthomask \d/);
  await page.screenshot({ path: "artifacts/packaged-about.png" });
  await page.keyboard.press("Escape");

  await open("Guide:", /Guide/);
  const guide = page.getByTestId("guide");
  const names = guide.getByRole("navigation").getByRole("button");
  await expect.poll(async () => await names.count()).toBeGreaterThan(8);
  let pictures = 0;
  for (const name of await names.all()) {
    await name.click();
    await expect(name).toHaveAttribute("aria-current", "page");
    for (const picture of await guide.locator("article img").all()) {
      await picture.scrollIntoViewIfNeeded();
      await expect
        .poll(async () => await picture.evaluate((element: HTMLImageElement) => element.naturalWidth))
        .toBeGreaterThan(100);
      pictures += 1;
    }
  }
  expect(pictures).toBeGreaterThanOrEqual(5);
  await page.screenshot({ path: "artifacts/packaged-guide.png" });
  expect(remote).toEqual([]);
  await rm(folder, { recursive: true });
});
