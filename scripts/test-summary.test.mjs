import { afterEach, expect, test, vi } from "vitest";
import { countEndToEndTests } from "./end-to-end-tests.mjs";
import { printSummary } from "./test-summary.mjs";
import { countUnitTests } from "./unit-tests.mjs";

afterEach(() => vi.restoreAllMocks());

function printed(failedChecks, runs) {
  const lines = [];
  vi.spyOn(console, "log").mockImplementation((line) => lines.push(line));
  return { code: printSummary(failedChecks, runs), lines };
}

test("the last line sums the runs, after what was skipped", () => {
  const { code, lines } = printed(
    [],
    [
      { passed: 7, failed: 0, skipped: 1, skippedNames: ["a.test.ts: needs ../shared"] },
      { passed: 5, failed: 0, skipped: 0, skippedNames: [] },
    ],
  );
  expect(lines).toEqual(["skipped: a.test.ts: needs ../shared", "12 passed, 0 failed, 1 skipped"]);
  expect(code).toBe(0);
});

test("a failed check is a failure even when every test passed", () => {
  const { code, lines } = printed(["lint"], [{ passed: 3, failed: 0, skipped: 0, skippedNames: [] }]);
  expect(lines.at(-1)).toBe("3 passed, 1 failed, 0 skipped");
  expect(code).toBe(1);
});

test("a unit test file that can't be loaded counts as one failure", () => {
  const counts = countUnitTests({
    testResults: [
      { name: "/x/broken.test.ts", status: "failed", assertionResults: [] },
      {
        name: "/x/a.test.ts",
        status: "failed",
        assertionResults: [
          { status: "passed", fullName: "one" },
          { status: "failed", fullName: "two" },
          { status: "skipped", fullName: "three" },
        ],
      },
    ],
  });
  expect(counts).toMatchObject({ passed: 1, failed: 2, skipped: 1 });
  expect(counts.skippedNames[0]).toContain("a.test.ts: three");
});

test("Playwright's skipped tests are named with their suites", () => {
  const spec = (title, status) => ({ title, tests: [{ status, projectName: "desktop" }] });
  const counts = countEndToEndTests({
    stats: { expected: 1, unexpected: 1, flaky: 1, skipped: 1 },
    suites: [
      {
        title: "main-job.spec.ts",
        specs: [spec("opens", "expected"), spec("breaks", "unexpected"), spec("wavers", "flaky")],
        suites: [{ title: "export", specs: [spec("opens in GDAL", "skipped")] }],
      },
    ],
  });
  expect(counts).toEqual({
    passed: 2,
    failed: 1,
    skipped: 1,
    skippedNames: ["e2e desktop: main-job.spec.ts: export: opens in GDAL"],
  });
});
