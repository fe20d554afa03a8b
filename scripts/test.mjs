// `npm test`: sets up, checks, runs unit and end-to-end tests. Its last line is `N passed, N failed, N skipped`.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { endWith, setUp } from "./setup.mjs";
import { rootDirectory, sharedDirectory } from "./setup/places.mjs";
import { runVisibly, step } from "./setup/step.mjs";

const artifacts = path.join(rootDirectory, "artifacts");

async function main() {
  mkdirSync(artifacts, { recursive: true });
  await setUp();
  const notes = [];
  if (!existsSync(sharedDirectory)) {
    notes.push("../shared is not here: tests on real imagery are skipped");
  }
  const { runChecks } = await import("./check.mjs");
  const failedChecks = await runChecks();

  const { providePeers } = await import("./setup/peers.mjs");
  await providePeers().catch((error) =>
    notes.push(`no Python peers, comparisons with them are skipped: ${error.message}`),
  );
  const unit = await runUnitTests();
  const endToEnd = await runEndToEndTests(notes);

  const passed = unit.passed + endToEnd.passed;
  const failed = unit.failed + endToEnd.failed + failedChecks.length;
  const skipped = unit.skipped + endToEnd.skipped;
  for (const note of [...notes, ...unit.skippedNames, ...endToEnd.skippedNames]) {
    console.log(`skipped: ${note}`);
  }
  for (const name of failedChecks) {
    console.log(`failed check: ${name}`);
  }
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0 ? 0 : 1;
}

async function runUnitTests() {
  const report = path.join(artifacts, "unit.json");
  rmSync(report, { force: true });
  const program = path.join(rootDirectory, "node_modules/vitest/vitest.mjs");
  const words = ["run", "--reporter=dot", "--reporter=json", `--outputFile.json=${report}`];
  await step("unit tests (vitest)", () =>
    runVisibly(process.execPath, [program, ...words], { cwd: rootDirectory }),
  );
  if (!existsSync(report)) {
    return { passed: 0, failed: 1, skipped: 0, skippedNames: [] };
  }
  const { testResults } = JSON.parse(readFileSync(report, "utf8"));
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

async function runEndToEndTests(notes) {
  const { provideBrowser, provideVirtualDisplay } = await import("./setup/browser.mjs");
  const { provideElectronForTests } = await import("./setup/electron.mjs");
  const projects = [];
  const env = { ...process.env };
  try {
    env.ORTHOMASK_CHROMIUM = await provideBrowser();
    projects.push("browser");
  } catch (error) {
    notes.push(`end-to-end tests in a browser: ${error.message}`);
  }
  const electron = await provideElectronForTests().catch(() => null);
  const display = process.env.DISPLAY || process.env.WAYLAND_DISPLAY || process.platform !== "linux";
  const virtualDisplay = display ? null : await provideVirtualDisplay();
  if (electron === null) {
    notes.push("end-to-end tests in Electron: its runtime could not be had");
  } else if (!display && virtualDisplay === null) {
    notes.push("end-to-end tests in Electron: no display and no xvfb-run");
  } else {
    env.ELECTRON_OVERRIDE_DIST_PATH = electron.directory;
    projects.push("desktop");
  }
  const counts = { passed: 0, failed: 0, skipped: 0, skippedNames: [] };
  for (const project of projects) {
    const report = path.join(artifacts, `e2e-${project}.json`);
    rmSync(report, { force: true });
    const words = [
      path.join(rootDirectory, "node_modules/@playwright/test/cli.js"),
      ...["test", "--project", project, "--reporter=list,json"],
    ];
    const [program, ...rest] =
      project === "desktop" && virtualDisplay !== null
        ? [virtualDisplay, "-a", "-s", "-screen 0 1600x1000x24", process.execPath, ...words]
        : [process.execPath, ...words];
    await step(`end-to-end tests: ${project}`, () =>
      runVisibly(program, rest, { cwd: rootDirectory, env: { ...env, PLAYWRIGHT_JSON_OUTPUT_NAME: report } }),
    );
    if (!existsSync(report)) {
      counts.failed += 1;
      continue;
    }
    const { stats } = JSON.parse(readFileSync(report, "utf8"));
    counts.passed += stats.expected + stats.flaky;
    counts.failed += stats.unexpected;
    counts.skipped += stats.skipped;
  }
  return counts;
}

main().then((code) => process.exit(code), endWith);
