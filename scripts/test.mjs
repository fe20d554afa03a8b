// `npm test`: sets up, checks, runs unit and end-to-end tests. Its last line is `N passed, N failed, N skipped`.
import { describeFailure, setUp } from "./setup.mjs";
import { printSummary } from "./test-summary.mjs";

async function main() {
  await setUp();
  // Loaded late: they use npm packages that set-up may just have installed.
  const { runChecks } = await import("./check.mjs");
  const { runUnitTests } = await import("./unit-tests.mjs");
  const { runEndToEndTests } = await import("./end-to-end-tests.mjs");
  return printSummary(await runChecks(), [await runUnitTests(), await runEndToEndTests()]);
}

main()
  .catch((error) => {
    process.stderr.write(`\n${describeFailure(error)}\n`);
    return printSummary(["set-up"], []);
  })
  .then((code) => process.exit(code));
