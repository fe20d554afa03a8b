import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** WCAG 2.2 to level AA, and what axe calls good practice. */
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * Holds that axe finds nothing to object to on the page as it stands, light and dark. `state` says what is seen, for the message. With `within`, a CSS selector, only that part is
 * looked at, where the rest has been before: it takes a fraction of the time.
 */
export async function expectAccessible(page: Page, state: string, within?: string): Promise<void> {
  const axe = (): AxeBuilder => {
    // Otherwise it collects its findings in another page, which neither shell lets it open; there are no frames to collect from.
    const builder = new AxeBuilder({ page }).setLegacyMode(true);
    return within === undefined ? builder : builder.include(within);
  };
  const theme = await page.evaluate(() => document.documentElement.dataset["theme"]);
  await showTheme(page, "light");
  const light = await axe().withTags(TAGS).analyze();
  await showTheme(page, "dark");
  // The same page in other colours.
  const dark = await axe().withRules("color-contrast").analyze();
  await showTheme(page, theme);
  const found = Object.entries({ light, dark }).flatMap(([name, { violations }]) =>
    violations.flatMap(({ id, help, nodes }) =>
      nodes.map(
        ({ target, failureSummary = "" }) =>
          `${state}, ${name}: ${id} (${help}) at ${target.join(" ")}: ${failureSummary}`,
      ),
    ),
  );
  expect.soft(found).toEqual([]);
}

/** Sets the page's colours, and waits until those that fade have arrived. */
async function showTheme(page: Page, theme: string | undefined): Promise<void> {
  await page.evaluate(async (name) => {
    if (name === undefined) {
      delete document.documentElement.dataset["theme"];
    } else {
      document.documentElement.dataset["theme"] = name;
    }
    const fading = document
      .getAnimations()
      .filter(({ effect }) => Number(effect?.getComputedTiming().endTime) < Infinity);
    await Promise.all(fading.map(({ finished }) => finished.catch(() => undefined)));
  }, theme);
}
