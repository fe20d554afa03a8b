import { expect, test } from "vitest";
import type { Job, JobState } from "#shared/jobs/job.ts";
import { latestReport } from "./latest-report.ts";

const finishedAt = "2026-11-27T12:00:00.000Z";

function job(id: string, kind: Job["kind"], state: JobState, runId: string | null = "run"): Job {
  const fixed = { projectId: "project", mosaicId: null, canPause: false, createdAt: finishedAt };
  return { ...fixed, id, kind, title: "Whatever it is called", runId, state };
}

function written(fileName: string): JobState {
  return {
    kind: "succeeded",
    finishedAt,
    result: { kind: "report", fileName, displayPath: "/exports", downloadId: null },
  };
}

const exported: JobState = {
  kind: "succeeded",
  finishedAt,
  result: { kind: "export", fileNames: ["report.html"], displayPath: "/exports", downloads: [] },
};

test("the newest report is told by its kind, whatever its file or title is called", () => {
  const jobs = [
    job("4", "export", exported),
    job("3", "report", written("field-day.html")),
    job("2", "report", written("older.html")),
  ];
  expect(latestReport(jobs, "project", "run").written).toMatchObject({
    jobId: "3",
    fileName: "field-day.html",
  });
});

test("reports of other runs, other projects and on masks are told apart, and one in the making is told beside", () => {
  const jobs = [
    job("3", "report", { kind: "queued" }),
    job("2", "report", written("masks.html"), null),
    job("1", "report", written("run.html")),
  ];
  expect(latestReport(jobs, "project", "run")).toMatchObject({
    writing: { progress: null },
    written: { jobId: "1" },
  });
  expect(latestReport(jobs, "project", null)).toMatchObject({ writing: null, written: { jobId: "2" } });
  expect(latestReport(jobs, "elsewhere", "run")).toEqual({ writing: null, written: null });
});
