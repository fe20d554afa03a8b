import type { Locator, Page } from "@playwright/test";

/** Opens the list of runs and answers the row of one, once it is there. */
export async function runRow(page: Page, runId: string): Promise<Locator> {
  await page.getByTestId("mode-results").click();
  const tab = page.getByTestId("drawer-runs");
  if ((await tab.getAttribute("aria-selected")) !== "true") {
    await tab.click();
  }
  const row = page.locator(`[data-testid="run-row"][data-run="${runId}"]`);
  await row.waitFor();
  return row;
}
