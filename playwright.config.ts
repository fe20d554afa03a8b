import { defineConfig } from "@playwright/test";
import type { AppOptions } from "./e2e/app.ts";

/**
 * What the desktop shell is tried on in CI: windows, drawing, files, printing. The other specs are of page and host, which both shells share, and run
 * in the browser; `ORTHOMASK_SPECS=all` runs them in both, and a packaged app (`npm run test:packaged`) is tried on all of them.
 */
const specsOfTheDesktop = ["export.spec.ts", "main-job.spec.ts", "results.spec.ts"];
const isDesktopTriedOnAll =
  process.env["ORTHOMASK_SPECS"] === "all" || process.env["ORTHOMASK_PACKAGED"] !== undefined;

export default defineConfig<object, AppOptions>({
  testDir: "e2e",
  outputDir: "artifacts/e2e",
  timeout: 90_000,
  expect: { timeout: 15_000 },
  // Two apps at a time: one alone waits for its window, for a reload or for its own animations.
  workers: 2,
  fullyParallel: false,
  forbidOnly: process.env["CI"] !== undefined,
  projects: [
    {
      name: "desktop",
      use: { shell: "desktop" },
      ...(isDesktopTriedOnAll ? {} : { testMatch: specsOfTheDesktop }),
    },
    { name: "browser", use: { shell: "browser" } },
  ],
});
