// `npm run check [-- --static]`: everything but the end-to-end tests; `--static` leaves the unit tests out too.
// Each check is named with its time, and all run even when one fails.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { endWith, setUp } from "./setup.mjs";
import { rootDirectory } from "./setup/places.mjs";
import { run, step } from "./setup/step.mjs";
import { printSummary } from "./test-summary.mjs";

const bin = (name) => path.join(rootDirectory, "node_modules", name);

// The longest first: the others run beside it.
const checks = [
  { name: "lint (eslint)", program: [bin("eslint/bin/eslint.js"), "--max-warnings", "0", "."] },
  {
    name: "format (prettier)",
    program: [bin("prettier/bin/prettier.cjs"), "--check", "--log-level", "warn", "."],
  },
  { name: "types: shared", program: [bin("typescript/bin/tsc"), "-p", "src-shared"] },
  { name: "types: main", program: [bin("typescript/bin/tsc"), "-p", "src-main"] },
  { name: "types: end-to-end tests", program: [bin("typescript/bin/tsc"), "-p", "e2e"] },
  {
    name: "types: page (svelte-check)",
    program: [
      bin("svelte-check/bin/svelte-check"),
      "--tsconfig",
      "./src-renderer/tsconfig.json",
      "--fail-on-warnings",
      "--output",
      "human",
    ],
  },
  {
    name: "layers (dependency-cruiser)",
    program: [
      bin("dependency-cruiser/bin/dependency-cruise.mjs"),
      ...["--config", ".dependency-cruiser.cjs", "src-shared", "src-main", "src-renderer", "e2e"],
    ],
  },
  { name: "contract document", program: [path.join(rootDirectory, "scripts/docs/contract.mjs"), "--check"] },
  {
    name: "catalogue of texts",
    program: [path.join(rootDirectory, "scripts/strings/extract.mjs"), "--check"],
  },
];

/** Runs every check, two at a time; answers the names of those that failed, their output having been printed. */
export async function runChecks() {
  const failed = [];
  const waiting = [...checks];
  const runWaiting = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const { name, program } = check;
      try {
        await step(name, () =>
          run(process.execPath, program, { cwd: rootDirectory, shownCharacters: 200_000 }),
        );
      } catch (error) {
        failed.push(name);
        process.stderr.write(`${error.message}\n`);
      }
    }
  };
  await Promise.all([runWaiting(), runWaiting()]);
  return failed;
}

async function main() {
  await setUp();
  const failedChecks = await runChecks();
  if (process.argv.includes("--static")) {
    return printSummary(failedChecks, []);
  }
  const { runUnitTests } = await import("./unit-tests.mjs");
  return printSummary(failedChecks, [await runUnitTests()]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  main().then((code) => process.exit(code), endWith);
}
