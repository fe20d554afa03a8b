// Runs the end-to-end tests in the shells that this machine can start, and counts them.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { renewPictures } from "./docs/pictures.mjs";
import { provideBrowser, provideVirtualDisplay } from "./setup/browser.mjs";
import { provideElectronForTests } from "./setup/electron.mjs";
import { rootDirectory } from "./setup/places.mjs";
import { runVisibly, step } from "./setup/step.mjs";
import { artifactsDirectory } from "./unit-tests.mjs";

/** Runs the `browser` and the `desktop` project beside each other, in one run. @returns {Promise<import("./unit-tests.mjs").Counts>} */
export async function runEndToEndTests() {
  const shells = [await desktopShell(), await browserShell()];
  const skippedNames = shells
    .filter(({ missing }) => missing !== undefined)
    .map(({ project, missing }) => `end-to-end tests, ${project}: ${missing}`);
  const startable = shells.filter(({ missing }) => missing === undefined);
  if (startable.length === 0) {
    return { passed: 0, failed: 0, skipped: 0, skippedNames };
  }
  const since = Date.now();
  const counts = await runProjects(startable);
  for (const file of await renewPictures({ since })) {
    console.log(`${file} showed an older window and was made anew from this run: look at it, and commit it.`);
  }
  return { ...counts, skippedNames: [...skippedNames, ...counts.skippedNames] };
}

async function browserShell() {
  const project = "browser";
  try {
    return { project, env: { ORTHOMASK_CHROMIUM: await provideBrowser() }, before: [] };
  } catch (error) {
    return { project, missing: error.message };
  }
}

async function desktopShell() {
  const project = "desktop";
  let electron;
  try {
    electron = await provideElectronForTests();
  } catch (error) {
    return { project, missing: error.message };
  }
  if (electron === null) {
    return { project, missing: "Electron's runtime could not be downloaded" };
  }
  const env = { ELECTRON_OVERRIDE_DIST_PATH: electron.directory };
  if (process.env.DISPLAY || process.env.WAYLAND_DISPLAY || process.platform !== "linux") {
    return { project, env, before: [] };
  }
  const virtualDisplay = await provideVirtualDisplay().catch(() => null);
  if (virtualDisplay === null) {
    return { project, missing: "there is no display and no xvfb-run. Debian and Ubuntu: apt install xvfb" };
  }
  return { project, env, before: [virtualDisplay, "-a", "-s", "-screen 0 1600x1000x24"] };
}

async function runProjects(shells) {
  mkdirSync(artifactsDirectory, { recursive: true });
  const report = path.join(artifactsDirectory, "e2e.json");
  rmSync(report, { force: true });
  const [program, ...words] = [
    ...shells.flatMap(({ before }) => before),
    process.execPath,
    path.join(rootDirectory, "node_modules/@playwright/test/cli.js"),
    ...["test", ...shells.flatMap(({ project }) => ["--project", project]), "--reporter=list,json"],
  ];
  const env = Object.assign({}, process.env, ...shells.map((shell) => shell.env));
  const code = await step(`end-to-end tests: ${shells.map(({ project }) => project).join(" and ")}`, () =>
    runVisibly(program, words, { cwd: rootDirectory, env: { ...env, PLAYWRIGHT_JSON_OUTPUT_NAME: report } }),
  );
  if (!existsSync(report)) {
    return { passed: 0, failed: 1, skipped: 0, skippedNames: [] };
  }
  const counts = countEndToEndTests(JSON.parse(readFileSync(report, "utf8")));
  // Playwright also fails for what no test names: a spec that can't be loaded, or none found.
  return { ...counts, failed: code !== 0 && counts.failed === 0 ? 1 : counts.failed };
}

/** Counts Playwright's JSON report; a flaky test is one that passed. @returns {import("./unit-tests.mjs").Counts} */
export function countEndToEndTests({ stats, suites }) {
  const skippedNames = [];
  const visit = (suite, titles) => {
    for (const spec of suite.specs ?? []) {
      for (const { projectName } of spec.tests.filter((test) => test.status === "skipped")) {
        skippedNames.push([`e2e ${projectName}`, ...titles, spec.title].join(": "));
      }
    }
    for (const inner of suite.suites ?? []) {
      visit(inner, [...titles, inner.title]);
    }
  };
  for (const suite of suites) {
    visit(suite, [suite.title]);
  }
  return {
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected,
    skipped: stats.skipped,
    skippedNames,
  };
}
