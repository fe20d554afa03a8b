/**
 * Prints what was skipped and why, and last of all `N passed, N failed, N skipped`, where a failed check counts as one
 * failure. Answers the exit code.
 * @param {readonly string[]} failedChecks
 * @param {readonly import("./unit-tests.mjs").Counts[]} runs
 */
export function printSummary(failedChecks, runs) {
  for (const name of runs.flatMap((counts) => counts.skippedNames)) {
    console.log(`skipped: ${name}`);
  }
  for (const name of failedChecks) {
    console.log(`failed check: ${name}`);
  }
  const sum = (of) => runs.reduce((total, counts) => total + counts[of], 0);
  const failed = sum("failed") + failedChecks.length;
  console.log(`${sum("passed")} passed, ${failed} failed, ${sum("skipped")} skipped`);
  return failed === 0 ? 0 : 1;
}
