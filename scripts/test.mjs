// `npm test`: sets up, checks, runs unit and end-to-end tests. Its last line is `N passed, N failed, N skipped`.
import { describeFailure, setUp } from "./setup.mjs";
import { printSummary } from "./test-summary.mjs";

async function main() {
  await setUp();
  // Loaded late: they use npm packages that set-up may just have installed.
  const { runChecks } = await import("./check.mjs");
  const { providePeers } = await import("./setup/peers.mjs");
  const { runUnitTests } = await import("./unit-tests.mjs");
  const { runEndToEndTests } = await import("./end-to-end-tests.mjs");
  // Python's packages come while the checks run; what fails is told by the tests that want them.
  const [failedChecks] = await Promise.all([runChecks(), providePeers().catch(() => null)]);
  return printSummary(failedChecks, [await runUnitTests(), await runEndToEndTests()]);
}

main()
  .catch((error) => {
    process.stderr.write(`\n${describeFailure(error)}\n`);
    return printSummary(["set-up"], []);
  })
  .then((code) => process.exit(code));
