// Runs the unit tests and counts them; `npm run check` and `npm test` both do.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { provideBrowser, provideVirtualDisplay } from "./setup/browser.mjs";
import { provideElectronForTests } from "./setup/electron.mjs";
import { providePeers } from "./setup/peers.mjs";
import { rootDirectory, sharedDirectory } from "./setup/places.mjs";
import { runVisibly, step } from "./setup/step.mjs";

export const artifactsDirectory = path.join(rootDirectory, "artifacts");

/**
 * What a run of tests came to.
 * @typedef {{ passed: number, failed: number, skipped: number, skippedNames: string[] }} Counts
 */

/** Tests that open windows of a real Electron: beside other tests on two cores those are too slow. */
const desktopTests = [
  "src-main/desktop/desktop.test.ts",
  "src-main/desktop/desktop-security.test.ts",
  "src-main/desktop/electron-transports.test.ts",
];

/**
 * Runs the unit tests beside their Python peers, where those can be had, and then by themselves those of the desktop shell.
 * @returns {Promise<Counts>}
 */
export async function runUnitTests() {
  const notes = [];
  if (!existsSync(sharedDirectory)) {
    notes.push("tests on real imagery: ../shared is not here");
  }
  await providePeers().catch((error) => notes.push(`comparisons with Python's libraries: ${error.message}`));
  const env = await shellEnvironment(notes);

  const excluded = desktopTests.flatMap((file) => ["--exclude", file]);
  const others = await runVitest("unit tests (vitest)", "unit", env, excluded);
  const desktop = await desktopEnvironment(env, notes);
  const ofDesktop =
    desktop === null
      ? { passed: 0, failed: 0, skipped: 0, skippedNames: [] }
      : await runVitest("unit tests of the desktop shell (vitest)", "unit-desktop", desktop, [
          "--no-file-parallelism",
          ...desktopTests,
        ]);
  return {
    passed: others.passed + ofDesktop.passed,
    failed: others.failed + ofDesktop.failed,
    skipped: others.skipped + ofDesktop.skipped,
    skippedNames: [...notes, ...others.skippedNames, ...ofDesktop.skippedNames],
  };
}

/** @returns {Promise<Counts>} */
async function runVitest(title, reportName, env, words) {
  mkdirSync(artifactsDirectory, { recursive: true });
  const report = path.join(artifactsDirectory, `${reportName}.json`);
  rmSync(report, { force: true });
  const program = path.join(rootDirectory, "node_modules/vitest/vitest.mjs");
  const allWords = ["run", "--reporter=dot", "--reporter=json", `--outputFile.json=${report}`, ...words];
  const code = await step(title, () =>
    runVisibly(process.execPath, [program, ...allWords], { cwd: rootDirectory, env }),
  );
  if (!existsSync(report)) {
    return { passed: 0, failed: 1, skipped: 0, skippedNames: [] };
  }
  const counts = countUnitTests(JSON.parse(readFileSync(report, "utf8")));
  // Vitest also fails for what no test names, such as an error outside any of them.
  return { ...counts, failed: code !== 0 && counts.failed === 0 ? 1 : counts.failed };
}

/** The environment of the desktop shell's tests, or null, with a note that says why, where they can't run. */
async function desktopEnvironment(env, notes) {
  let missing = "Electron's runtime could not be downloaded";
  try {
    const electron = await provideElectronForTests();
    if (electron !== null) {
      if (process.platform === "linux" && !process.env.DISPLAY) {
        await provideVirtualDisplay();
      }
      return { ...env, ELECTRON_OVERRIDE_DIST_PATH: electron.directory };
    }
  } catch (error) {
    missing = error.message;
  }
  notes.push(`the desktop shell and its ports: ${missing}`);
  return null;
}

/** What the tests of the server shell need. */
async function shellEnvironment(notes) {
  const env = { ...process.env };
  if (process.stderr.isTTY !== true) {
    env.NO_COLOR = "1";
  }
  await provideBrowser().then(
    (browser) => {
      env.ORTHOMASK_CHROMIUM = browser;
    },
    (error) => notes.push(`the server shell in a browser: ${error.message}`),
  );
  return env;
}

/** Counts Vitest's JSON report. @returns {Counts} */
export function countUnitTests({ testResults }) {
  const counts = { passed: 0, failed: 0, skipped: 0, skippedNames: [] };
  for (const file of testResults) {
    const name = path.relative(rootDirectory, file.name);
    if (file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed")) {
      // The file itself could not be loaded, or a hook failed.
      counts.failed += 1;
    }
    for (const test of file.assertionResults) {
      if (test.status === "passed") {
        counts.passed += 1;
      } else if (test.status === "failed") {
        counts.failed += 1;
      } else {
        counts.skipped += 1;
        counts.skippedNames.push(`${name}: ${test.fullName}`);
      }
    }
  }
  return counts;
}
