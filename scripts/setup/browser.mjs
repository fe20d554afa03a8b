// A browser for tests: an installed one, else Playwright's own download, else the distribution's package.
import { existsSync } from "node:fs";
import path from "node:path";
import { onPath, rootDirectory } from "./places.mjs";
import { run, SetupError, step } from "./step.mjs";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const macApps = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** An installed Chromium or Chrome, or null. */
export function findBrowser() {
  const given = process.env.ORTHOMASK_CHROMIUM;
  if (given !== undefined && given !== "") {
    return existsSync(given) ? given : null;
  }
  return onPath(...names) ?? macApps.find((file) => existsSync(file)) ?? null;
}

/** Playwright's own Chromium, or null when it has not been downloaded. */
async function playwrightBrowser() {
  const { chromium } = await import("@playwright/test");
  const file = chromium.executablePath();
  return existsSync(file) ? file : null;
}

function mayInstallPackages() {
  return process.platform === "linux" && process.getuid?.() === 0 && onPath("apt-get") !== null;
}

/**
 * Answers the browser's program, installing one where that is possible.
 * @returns {Promise<string>}
 */
export async function provideBrowser() {
  const found = findBrowser() ?? (await playwrightBrowser());
  if (found !== null) {
    return found;
  }
  return step("browser for tests", async (progress) => {
    try {
      await run(
        process.execPath,
        [
          path.join(rootDirectory, "node_modules/@playwright/test/cli.js"),
          "install",
          "chromium-headless-shell",
          "chromium",
        ],
        {
          onLine: progress,
        },
      );
      const downloaded = await playwrightBrowser();
      if (downloaded !== null) {
        return downloaded;
      }
    } catch {
      progress("Playwright's own browser can't be downloaded here");
    }
    if (mayInstallPackages()) {
      progress("installing the distribution's chromium");
      await installPackages(["chromium"]);
      const installed = findBrowser();
      if (installed !== null) {
        return installed;
      }
    }
    throw new SetupError(
      "The tests need a Chromium or Chrome, and none was found.",
      "Debian and Ubuntu: apt install chromium. Or set ORTHOMASK_CHROMIUM to one.",
    );
  });
}

/** `xvfb-run`, needed for a window where there is no display; null where it can't be had. */
export async function provideVirtualDisplay() {
  if (process.platform !== "linux") {
    return null;
  }
  if (onPath("xvfb-run") === null && mayInstallPackages()) {
    await step("virtual display (xvfb)", () => installPackages(["xvfb", "xauth"]));
  }
  return onPath("xvfb-run");
}

async function installPackages(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update", "-qq"], { env });
  await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], {
    env,
    remedy: "Install them by hand, then run the command again.",
  });
}
