import { defineConfig } from "@playwright/test";
import type { AppOptions } from "./e2e/app.ts";

export default defineConfig<object, AppOptions>({
  testDir: "e2e",
  outputDir: "artifacts/e2e",
  timeout: 90_000,
  expect: { timeout: 15_000 },
  // One app at a time: each trains on all cores.
  workers: 1,
  fullyParallel: false,
  forbidOnly: process.env["CI"] !== undefined,
  projects: [
    { name: "desktop", use: { shell: "desktop" } },
    { name: "browser", use: { shell: "browser" } },
  ],
});
