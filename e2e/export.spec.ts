import { expect } from "@playwright/test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { exported } from "./export-steps.ts";
import { keepScreenshot, orthomask, test } from "./app.ts";

let folder: string;

test.beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-export-"));
  await orthomask("sample", folder);
});

test.afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("labels leave as polygons in each format, and merged", async ({ startApp }, { project }) => {
  test.setTimeout(180_000);
  const { page } = await startApp(folder);
  await page.getByTestId("mode-export").click();
  await expect(page.getByTestId("export-files")).toContainText("sample-2.tif", { timeout: 30_000 });

  for (const [format, signature] of [
    ["gpkg", "SQLite format 3\0"],
    ["fgb", "fgb\u0003fgb"],
    ["geojson", "{"],
  ] as const) {
    await page.getByTestId("export-vector").selectOption(format);
    await expect(page.getByTestId("export-files")).toContainText(`sample-1_polygons.${format}`);
    await expect(page.getByTestId("export-files")).toContainText(/≈ [\d\s,.]+ polygons/);
    const bytes = await readFile(await exported(page, `sample-1_polygons.${format}`));
    expect(bytes.toString("latin1", 0, signature.length)).toBe(signature);
    if (format === "geojson") {
      const { features } = JSON.parse(bytes.toString()) as {
        features: { properties: { area_m2: number } }[];
      };
      // Every pixel of 2048 × 2048 has a label in the sample; each is a quarter of a metre wide.
      const area = features.reduce((sum, { properties }) => sum + properties.area_m2, 0);
      expect(area / (2048 * 0.25) ** 2).toBeCloseTo(1, 9);
    }
  }
  await keepScreenshot(page, project.name, "export-polygons");

  await page.getByTestId("export-vector").selectOption("none");
  await page.getByTestId("export-merge").selectOption("first");
  await expect(page.getByTestId("export-files")).toContainText("merged.tif");
  const [merged] = (await orthomask("info", await exported(page, "merged.tif"))) as [
    { crs: string; transform: number[]; width: number; height: number },
  ];
  const [image] = (await orthomask("info", path.join(folder, "images/sample-1.tif"))) as [typeof merged];
  expect(merged).toMatchObject({ crs: image.crs, transform: image.transform });
  expect(merged.width).toBeGreaterThan(image.width);
  await keepScreenshot(page, project.name, "export-merged");
});
