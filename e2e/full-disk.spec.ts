import { expect } from "@playwright/test";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { keepScreenshot, orthomask, setNumber, test } from "./app.ts";

const run = promisify(execFile);

let folder: string;
let mounted = false;

test.beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-full-"));
  mounted = await run("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", folder]).then(
    () => true,
    () => false,
  );
});

test.afterAll(async () => {
  if (mounted) {
    await run("umount", ["-l", folder]);
  }
  await rm(folder, { recursive: true, force: true });
});

test("a full disk at export: a sentence, nothing left behind, and it works once there is room", async ({
  startApp,
}, { project }) => {
  test.skip(!mounted, "a small disk can't be mounted here; that takes root on Linux");
  test.setTimeout(240_000);
  await orthomask("sample", folder, "--size", "512", "--mosaics", "1");
  const { page } = await startApp(folder);
  await page.getByTestId("mode-train").click({ timeout: 30_000 });
  for (const [testId, value] of [
    ["setting-width", 4],
    ["setting-tile", 128],
    ["setting-input", 64],
    ["setting-epochs", 1],
  ] as const) {
    await setNumber(page, testId, value);
  }
  await page.getByTestId("train-start").click();
  await expect(page.getByTestId("run-state")).toHaveAttribute("data-state", "finished", { timeout: 120_000 });
  await page.getByTestId("mode-results").click();
  await page.getByTestId("predict-start").click();
  await expect(page.getByTestId("prediction-complete").first()).toBeVisible({ timeout: 60_000 });

  const filesNow = (): Promise<string[]> => readdir(path.join(folder, ".orthomask"), { recursive: true });
  // The places of the matrix are written beside, as soon as the prediction is seen.
  await expect
    .poll(async () => (await filesNow()).map((file) => path.basename(file)))
    .toContain("places.json");

  const { bavail, bsize } = await statfs(folder);
  const filler = path.join(folder, "filler.bin");
  // All but one block, which the export's first header takes.
  await writeFile(filler, new Uint8Array((bavail - 1) * bsize));
  const filesBefore = await filesNow();
  await page.getByTestId("mode-export").click();
  await page.getByTestId("export-start").click();
  await expect(page.getByRole("alert").filter({ hasText: "sample-1.tif" }).first()).toContainText(
    /disk is full/i,
    { timeout: 30_000 },
  );
  await keepScreenshot(page, project.name, "full-disk");
  expect(await filesNow()).toEqual(filesBefore);

  await rm(filler);
  await page.getByTestId("export-start").click();
  await expect(page.getByTestId("export-result")).toBeVisible({ timeout: 30_000 });
});
