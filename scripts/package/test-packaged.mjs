// `npm run test:packaged [-- SPEC …]`: the desktop's end-to-end tests against a copy of dist/linux-unpacked, in a folder with a space and an umlaut in its path, as an
// unprivileged user where it is run by root, who then can't read the checkout. First it looks at the fuses. Linux; `npm run dist -- --dir` makes the app.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { packagesWithDependencies } from "../build/third-party.mjs";
import { endWith } from "../setup.mjs";
import { provideVirtualDisplay } from "../setup/browser.mjs";
import { peersPython } from "../setup/peers.mjs";
import { rootDirectory } from "../setup/places.mjs";
import { run, runVisibly, SetupError, step } from "../setup/step.mjs";

const built = path.join(rootDirectory, "dist/linux-unpacked");
/** `nobody`, on every Linux. */
const unprivileged = 65_534;
const isRoot = process.getuid?.() === 0;
/** How a fuse stands in the program's own bytes. */
const fuseStates = { on: "1".charCodeAt(0), off: "0".charCodeAt(0) };
/** As they are shipped. */
const wantedFuses = {
  RunAsNode: false,
  EnableCookieEncryption: true,
  EnableNodeOptionsEnvironmentVariable: false,
  EnableNodeCliInspectArguments: false,
  EnableEmbeddedAsarIntegrityValidation: true,
  OnlyLoadAppFromAsar: true,
};

async function main() {
  if (!existsSync(path.join(built, "orthomask"))) {
    throw new SetupError("There is no packaged app to test.", "npm run dist -- --dir makes it.");
  }
  const base = mkdtempSync(path.join(tmpdir(), "orthomask-packaged-"));
  const checkoutMode = statSync(rootDirectory).mode & 0o7777;
  try {
    const app = path.join(base, "with space and ümlaut", "Orthomask");
    mkdirSync(path.dirname(app), { recursive: true });
    await step("copying the packaged app", () => run("cp", ["-a", "--reflink=auto", built, app]));
    await step("fuses", () => checkFuses(app, base));
    const tests = path.join(base, "tests");
    copyTests(tests);
    const segmentModels = await makeSegmentModels(base);
    mkdirSync(path.join(base, "home/tmp dir"), { recursive: true });
    if (isRoot) {
      await run("chown", ["-R", `${unprivileged}:${unprivileged}`, base]);
      // Whatever the app still wanted of the checkout, it would fail.
      chmodSync(rootDirectory, 0o700);
      expectUnreadable();
    } else {
      process.stderr.write("  not run by root: the checkout stays readable for the app\n");
    }
    return await runTests(base, app, tests, segmentModels);
  } finally {
    chmodSync(rootDirectory, checkoutMode);
    // Screenshots, and what a failed test saw.
    const seen = path.join(base, "tests/artifacts");
    if (existsSync(seen)) {
      cpSync(seen, path.join(rootDirectory, "artifacts/packaged"), { recursive: true });
    }
    rmSync(base, { recursive: true, force: true });
  }
}

/** Reads them from the program, and tries what they forbid; then switches one on, by which Playwright drives the main process. */
async function checkFuses(app, base) {
  const { flipFuses, getCurrentFuseWire, FuseV1Options, FuseVersion } = await import("@electron/fuses");
  const program = path.join(app, "orthomask");
  const wire = await getCurrentFuseWire(program);
  for (const [name, wanted] of Object.entries(wantedFuses)) {
    if (wire[FuseV1Options[name]] !== (wanted ? fuseStates.on : fuseStates.off)) {
      throw new SetupError(
        `The fuse ${name} is not ${wanted ? "on" : "off"} in the packaged app.`,
        "See electron-builder.yml.",
      );
    }
  }
  const mark = path.join(base, "ran");
  const code = `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "")`;
  const required = path.join(base, "required.cjs");
  writeFileSync(required, code);
  // Without a display the app itself ends at once.
  const env = { ...process.env };
  delete env.DISPLAY;
  delete env.WAYLAND_DISPLAY;
  const attempts = [
    { words: ["-e", code], env: { ELECTRON_RUN_AS_NODE: "1" } },
    { words: ["--no-sandbox"], env: { NODE_OPTIONS: `--require ${required}` } },
    { words: ["--no-sandbox", "--require", required], env: {} },
  ];
  for (const attempt of attempts) {
    spawnSync(program, attempt.words, { env: { ...env, ...attempt.env }, timeout: 10_000, stdio: "ignore" });
    if (existsSync(mark)) {
      throw new SetupError(
        `The packaged app ran other code: ${JSON.stringify(attempt)}.`,
        "See electron-builder.yml.",
      );
    }
  }
  await flipFuses(program, { version: FuseVersion.V1, [FuseV1Options.EnableNodeCliInspectArguments]: true });
}

/** The tests, and of node_modules what they use themselves: the app has its own. */
function copyTests(tests) {
  mkdirSync(tests);
  for (const name of [
    "e2e",
    "playwright.config.ts",
    "package.json",
    "fixtures/keras",
    "fixtures/rasters",
    "scripts/setup",
  ]) {
    cpSync(path.join(rootDirectory, name), path.join(tests, name), { recursive: true });
  }
  for (const key of packagesWithDependencies(["@axe-core/playwright", "@playwright/test", "sharp", "zod"])) {
    cpSync(path.join(rootDirectory, key), path.join(tests, key), { recursive: true });
  }
}

/** A promptable model for the Segment tool, by which ONNX Runtime is seen to be there: the unprivileged user can't run the Python peers. Null without them. */
async function makeSegmentModels(base) {
  const python = peersPython();
  if (python === null) {
    process.stderr.write("  no Python peers here: the Segment tool is not tried\n");
    return null;
  }
  const folder = path.join(base, "segment models");
  const job = path.join(base, "segment-models.json");
  writeFileSync(job, JSON.stringify({ models: [{ folder, side: 256, kind: "planes" }] }));
  await run(python, [path.join(rootDirectory, "fixtures/segments/tiny_segment_model.py"), job]);
  return folder;
}

function asUser(words) {
  return isRoot
    ? ["setpriv", `--reuid=${unprivileged}`, `--regid=${unprivileged}`, "--clear-groups", ...words]
    : words;
}

function expectUnreadable() {
  const [program, ...words] = asUser(["cat", path.join(rootDirectory, "package.json")]);
  if (spawnSync(program, words, { stdio: "ignore", cwd: "/" }).status === 0) {
    throw new SetupError(
      "The unprivileged user can still read the checkout.",
      "Tests of the packaged app would prove nothing.",
    );
  }
}

async function runTests(base, app, tests, segmentModels) {
  const display = process.env.DISPLAY
    ? []
    : [await provideVirtualDisplay(), "-a", "-s", "-screen 0 1600x1000x24"];
  const [program, ...words] = asUser([
    ...display,
    // Not for xvfb-run itself, whose own files can't have a space in their path.
    "env",
    `TMPDIR=${path.join(base, "home/tmp dir")}`,
    // The page's own picker begins there, and the tests' folders must be in sight.
    `HOME=${path.join(base, "home/tmp dir")}`,
    process.execPath,
    path.join(tests, "node_modules/@playwright/test/cli.js"),
    ...["test", "--project", "desktop", "--reporter=list", ...process.argv.slice(2)],
  ]);
  const home = path.join(base, "home");
  const inherited = { ...process.env };
  delete inherited.ELECTRON_OVERRIDE_DIST_PATH;
  return step("end-to-end tests of the packaged app", () =>
    runVisibly(program, words, {
      cwd: tests,
      env: {
        ...inherited,
        ORTHOMASK_PACKAGED: app,
        ...(segmentModels === null ? {} : { ORTHOMASK_SEGMENT_MODELS: segmentModels }),
        HOME: home,
        XDG_CACHE_HOME: path.join(home, ".cache"),
        XDG_CONFIG_HOME: path.join(home, ".config"),
        npm_config_cache: path.join(home, ".npm"),
      },
    }),
  );
}

main().then((code) => process.exit(code), endWith);
