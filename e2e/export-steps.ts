import { expect, type Page } from "@playwright/test";
import { readdir } from "node:fs/promises";
import path from "node:path";

/** Starts the export, waits until it has written `fileName`, and answers the file's path. */
export async function exported(page: Page, fileName: string): Promise<string> {
  await page.getByTestId("export-start").click();
  const result = page.getByTestId("export-result");
  await expect(result).toBeVisible({ timeout: 60_000 });
  const written = (await result.getAttribute("data-path")) ?? "";
  await expect.poll(() => readdir(written), { timeout: 60_000 }).toContain(fileName);
  await expect(result).toBeVisible({ timeout: 60_000 });
  return path.join(written, fileName);
}
