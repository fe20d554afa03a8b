// Runs the unit tests and counts them; `npm run check` and `npm test` both do.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { provideBrowser } from "./setup/browser.mjs";
import { providePeers } from "./setup/peers.mjs";
import { rootDirectory, sharedDirectory } from "./setup/places.mjs";
import { runVisibly, step } from "./setup/step.mjs";

export const artifactsDirectory = path.join(rootDirectory, "artifacts");

/**
 * What a run of tests came to.
 * @typedef {{ passed: number, failed: number, skipped: number, skippedNames: string[] }} Counts
 */

/** Runs the unit tests beside their Python peers, where those can be had. @returns {Promise<Counts>} */
export async function runUnitTests() {
  const notes = [];
  if (!existsSync(sharedDirectory)) {
    notes.push("tests on real imagery: ../shared is not here");
  }
  await providePeers().catch((error) => notes.push(`comparisons with Python's libraries: ${error.message}`));
  const env = await shellEnvironment(notes);

  mkdirSync(artifactsDirectory, { recursive: true });
  const report = path.join(artifactsDirectory, "unit.json");
  rmSync(report, { force: true });
  const program = path.join(rootDirectory, "node_modules/vitest/vitest.mjs");
  const words = ["run", "--reporter=dot", "--reporter=json", `--outputFile.json=${report}`];
  const code = await step("unit tests (vitest)", () =>
    runVisibly(process.execPath, [program, ...words], { cwd: rootDirectory, env }),
  );
  if (!existsSync(report)) {
    return { passed: 0, failed: 1, skipped: 0, skippedNames: notes };
  }
  const counts = countUnitTests(JSON.parse(readFileSync(report, "utf8")));
  // Vitest also fails for what no test names, such as an error outside any of them.
  const failed = code !== 0 && counts.failed === 0 ? 1 : counts.failed;
  return { ...counts, failed, skippedNames: [...notes, ...counts.skippedNames] };
}

/**
 * What the tests of the shells need. Those of the desktop shell run when ELECTRON_OVERRIDE_DIST_PATH is set: beside other tests on two
 * cores their windows are too slow, and the end-to-end tests open the real app in Electron anyway.
 */
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
